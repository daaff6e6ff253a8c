"""Projects, API keys, and the number that tells of changes."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, and the project that is there from the start."""
    generation = op.create_table("generation", sa.Column("number", sa.BigInteger, nullable=False))
    projects = op.create_table(
        "projects",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double),
        sa.Column("revoked", sa.Double),
    )
    op.create_table(
        "api_key_projects",
        sa.Column("key_id", sa.String(12), sa.ForeignKey("api_keys.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("project", sa.String(64), sa.ForeignKey("projects.name"), nullable=False),
    )
    op.bulk_insert(generation, [{"number": 1}])
    op.bulk_insert(projects, [{"name": "default", "created": time.time()}])
