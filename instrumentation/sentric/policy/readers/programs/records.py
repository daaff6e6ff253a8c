"""Whose records a query takes, how many of them, and whether it writes them out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, cast
from urllib.parse import parse_qsl

import re2

from sentric.events import Action, JsonValue, Kind
from sentric.policy.readers.actions.reading import Reading
from sentric.policy.readers.programs.code import code_of
from sentric.policy.readers.programs.databases import executed, reaches_database
from sentric.policy.readers.programs.destruction import CLIENTS
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.statements import Statement, statements
from sentric.policy.readers.values.amounts import plain_key
from sentric.policy.readers.words.lexicon import words

_COLUMN = re2.compile(
    r"(?i)(?:\b|_)(?:e-?mail|phone|mobile|address|birth|street|post_?code|postal|zip_?code|(?:first|last|full|sur|given|"
    r"family|maiden)_?name)\w{0,12}\b"
)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE | re.ASCII)
COLUMN_AFTER, FROM_AFTER = 200, 400
"""Characters between `select` or a comma and a column's name, and between that and `from`."""
FIELD_LENGTH = 4096
"""Characters of a list of fields, or of a URL, that are read."""
SENSITIVE = words(
    "customer customers client clients employee employees user users patient patients member members payroll salary "
    "salaries hr confidential financial finance secret secrets sensitive medical health personal pii contacts "
    "credentials billing candidates students contact lead candidate account subscribers leads accounts personnel"
)
_CATALOGS = ("information_schema.", "pg_catalog.", "sys.", "sqlite_master", "sqlite_schema", "pg_stat", "pg_tables")
"""What databases say of themselves."""
FIELD_KEYS = words("fields columns select properties attributes include projection fieldlist returnfields fl")
"""Arguments that name what is wanted of each record, without how their words are joined."""
FLAGS_READ = 256
"""Entries of an action's arguments in which a flag is looked for."""
_AGGREGATES = words("count sum avg min max exists")


def is_over(text: str, limit: int) -> bool:
    """Whether a stated number is over a limit."""
    return len(text) <= 20 and text.isdecimal() and int(text) > limit


def queries(action: Action, read: Reading, called: tuple[Call, ...]) -> Iterator[Statement]:
    """The statements that an action hands to a database."""
    if action.kind is Kind.SHELL:
        given = (text for call in called if call.program in CLIENTS for text in (*call.arguments, call.command.given))
        texts = [*given, *(found for text in code_of(action, called) for found in executed(text))]
    elif reaches_database(action):
        texts = [text for _, text in read.arguments]
    else:
        texts = []
    for text in texts:
        if " " in text or "\n" in text:
            yield from statements(text)


def fields_asked(arguments: Mapping[str, JsonValue], read: Reading, url: str = "") -> Iterator[str]:
    """Fields of records that an action asks for: in lists of fields, by flags (`{"ssn": 1}`), in a URL's query."""
    for key, text in read.arguments:
        if plain_key(key) in FIELD_KEYS:
            yield text[:FIELD_LENGTH]
    yield from _flags(arguments)
    for key, text in parse_qsl(url[:FIELD_LENGTH].partition("?")[2]):
        if plain_key(key.lstrip("$")) in FIELD_KEYS:
            yield text


def _flags(arguments: Mapping[str, JsonValue]) -> Iterator[str]:
    """Names of arguments that are true, or 1 within others."""
    waiting: list[Any] = [arguments]
    room = FLAGS_READ
    while waiting and room > 0:
        value = waiting.pop()
        room -= 1
        if isinstance(value, list):
            waiting.extend(cast("Iterable[Any]", value[:FLAGS_READ]))
        entries = cast("Mapping[object, Any]", value).items() if isinstance(value, Mapping) else ()
        for key, item in islice(entries, FLAGS_READ):
            if item is True or (item == 1 and value is not arguments):
                yield str(key)[:64]
            elif isinstance(item, (Mapping, list)):
                waiting.append(item)


def is_contact(field: str) -> bool:
    """Whether a field's name is one of an address, a name, a telephone number or a birthday."""
    return _COLUMN.search(field) is not None


def selects_all_of_people(query: Statement) -> bool:
    """Whether a query takes every column of a table of people, or of the business's own."""
    tokens = query.words
    if query.verb not in {"select", "with", "copy"} or query.after("from").rpartition(".")[2] not in SENSITIVE:
        return False
    return any(
        word == "*" and (tokens[at - 1] in {"select", "distinct", ","} or tokens[at - 1].endswith("."))
        for at, word in enumerate(tokens)
        if at
    )


def writes_out(query: Statement) -> bool:
    """Whether a statement writes rows into a file."""
    tokens = query.words
    return (
        query.verb == "unload"
        or tokens[:2] == ("export", "data")
        or not {"outfile", "dumpfile"}.isdisjoint(tokens)
        or (query.verb == "copy" and "to" in tokens)
    )


def selects_contact(text: str) -> bool:
    """Whether a query takes a column with an address, a telephone number or a birthday: `select name, email from …`."""
    if _FROM.search(text) is None:
        return False
    for column in _COLUMN.finditer(text):
        start, end = column.span()
        before = text[max(0, start - COLUMN_AFTER - len("select")) : start].lower().rpartition(";")[2]
        if "select" not in before and "," not in before[-COLUMN_AFTER - 1 :]:
            continue
        stop = text.find(";", end, end + FROM_AFTER)
        found = _FROM.search(text, end, stop if stop >= 0 else end + FROM_AFTER + len("from") + 1)
        if found is not None and found.start() <= end + FROM_AFTER:
            return True
    return False


def is_wide(statement: Statement, limit: int) -> bool:
    """Whether a query takes more rows than a limit, as far as it says."""
    if statement.verb not in {"select", "copy", "with"} or "from" not in statement.words:
        return False
    if statement.after("from").startswith(_CATALOGS):
        return False
    stated = _bound(statement.words)
    if stated.isdecimal():
        return len(stated) > 12 or int(stated) > limit
    selected = statement.words[1:3]
    return statement.is_unbounded and _AGGREGATES.isdisjoint(selected) and "group" not in statement.words


def _bound(tokens: tuple[str, ...]) -> str:
    """How many rows a query takes at most: `LIMIT 10, 5`, `TOP (5)`, `FETCH NEXT 5 ROWS`; "" where it says none."""
    for word in ("limit", "top", "first", "next"):
        if word not in tokens:
            continue
        after = tokens[tokens.index(word) + 1 :]
        after = after[1:] if after[:1] == ("(",) else after
        if word == "top" and after[1:2] == ("percent",):
            return ""
        if word == "limit" and after[1:2] == (",",):
            return after[2] if len(after) > 2 else ""
        if after[:1]:
            return after[0]
    return ""
