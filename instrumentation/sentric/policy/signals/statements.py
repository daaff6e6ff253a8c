"""SQL, read into the words of its statements: without comments, without what stands in quotes. One linear pass."""

import re
from dataclasses import dataclass
from functools import lru_cache

from sentric.policy.signals.lexicon import words

TEXT_LIMIT = 131_072
"""Characters of a text that are read."""
STATEMENTS_LIMIT = 1024
"""Statements of one text that are told apart."""

_TOKEN = re.compile(r"[\w$.]+|[^\w$.\s]", re.ASCII)
_LOST = words("table database schema keyspace collection tablespace catalog")
"""Objects whose contents a DROP takes away."""
_BEGINNINGS = words(
    "select insert update delete drop truncate alter create grant revoke merge with explain show describe replace "
    "begin set use copy exec execute call declare vacuum analyze commit rollback pragma attach upsert"
)
_ALWAYS = (("1", "=", "1"), ("true",), ("1",), ("'", "=", "'"), ("not", "false"), ("1", "<", ">", "2"))
"""Conditions that every row fulfils; what stood in quotes is a single quote here."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    words: tuple[str, ...]
    """In lower case, with the dots of qualified names; punctuation by itself; a single quote for each text."""

    @property
    def verb(self) -> str:
        """Its first word."""
        return self.words[0]

    def after(self, *sequence: str) -> str:
        """The word that follows some words; "" where they do not stand there."""
        length = len(sequence)
        for at in range(len(self.words) - length):
            if self.words[at : at + length] == sequence:
                return self.words[at + length]
        return ""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a statement destroys."""

    what: str
    target: str
    is_whole: bool
    """Whether a table or more goes, or all its rows; else a part: a column, a user."""


@lru_cache(maxsize=64)
def statements(text: str) -> tuple[Statement, ...]:
    """The statements of a text; none where it does not begin like SQL."""
    found: list[Statement] = []
    for part in _bare(text[:TEXT_LIMIT]).split(";")[:STATEMENTS_LIMIT]:
        tokens = tuple(_TOKEN.findall(part.lower()))
        while tokens and tokens[0] == "(":
            tokens = tokens[1:]
        if tokens and tokens[0] in _BEGINNINGS:
            found.append(Statement(tokens))
    return tuple(found)


def losses(text: str) -> tuple[Loss, ...]:
    """What the statements of a text destroy, beyond what the same text has made."""
    made: set[str] = set()
    found: list[Loss] = []
    for statement in statements(text):
        if (loss := _loss(statement)) is not None and loss.target not in made:
            found.append(loss)
        if statement.verb == "create":
            made.add(
                _name(statement.words, _skip(statement.words, 1, "or replace temporary temp unlogged table database"))
            )
    return tuple(found)


def _bare(text: str) -> str:
    """A text with its comments blank and each quoted text as one quote."""
    kept: list[str] = []
    at = 0
    for found in re.finditer(r"'|--|/\*|\$\$|#[^\S\n]", text):
        start = found.start()
        if start < at:
            continue
        sign = found[0]
        end = {"'": "'", "--": "\n", "/*": "*/", "$$": "$$"}.get(sign, "\n")
        kept += [text[at:start], " ' " if sign in {"'", "$$"} else " "]
        close = text.find(end, start + len(sign))
        at = len(text) if close < 0 else close + len(end)
    kept.append(text[at:])
    return "".join(kept).replace('"', "").replace("`", "").replace("[", "").replace("]", "")


def _loss(statement: Statement) -> Loss | None:
    tokens = statement.words
    match statement.verb:
        case "drop" if len(tokens) > 1:
            return _dropped(tokens)
        case "truncate":
            return Loss("empties a table", _name(tokens, _skip(tokens, 1, "table only")), is_whole=True)
        case "alter" if "drop" in tokens and "constraint" not in tokens and "default" not in tokens:
            return Loss("drops a column", _name(tokens, 2), is_whole=False)
        case "update" if "set" in tokens and _is_unbounded(tokens):
            # Often meant, when columns are filled or cleaned: less than a loss of everything.
            return Loss("changes every row of a table", _name(tokens, _skip(tokens, 1, "only")), is_whole=False)
        case "delete" | "with" | "begin" if (target := statement.after("delete", "from")) and _is_unbounded(tokens):
            return Loss("deletes every row of a table", target, is_whole=True)
        case _:
            return None


def _dropped(tokens: tuple[str, ...]) -> Loss | None:
    kind = tokens[1]
    target = _name(tokens, _skip(tokens, 2, "if exists concurrently"))
    if kind in _LOST:
        return Loss(f"drops a {kind}", target, is_whole=True)
    if kind in {"user", "role", "owned", "login"}:
        return Loss(f"drops a {kind}", target, is_whole=False)
    return None


def _is_unbounded(tokens: tuple[str, ...]) -> bool:
    if "where" not in tokens:
        return "limit" not in tokens
    condition = tokens[len(tokens) - tokens[::-1].index("where") :]
    return condition in _ALWAYS


def _skip(tokens: tuple[str, ...], at: int, some: str) -> int:
    skipped = words(some)
    while at < len(tokens) and tokens[at] in skipped:
        at += 1
    return at


def _name(tokens: tuple[str, ...], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""
