"""The tables as they are now. The migrations make them; a test compares the two. Times in Unix seconds."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, LargeBinary, MetaData, String, Table

METADATA = MetaData()

GENERATION = Table("generation", METADATA, Column("number", BigInteger, nullable=False))
"""One row: a number that every change makes larger. Who changes something takes this row first, so that changes come
one after the other on every database; who holds a copy compares the number."""

PROJECTS = Table(
    "projects",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("created", Double, nullable=False),
)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),  # separated by blanks
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("revoked", Double),
)
"""Every key there ever was: a revoked one stays."""

API_KEY_PROJECTS = Table(
    "api_key_projects",
    METADATA,
    Column("key_id", String(12), ForeignKey("api_keys.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("project", String(64), ForeignKey("projects.name"), nullable=False),
)
"""The projects of a key in their order: a sender that names none is of the first. No rows: every project."""
