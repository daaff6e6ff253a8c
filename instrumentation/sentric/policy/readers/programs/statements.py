"""SQL, read into the words of its statements: without comments, without what stands in quotes. One linear pass."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sentric.policy.readers.words.lexicon import words

TEXT_LIMIT = 262_144
"""Characters of a text that are read."""
STATEMENTS_LIMIT = 65_536
"""Statements of one text that are told apart."""
TEXTS_LIMIT = 64
"""Texts within statements that are read as statements themselves."""
JOIN_LIMIT = 16
"""Characters between two texts that are put together: `'DROP ' || 'TABLE a'`."""
DEPTH_LIMIT = 3
"""How deeply such texts are nested that are read."""

_TOKEN = re.compile(r"[\w$.]+|[^\w$.\s]", re.ASCII)
_FIRST = re.compile(r"[\s(\\]*([\w$.]+)", re.ASCII)
_PLAIN_START = re.compile(
    r"[\s(]*+(?:([\w.]++)(?![\"`\[\]$\u0080-\U0010ffff])|(?!--|\*/)[^\w\s(.\"`\[\]$/#\\])", re.ASCII
)
"""A beginning that stays the same without quotes and comments: its first word, or a sign that begins no statement."""
_LOST = words("table database schema keyspace collection tablespace catalog")
"""Objects whose contents a DROP takes away."""
_BEGINNINGS = words(
    "select insert update delete drop truncate alter create grant revoke merge with explain show describe replace "
    "begin set use do deny export prepare copy exec execute call declare unload vacuum analyze commit rollback pragma "
    "attach upsert"
)
_OPENING = re.compile(r"'|--|/\*!?|\$\$|#")
_RUN = words("select insert update delete merge with truncate drop")
_RUNNING = re.compile(r"\b(?:exec|execute|prepare|do|sp_executesql|immediate)\b", re.IGNORECASE)
"""Words by which a statement runs texts as statements."""
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}
_ENDS = words("returning order limit group having when")
"""Words that end a condition."""
_ROW_NUMBERS = words("id _id rowid oid")
"""Columns that every row has: a condition that they are there, or above 0, is none."""
_DROPPED_BESIDE = words("foreign external transient dynamic iceberg global")


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

    @property
    def is_unbounded(self) -> bool:
        """Whether it sets no condition, or one that every row fulfils."""
        return "where" not in self.words or _is_always(_condition(self.words, "where"))


@dataclass(frozen=True, slots=True)
class Loss:
    """What a statement destroys."""

    what: str
    target: str
    is_whole: bool
    """Whether a table or more goes, or all its rows; else a part: a column, a user."""


@lru_cache(maxsize=64)
def statements(text: str) -> tuple[Statement, ...]:
    """The statements of a text, and of the texts that it runs as such; none where it does not begin like SQL."""
    return () if _is_prose(text) else tuple(_read(text[:TEXT_LIMIT], 0))


def _is_prose(text: str) -> bool:
    """Whether nothing in a text begins like a statement, so that its quotes and comments need not be looked at."""
    return all(
        (first := _PLAIN_START.match(part)) is not None and (first[1] or "").lower() not in _BEGINNINGS
        for part in text.split(";")
    )


def _read(text: str, depth: int) -> Iterator[Statement]:
    seen = set[tuple[str, ...]]()
    texts: list[str] = []
    for mysql in (False, True):
        # Databases differ in what ends a text and what begins a comment: both readings count.
        if mysql and "\\'" not in text and "#" not in text:
            break
        bare, quoted = _bare(text, mysql=mysql)
        texts += quoted
        for part in bare.lower().split(";")[:STATEMENTS_LIMIT]:
            begun = _FIRST.match(part)
            if begun is None or begun[1] not in _BEGINNINGS:
                continue
            tokens = _begun(tuple(_TOKEN.findall(part)))
            if tokens and tokens[0] in _BEGINNINGS and tokens not in seen:
                seen.add(tokens)
                yield Statement(tokens)
    if depth < DEPTH_LIMIT and seen and texts and _RUNNING.search(text):
        for inner in texts[:TEXTS_LIMIT]:
            yield from _read(inner, depth + 1)


def _begun(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a statement without what stands before it: brackets, `EXPLAIN ANALYZE`, which runs what it tells."""
    tokens = tokens[_skip(tokens, 0, "(") :]
    at = 0
    while at + 1 < len(tokens) and tokens[at] in {"begin", "\\"} and tokens[at + 1] in _BEGINNINGS:
        at += 1  # blocks; psql's \copy
    tokens = tokens[at:]
    if tokens[:1] == ("explain",) and {"analyze", "analyse"} & set(tokens[1:8]):
        return tokens[next((at for at, word in enumerate(tokens[1:24], 1) if word in _RUN), 0) :]
    return tokens


