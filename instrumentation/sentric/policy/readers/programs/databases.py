"""Databases as code and tools reach them: SQL in a program's literals, methods that empty a collection."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import re2

from sentric.events import Action, Kind
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.programs.loss import TABLES, Destruction, Extent, lost
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable

CALLS_LIMIT = 64
"""Calls in one text of code that are read."""
LITERAL_LIMIT = 65_536
"""Characters of one call's text that are read."""
TEXT_LIMIT = 262_144
"""Characters of a text of code that are read."""

_GIVEN_TEXT = re.compile(r"\(\s{0,8}[frbuFRBU]{0,2}(?=[\"'`])")
"""A call whose first argument is a literal."""
_RUNS = re.compile(r"(?:(?:execute|query|raw)\w{0,16}|exec|sql|prepare|text)\s{0,8}\Z", re.IGNORECASE)
_RUNS_LENGTH = 31
"""Longest name of a function that hands its text to a database, with the blanks behind it."""
_PIECE = re.compile(r"\s{0,16}\+?\s{0,16}[frbuFRBU]{0,2}(\"\"\"|'''|[\"'`])")
_METHODS = re2.compile(
    r"(?i)\.(?:(?:drop|dropdatabase|drop_database|dropcollection|drop_collection|drop_all|flushall|flushdb|dropschema|"
    r"truncate_?table|droptable|drop_table)\s{0,4}\(|objects\.all\(\)\.delete\(|(?:delete_?many|remove|delete)\(\{\})"
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
    return action.kind is Kind.DATABASE or is_database(action.tool, action.server)


@lru_cache(maxsize=1024)
def is_database(tool: str, server: str) -> bool:
    """Whether a tool or its server is named like a database."""
    return not (_SERVERS.isdisjoint(name_parts(tool)) and _SERVERS.isdisjoint(name_parts(server)))


def executed(text: str) -> Iterator[str]:
    """The texts that code hands to a database, as far as they stand in it as literals."""
    if "(" not in text:
        return
    given = (call for call in _GIVEN_TEXT.finditer(text, 0, TEXT_LIMIT) if _runs(text, call.start()))
    for call in islice(given, CALLS_LIMIT):
        pieces: list[str] = []
        at, room = call.end(), LITERAL_LIMIT
        while room > 0 and (opened := _PIECE.match(text, at)):
            end = text.find(opened[1], opened.end(), opened.end() + room)
            end = len(text[: opened.end() + room]) if end < 0 else end
            pieces.append(text[opened.end() : end])
            room -= end - at + 1
            at = end + len(opened[1])
        yield "".join(pieces)


def _runs(text: str, at: int) -> bool:
    """Whether what stands before an opening bracket names a function that hands its text to a database."""
    return _RUNS.search(text[max(0, at - _RUNS_LENGTH) : at]) is not None


def emptied(text: str) -> Destruction | None:
    """What code empties by a method: `db.users.drop()`, `User.objects.all().delete()`, `r.flushall()`."""
    text = readable(text[:TEXT_LIMIT])
    calls = islice(_METHODS.finditer(text), CALLS_LIMIT)
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
