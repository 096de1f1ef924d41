"""The store: inbox, revisions, gate, outbox, cases, audit chains, permissions, vault."""

from retail_ops.store.migrations.run import run_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the schema."""
    run_file("0001.up.sql")


def downgrade() -> None:
    """Remove the schema."""
    run_file("0001.down.sql")
