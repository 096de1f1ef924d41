"""The store on PostgreSQL: inbox, revisions, gate, outbox, cases, audit chains, vault.

Invariants live in `include/sql/migrations`; statements in `include/sql/queries`. The modules here see psycopg only.
"""
