"""Alembic's environment. The statements themselves are in `include/sql/migrations/NNNN.{up,down}.sql`."""
