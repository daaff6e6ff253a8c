"""Databases as code and tools reach them: SQL in a program's literals, methods that empty a collection."""

import re
from collections.abc import Iterator
from itertools import islice

from sentric.events import Action, Kind
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.programs.loss import TABLES, Destruction, Extent, lost
from sentric.policy.readers.words.lexicon import words

CALLS_LIMIT = 64
"""Calls in one text of code that are read."""
LITERAL_LIMIT = 65_536
"""Characters of one call's text that are read."""
TEXT_LIMIT = 262_144
"""Characters of a text of code that are read."""

_EXECUTED = re.compile(
    r"(?:execute\w{0,16}|query\w{0,16}|raw\w{0,16}|exec|sql|prepare|text)\s{0,8}\(\s{0,8}[frbu]{0,2}(?=[\"'`])",
    re.IGNORECASE,
)
_PIECE = re.compile(r"\s{0,16}\+?\s{0,16}[frbuFRBU]{0,2}(\"\"\"|'''|[\"'`])")
_METHODS = re.compile(
    r"\.(?:(?:drop|dropdatabase|drop_database|dropcollection|drop_collection|drop_all|flushall|flushdb|dropschema|"
    r"truncate_?table|droptable|drop_table)\s{0,4}\(|objects\.all\(\)\.delete\(|(?:delete_?many|remove|delete)\(\{\})",
    re.IGNORECASE,
)
_ON_FRAMES = re.compile(r"\.drop\s{0,4}\(\s{0,4}[^)\s]")
"""`frame.drop(columns=…)`, which drops nothing that is kept."""
_SERVERS = words(
    "sql db database databases postgres postgresql pg mysql mariadb sqlite snowflake bigquery redshift mssql sqlserver "
    "oracle clickhouse duckdb supabase neon cockroach databricks athena trino presto jdbc odbc mongo mongodb redis "
    "cassandra dynamodb query queries statement"
)
_MONGO = words("mongo mongodb mongosh")


def reaches_database(action: Action) -> bool:
    """Whether an action's tool or server is a database's, by their names."""
    parts = {*name_parts(action.tool), *name_parts(action.server)}
    return action.kind is Kind.DATABASE or not _SERVERS.isdisjoint(parts)


def executed(text: str) -> Iterator[str]:
    """The texts that code hands to a database, as far as they stand in it as literals."""
    if "(" not in text:
        return
    for call in islice(_EXECUTED.finditer(text, 0, TEXT_LIMIT), CALLS_LIMIT):
        pieces: list[str] = []
        at, room = call.end(), LITERAL_LIMIT
        while room > 0 and (opened := _PIECE.match(text, at)):
            end = text.find(opened[1], opened.end(), opened.end() + room)
            end = len(text[: opened.end() + room]) if end < 0 else end
            pieces.append(text[opened.end() : end])
            room -= end - at + 1
            at = end + len(opened[1])
        yield "".join(pieces)


def emptied(text: str) -> Destruction | None:
    """What code empties by a method: `db.users.drop()`, `User.objects.all().delete()`, `r.flushall()`."""
    calls = islice(_METHODS.finditer(text, 0, TEXT_LIMIT), CALLS_LIMIT)
    found = next((call for call in calls if not _ON_FRAMES.match(text, call.start())), None)
    if found is None:
        return None
    whose = re.split(r"[^\w.$]", text[max(0, found.start() - 128) : found.start()])[-1].rpartition(".")[2]
    return lost(Extent.LASTING, "drops a collection or all that is in it", (whose,) if whose else (), TABLES)


def of_document(action: Action) -> Destruction | None:
    """What a command of MongoDB drops that is given as a document: `{"drop": "users"}`."""
    if _MONGO.isdisjoint(name_parts(action.tool)) and _MONGO.isdisjoint(name_parts(action.server)):
        return None
    for value in (action.arguments, *action.arguments.values()):
        if isinstance(value, dict):
            name = value.get("drop")
            if isinstance(name, str):
                return lost(Extent.LASTING, "drops a collection", (name,), TABLES)
            if "dropDatabase" in value:
                return lost(Extent.LASTING, "drops a database", (), TABLES)
    return None
