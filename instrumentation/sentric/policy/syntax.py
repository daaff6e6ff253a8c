"""The words of a CEL condition, read without evaluating it: which variables it speaks of, and what it needs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*)+)
    |(?P<string>
        [rR][bB]?(?:'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'[^'\n]*'|"[^"\n]*")
        |[bB]?(?:'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    |(?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    |(?P<number>[0-9][\w.]*)
    |(?P<sign>&&|\|\||[=!<>]=|.)""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"[rRbB]{0,2}('''|\"\"\"|'|\")")
_OF_TEXT = {(sign, empty) for sign in ("==", "!=") for empty in ("''", '""')}
_OF_SIZE = {("==", "0"), ("!=", "0"), (">", "0")}
_LOGIC = ("&&", "||", "!", "(", ")")
_AT_LEAST_ONE = re.compile(r"[1-9][0-9]*")


class Sort(StrEnum):
    """What sort of word a token is."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a condition."""

    sort: Sort
    text: str
    """As written; a dotted name without the white space in it."""
    line: int
    """From 1, within the condition."""

    @property
    def literal(self) -> str | None:
        """The value of a plain string; None for one with escapes, or anything else."""
        opening = _QUOTED.match(self.text) if self.sort is Sort.STRING else None
        if opening is None:
            return None
        inside = self.text[opening.end() : -len(opening[1])]
        return None if "\\" in inside and self.text[0] not in "rR" else inside


def tokens(text: str) -> list[Token]:
    """The words of a condition, without white space and comments. Whatever the text is, this does not fail."""
    found: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(text):
        sort, word = str(match.lastgroup), match[0]
        if sort != "space":
            found.append(Token(Sort(sort), "".join(word.split()) if sort == Sort.NAME else word, line))
        line += word.count("\n")
    return found


def resolved(name: str, known: Mapping[str, Any]) -> tuple[str, str]:
    """A dotted name as a declared variable and what follows it: `action.url.contains` is the variable `action.url`.

    Returns:
        The longest declared variable it begins with, "" where there is none; and the rest.
    """
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        variable = ".".join(parts[:length])
        if variable in known:
            return variable, ".".join(parts[length:])
    return "", name


def names(text: str, known: Mapping[str, Any]) -> set[str]:
    """The declared variables that a condition mentions."""
    mentioned = {resolved(token.text, known)[0] for token in tokens(text) if token.sort is Sort.NAME}
    return mentioned - {""}


def needs(text: str, known: Mapping[str, Any]) -> frozenset[str] | None:
    """Variables without any of which a condition is false: at least one must be true, not empty, not zero.

    Most conditions begin with a signal that is silent most of the time; they need not be evaluated then. This is
    exact, for in CEL `false && x` is false whatever x is, even an error.

    Returns:
        The variables; None where nothing is known.
    """
    return _needs(tokens(text), known)


def sought(text: str, known: Mapping[str, Any]) -> frozenset[str]:
    """The variables by which a condition comes to hold: not those that only keep it from holding.

    `signals.a != "" && !signals.b` seeks `signals.a`: where neither could be told, it is false for want of the first,
    never of the second. Both sides of an `||` are sought, for either may be the one that would hold.
    """
    return _sought(tokens(text), known, wanted=True)


def asked_if_empty(text: str, known: Mapping[str, Any]) -> frozenset[str]:
    """Texts and lists of which a condition asks only whether they are empty: what is in them does not matter to it."""
    words = tokens(text)
    among = {True: set[str](), False: set[str]()}
    for at, word in enumerate(words):
        variable, method = resolved(word.text, known) if word.sort is Sort.NAME else ("", "")
        if variable:
            among[known[variable] not in {bool, int, float} and _asks_if_empty(words, at, method)].add(variable)
    return frozenset(among[True] - among[False])


def _asks_if_empty(words: Sequence[Token], at: int, method: str) -> bool:
    """Whether a variable stands in `x != ''`, `x.size() > 0` or `size(x) > 0`, beside nothing but signs of logic."""
    start, end = at, at + 1
    around = [word.text for word in words[max(0, at - 2) : at + 3]]
    if method == "size":
        end += 2
    elif around[:2] == ["size", "("] and around[3:4] == [")"]:
        start, end = at - 2, at + 2
    elif method:
        return False
    compared = tuple(word.text for word in words[end : end + 2])
    beside = (*words[max(0, start - 1) : start], *words[end + 2 : end + 3])
    return compared in (_OF_SIZE if end > at + 1 else _OF_TEXT) and all(word.text in _LOGIC for word in beside)


def _needs(words: Sequence[Token], known: Mapping[str, Any]) -> frozenset[str] | None:
    words = _unwrapped(words)
    if _split(words, "?")[1:]:
        return None
    either = _split(words, "||")
    if len(either) > 1:
        each = [_needs(part, known) for part in either]
        return None if None in each else frozenset[str]().union(*(part for part in each if part is not None))
    both = _split(words, "&&")
    if len(both) > 1:
        each = [_needs(part, known) for part in both]
        return min((part for part in each if part is not None), key=_telling, default=None)
    return _atom(words, known)


