"""Shopify, Admin GraphQL API 2026-10: reads orders and maps them to the contract. Nothing here writes to a shop."""
