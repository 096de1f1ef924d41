"""Governance as reviewed files: who owns what, how accounts map to the ERP, when an order is committed.

Reads `include/governance/*.yaml` into frozen models. No network, no database.
"""