def _sought(words: Sequence[Token], known: Mapping[str, Any], *, wanted: bool) -> frozenset[str]:
    """The variables that must have something in them for words to be true, or to be false where that is wanted."""
    words = _unwrapped(words)
    if not _split(words, "?")[1:]:
        for sign in ("||", "&&"):
            if (parts := _split(words, sign))[1:]:
                return frozenset[str]().union(*(_sought(part, known, wanted=wanted) for part in parts))
        if words and words[0].text == "!":
            return _sought(words[1:], known, wanted=not wanted)
        if _of_nothing(words, known) is wanted:
            return frozenset()
    return frozenset(resolved(word.text, known)[0] for word in words if word.sort is Sort.NAME) - {""}


def _of_nothing(words: Sequence[Token], known: Mapping[str, Any]) -> bool | None:
    """Whether a part without signs of logic is true where its variables are empty; None where that is not known."""
    if _atom(words, known) is not None:
        return False
    match [word.text for word in words]:
        case [name, "==", "''" | '""' | "0" | "false"]:
            return bool(resolved(name, known)[0]) or None
        case ["size", "(", name, ")", "==", "0"]:
            return bool(resolved(name, known)[0]) or None
        case _:
            return None


def _telling(needed: frozenset[str]) -> tuple[int, int]:
    """Sorts needs by how seldom they are met: most events have a task and an effect, but few have any one signal."""
    return sum(not name.startswith("signals.") for name in needed), len(needed)


def _atom(words: Sequence[Token], known: Mapping[str, Any]) -> frozenset[str] | None:
    first, *rest = words or [Token(Sort.SIGN, "", 1)]
    if first.sort is not Sort.NAME:
        return _mirrored(words, known)
    if first.text == "size" and [word.text for word in rest[:3:2]] == ["(", ")"]:
        variable, method = resolved(rest[1].text, known)
        return frozenset({variable}) if variable and not method and _holds_of_something(rest[3:]) else None
    variable, method = resolved(first.text, known)
    if not variable:
        return None
    needed = (known[variable] is bool and not rest and not method) or (
        _holds_of_something(rest) if not method else _calls_for_something(method, rest)
    )
    return frozenset({variable}) if needed else None


def _mirrored(words: Sequence[Token], known: Mapping[str, Any]) -> frozenset[str] | None:
    """`'send' in action.effects`: where the variable stands last."""
    if len(words) != 3 or words[1].text != "in" or words[2].sort is not Sort.NAME:
        return None
    variable, method = resolved(words[2].text, known)
    return frozenset({variable}) if variable and not method else None


def _holds_of_something(rest: Sequence[Token]) -> bool:
    """Whether what follows a variable is false of an empty text, an empty list and zero."""
    match [word.text for word in rest]:
        case ["!=", "''" | '""']:
            return True
        case [">", number] if number.isdecimal():
            return True
        case [">=" | "==", number] if _AT_LEAST_ONE.fullmatch(number):
            return True
        case ["=="] | ["==", _]:
            return bool(rest[1:] and rest[1].literal)
        case ["in", "[", *_, "]"]:
            inside = [word for word in rest[2:-1] if word.text != ","]
            return bool(inside) and all(word.literal for word in inside)
        case _:
            return False


def _calls_for_something(method: str, rest: Sequence[Token]) -> bool:
    if method == "size":
        return [word.text for word in rest[:2]] == ["(", ")"] and _holds_of_something(rest[2:])
    if not rest or rest[0].text != "(" or len(_call(rest)) != len(rest):
        return False
    if method == "exists":
        return True
    return method in {"contains", "startsWith", "endsWith"} and len(rest) == 3 and bool(rest[1].literal)


def _call(words: Sequence[Token]) -> Sequence[Token]:
    """The words from an opening bracket to the one that closes it."""
    depth = 0
    for index, word in enumerate(words):
        depth += (word.text in "([{" and word.sort is Sort.SIGN) - (word.text in ")]}" and word.sort is Sort.SIGN)
        if depth == 0:
            return words[: index + 1]
    return words


def _unwrapped(words: Sequence[Token]) -> Sequence[Token]:
    while len(words) > 2 and words[0].text == "(" and len(_call(words)) == len(words):
        words = words[1:-1]
    return words


def _split(words: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    """The parts between the signs that stand outside of all brackets."""
    parts: list[Sequence[Token]] = []
    start = depth = 0
    for index, word in enumerate(words):
        if word.sort is Sort.SIGN:
            depth += (word.text in "([{") - (word.text in ")]}")
            if depth == 0 and word.text == sign:
                parts.append(words[start:index])
                start = index + 1
    return [*parts, words[start:]]
