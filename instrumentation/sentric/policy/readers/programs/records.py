"""Whose records a query takes, how many of them, and whether it writes them out."""

import re
from collections.abc import Iterator

import re2

from sentric.events import Action, Kind
from sentric.policy.readers.actions.reading import Reading
from sentric.policy.readers.programs.code import code_of
from sentric.policy.readers.programs.databases import executed, reaches_database
from sentric.policy.readers.programs.destruction import CLIENTS
from sentric.policy.readers.programs.programs import Call
from sentric.policy.readers.programs.statements import Statement, statements
from sentric.policy.readers.words.lexicon import words

_COLUMN = re2.compile(r"(?i)\b(?:e-?mail|phone|address|birth)\w{0,12}\b")
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE | re.ASCII)
COLUMN_AFTER, FROM_AFTER = 200, 400
"""Characters between `select` or a comma and a column's name, and between that and `from`."""
SENSITIVE = words(
    "customer customers client clients employee employees user users patient patients member members payroll salary "
    "salaries hr confidential financial finance secret secrets sensitive medical health personal pii contacts "
    "credentials billing candidates students subscribers leads accounts personnel"
)
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
    stated = statement.after("limit") or statement.after("top") or statement.after("first")
    if stated.isdecimal():
        return len(stated) > 12 or int(stated) > limit
    selected = statement.words[1:3]
    return statement.is_unbounded and _AGGREGATES.isdisjoint(selected) and "group" not in statement.words
