"""Protocols and plain values that flows speak with the outside: channel, ERP, gate, vault, clock. No implementation."""
