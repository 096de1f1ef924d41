"""A Shopify shop as a real HTTP server: the order side of the Admin GraphQL API 2026-10.

One process is one shop. It shares no code with the product, so that a mistake made there cannot hide here.
NOT here: mutations, webhooks (`standins.shopify.changes` is where they will listen), refunds as objects, fulfilment.
"""
