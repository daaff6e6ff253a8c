"""Attempts to reach people, the links they are sent, and what other services tell; jobs that are tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "approval_attempts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("approval_id", sa.String(32), sa.ForeignKey("approvals.id"), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("person", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("sent", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("reference", sa.String(256), nullable=False),
        sa.Column("detail", sa.String(512), nullable=False),
    )
    op.create_index("approval_attempts_once", "approval_attempts", ["approval_id", "step"], unique=True)
    op.create_index("approval_attempts_by_state", "approval_attempts", ["state", "due"])
    op.create_table(
        "approval_links",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("attempt_id", sa.String(32), sa.ForeignKey("approval_attempts.id"), nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("used", sa.Double),
    )
    op.create_table(
        "calls",
        sa.Column("attempt_id", sa.String(32), primary_key=True),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(12), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(256), nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("calls_by_time", "calls", ["changed"])
    op.create_table(
        "webhook_events",
        sa.Column("source", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("received", sa.Double, nullable=False),
    )
    op.create_index("webhook_events_by_time", "webhook_events", ["received"])
    op.add_column("jobs", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("due", sa.Double))