def losses(text: str) -> tuple[Loss, ...]:
    """What the statements of a text destroy, beyond what the same text has made."""
    made: set[str] = set()
    found: list[Loss] = []
    for statement in statements(text):
        if (loss := _loss(statement)) is not None and loss.target not in made:
            found.append(loss)
        if statement.verb == "create" and "exists" not in statement.words[:8]:  # else it may have been there before
            made.add(
                _name(statement.words, _skip(statement.words, 1, "or replace temporary temp unlogged table database"))
            )
    return tuple(found)


def _bare(text: str, *, mysql: bool) -> tuple[str, list[str]]:
    """A text with its comments blank and each quoted text as one quote; and those texts, put together where it says.

    Args:
        text: what is read.
        mysql: a backslash takes the meaning off a quote, and `#` begins a comment whatever follows it.
    """
    kept: list[str] = []
    quoted: list[list[str]] = []
    at = last = 0
    for found in _OPENING.finditer(text):
        start, sign = found.start(), found[0]
        if start < at or (sign == "#" and not mysql and not text[start + 1 : start + 2].isspace()):
            continue
        kept.append(text[at:start])
        if sign == "/*!":  # run by MySQL, whatever its version number says
            at = found.end()
            while text[at : at + 1].isdigit():
                at += 1
            kept.append(" ")
            continue
        close = _closing(text, found.end(), sign, escaped=mysql)
        at = len(text) if close < 0 else close
        is_text = sign in {"'", "$$"}
        kept.append(" ' " if is_text else " ")
        if is_text and len(quoted) <= TEXTS_LIMIT:
            between = text[last:start].strip() if quoted and start - last <= JOIN_LIMIT else None
            piece = text[found.end() : max(at - len(sign), found.end())]
            quoted[-1].append(piece) if between in {"", "||", "+"} else quoted.append([piece])
        last = at
    kept.append(text[at:])
    bare = "".join(kept)
    for mark in '"`[]':  # far faster than str.translate on text that is not ASCII
        bare = bare.replace(mark, "")
    return bare.replace("*/", " "), ["".join(pieces) for pieces in quoted]


def _closing(text: str, at: int, sign: str, *, escaped: bool) -> int:
    """Where what a sign has opened is over; -1 where it does not end."""
    end = {"'": "'", "--": "\n", "/*": "*/", "$$": "$$"}.get(sign, "\n")
    close = text.find(end, at)
    while escaped and sign == "'" and close > at and _is_escaped(text, at, close):
        close = text.find(end, close + 1)
    return close if close < 0 else close + len(end)


def _is_escaped(text: str, start: int, at: int) -> bool:
    before = at
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _loss(statement: Statement) -> Loss | None:
    tokens = statement.words
    match statement.verb:
        case "drop" if len(tokens) > 1:
            return _dropped(tokens)
        case "truncate":
            return Loss("empties a table", _name(tokens, _skip(tokens, 1, "table only")), is_whole=True)
        case "alter" if "truncate" in tokens[3:6]:
            return Loss("empties a part of a table", _name(tokens, 2), is_whole=True)
        case "alter" if "drop" in tokens and "constraint" not in tokens and "default" not in tokens:
            return Loss("drops a column", _name(tokens, 2), is_whole=False)
        case "update" if "set" in tokens and _is_unbounded(tokens):
            # Often meant, when columns are filled or cleaned: less than a loss of everything.
            return Loss("changes every row of a table", _name(tokens, _skip(tokens, 1, "only")), is_whole=False)
        case "create" if tokens[1:4] == ("or", "replace", "table"):
            return Loss("replaces a table", _name(tokens, _skip(tokens, 4, "if not exists")), is_whole=True)
        case "merge" if statement.after("then") == "delete" and _is_always(_condition(tokens, "on")):
            return Loss("deletes every row of a table", _name(tokens, _skip(tokens, 1, "into")), is_whole=True)
        case "delete" | "with" if target := statement.after("delete", "from") or _deleted(tokens):
            rest = _until_closed(tokens, tokens.index("delete"))
            return Loss("deletes every row of a table", target, is_whole=True) if _is_unbounded(rest) else None
        case _:
            return None


