"""People, agents, decisions, approvals, policies, jobs, incidents, and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("removed", sa.Double),
    )
    op.add_column("api_keys", sa.Column("person", sa.String(12)))
    op.add_column("api_keys", sa.Column("session", sa.String(12)))
    op.create_table(
        "agents",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(256), primary_key=True),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("risk", sa.Integer, nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("allowed", sa.BigInteger, nullable=False),
        sa.Column("warned", sa.BigInteger, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("blocked", sa.BigInteger, nullable=False),
        sa.Column("first_seen", sa.Double, nullable=False),
        sa.Column("last_seen", sa.Double, nullable=False),
        sa.Column("reset", sa.Double),
    )
    op.create_index("agents_by_name", "agents", ["project", "name"])
    op.create_table(
        "stops",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("by", sa.String(8), primary_key=True),
        sa.Column("target", sa.String(256), primary_key=True),
        sa.Column("reason", sa.String(512), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(256), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("key_id", sa.String(12), nullable=False),
        sa.Column("tool", sa.String(256), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("risk", sa.Integer, nullable=False),
        sa.Column("strike", sa.Boolean, nullable=False),
        sa.Column("approval_id", sa.String(32)),
        sa.Column("idempotency_key", sa.String(128)),
        sa.Column("request", sa.String(64)),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("decisions_by_agent", "decisions", ["project", "agent_id", "time"])
    op.create_index("decisions_by_time", "decisions", ["time"])
    op.create_index("decisions_once", "decisions", ["project", "agent_id", "idempotency_key"], unique=True)
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(256), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tier", sa.String(10), nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("binding", sa.String(64), nullable=False),
        sa.Column("requester", sa.String(80), nullable=False),
        sa.Column("key_id", sa.String(12), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("consumed", sa.Double),
        sa.Column("request", sa.Text, nullable=False),
    )
    op.create_index("approvals_by_state", "approvals", ["state", "expires"])
    op.create_index("approvals_by_agent", "approvals", ["project", "agent_id", "created"])
    op.create_index("approvals_by_time", "approvals", ["created"])
    op.create_table(
        "approval_answers",
        sa.Column("approval_id", sa.String(32), sa.ForeignKey("approvals.id"), primary_key=True),
        sa.Column("approver", sa.String(80), primary_key=True),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("project", sa.String(64), sa.ForeignKey("projects.name"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(16), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("documents", sa.Text, nullable=False),
    )
    op.create_table(
        "activations",
        sa.Column("project", sa.String(64), sa.ForeignKey("projects.name"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(16), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("beat", sa.Double),
        sa.Column("claim", sa.String(32)),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("error", sa.String(512), nullable=False),
        sa.Column("material", sa.Text),
        sa.Column("result", sa.Text),
    )
    op.create_index("jobs_by_time", "jobs", ["created"])
    op.create_index("jobs_by_state", "jobs", ["state", "created"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("agent_id", sa.String(256), nullable=False),
        sa.Column("opened", sa.Double, nullable=False),
        sa.Column("closed", sa.Double),
        sa.Column("closed_by", sa.String(80), nullable=False),
        sa.Column("summary", sa.String(512), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("incidents_by_time", "incidents", ["opened"])
    op.create_table(
        "audit",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("checkpoint", sa.String(512), nullable=False),
    )
    op.bulk_insert(head, [{"sequence": 0, "digest": "0" * 64}])