def _deleted(tokens: tuple[str, ...]) -> str:
    """The table of a DELETE without its FROM (T-SQL, Oracle), or with other words before it (MySQL)."""
    if tokens[0] != "delete":
        return ""
    return tokens[tokens.index("from") + 1] if "from" in tokens[:-1] else _name(tokens, 1)


def _dropped(tokens: tuple[str, ...]) -> Loss | None:
    at = 2 if tokens[1] in _DROPPED_BESIDE and len(tokens) > 2 else 1
    kind, target = tokens[at], _name(tokens, _skip(tokens, at + 1, "if exists concurrently"))
    if kind in _LOST:
        return Loss(f"drops a {kind}", target, is_whole=True)
    if kind == "materialized":
        target = _name(tokens, _skip(tokens, at + 1, "view if exists concurrently"))
    if kind in {"view", "materialized"}:
        return Loss("drops a view", target, is_whole=False)
    if kind in {"user", "role", "owned", "login"}:
        return Loss(f"drops a {kind}", target, is_whole=False)
    return None


def _is_unbounded(tokens: tuple[str, ...]) -> bool:
    if "where" not in tokens:
        return "limit" not in tokens
    return _is_always(_condition(tokens, "where"))


def _condition(tokens: tuple[str, ...], word: str) -> tuple[str, ...]:
    """What follows a word, up to where the bracket closes in which it stands, or another clause begins."""
    if word not in tokens:
        return ()
    return _until_closed(tokens, tokens.index(word) + 1, _ENDS)


def _until_closed(tokens: tuple[str, ...], start: int, ends: frozenset[str] = frozenset()) -> tuple[str, ...]:
    depth = 0
    for at in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[at], 0)
        if depth < 0 or (not depth and tokens[at] in ends):
            return tokens[start:at]
    return tokens[start:]


def _is_always(condition: tuple[str, ...]) -> bool:
    """Whether every row fulfils a condition: `1=1`, `true`, `id = id`, `x = 3 or 1 = 1`."""
    return any(_holds(_stripped(part)) for part in _alternatives(_stripped(condition)))


def _stripped(condition: tuple[str, ...]) -> tuple[str, ...]:
    """A condition without the brackets around it."""
    outer = 0
    while outer * 2 + 1 < len(condition) and condition[outer] == "(" and condition[-1 - outer] == ")":
        outer += 1
    return condition[outer : len(condition) - outer]


def _alternatives(condition: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    depth = start = 0
    for at, word in enumerate(condition):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "or" and not depth:
            yield condition[start:at]
            start = at + 1
    yield condition[start:]


def _holds(part: tuple[str, ...]) -> bool:
    match part:
        case ("true",) | ("not", "false"):
            return True
        case (one,):
            return one.isdecimal() and one.strip("0") != ""
        case (one, "=", other) if one == other:
            return True
        case (one, "is", "not", "null") | (one, ">", "0") | (one, ">", "=", "0" | "1") | (one, "<", ">", "0"):
            return one.rpartition(".")[2] in _ROW_NUMBERS
        case (one, ("=" | "<" | ">") as sign, other) if one.isdecimal() and other.isdecimal():
            return _COMPARED[sign](one.lstrip("0").zfill(20), other.lstrip("0").zfill(20))
        case (one, "<", ">", other) | (one, "!", "=", other):
            return one.isdecimal() and other.isdecimal() and one != other
        case (one, "<" | ">", "=", other):
            return one == other
        case _:
            return False


def _skip(tokens: tuple[str, ...], at: int, some: str) -> int:
    skipped = words(some)
    while at < len(tokens) and tokens[at] in skipped:
        at += 1
    return at


def _name(tokens: tuple[str, ...], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""
