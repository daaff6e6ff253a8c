"""Finds rules that can never match: they load, look well, and protect from nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import re2

from sentric.events import Author, Effect, Kind, Source
from sentric.policy.document import near_or_all
from sentric.policy.rule import ACTION, LOOKS_AT, SENDING, Scope
from sentric.policy.signals.family import stated_about
from sentric.policy.signals.registry import FAMILIES
from sentric.policy.syntax import Sort, Token, resolved, tokens
from sentric.policy.variables import declared

_VALUES: Mapping[str, tuple[str, ...]] = {
    "action.kind": tuple(Kind),
    "action.effects": tuple(Effect),
    "observation.source": tuple(Source),
    "message.author": (Author.MODEL,),
}
"""Variables that have one of some values."""


def impossible(text: str, on: Sequence[str], scopes: Sequence[Scope]) -> Iterator[tuple[int, str]]:
    """What makes a condition, or a part of it, senseless although its types are right.

    Args:
        text: the condition.
        on: what the rule looks at.
        scopes: the scopes of that.

    Yields:
        The line within the condition, from 1, and what is wrong.
    """
    known = {name: kind for scope in scopes for name, kind in declared(scope).items()}
    words = tokens(text)
    yield from _wrong_values(words, known, _possible(on))
    yield from _wrong_patterns(words)
    yield from _silent_signals(words, known, scopes)


def _possible(on: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    kinds = tuple("message" if name == SENDING else name for name in on if name in LOOKS_AT[len(Scope) :])
    return _VALUES if ACTION in on or not kinds else {**_VALUES, "action.kind": kinds}


def _wrong_values(
    words: Sequence[Token], known: Mapping[str, object], possible: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[int, str]]:
    for index, word in enumerate(words):
        variable, rest = resolved(word.text, known) if word.sort is Sort.NAME else ("", "")
        if rest or variable not in possible:
            continue
        for compared in _compared(words, index):
            literal = compared.literal
            if literal is not None and literal not in possible[variable]:
                yield compared.line, f"{variable} is never {literal!r}{near_or_all(literal, possible[variable])}"


def _compared(words: Sequence[Token], index: int) -> list[Token]:
    """The literals that the variable at an index is compared with."""
    found: list[Token] = []
    before, after = words[max(0, index - 2) : index], words[index + 1 :]
    if len(before) == 2 and before[1].text in {"==", "!=", "in"}:
        found.append(before[0])
    if len(after) > 1 and after[0].text in {"==", "!="}:
        found.append(after[1])
    if len(after) > 1 and after[0].text == "in" and after[1].text == "[":
        end = next((place for place, word in enumerate(after) if word.text == "]"), 0)
        found.extend(after[2:end])
    return found


def _wrong_patterns(words: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for name, bracket, pattern in zip(words, words[1:], words[2:], strict=False):
        is_search = name.text == "matches" or name.text.endswith(".matches")
        if name.sort is Sort.NAME and is_search and bracket.text == "(":
            literal = pattern.literal
            if literal is not None and (fault := fault_of(literal)):
                yield pattern.line, f"{literal!r} is not a regular expression: {fault}"


def fault_of(pattern: str) -> str:
    """What is wrong with a regular expression of RE2's syntax; empty where nothing is."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair"
    return ""


def _silent_signals(
    words: Sequence[Token], known: Mapping[str, object], scopes: Sequence[Scope]
) -> Iterator[tuple[int, str]]:
    for word in words:
        variable = resolved(word.text, known)[0] if word.sort is Sort.NAME else ""
        if variable.startswith("signals."):
            about = _ABOUT[variable]()
            if not set(about) & set(scopes):
                stated = " and ".join(f"{scope}s" for scope in about) or "nothing"
                yield word.line, f"{variable} is stated about {stated} only: this rule looks at something else"


def _about(family: type, field: str) -> Callable[[], tuple[Scope, ...]]:
    return lambda: stated_about(family, field)


_ABOUT: Mapping[str, Callable[[], tuple[Scope, ...]]] = {
    f"signals.{field}": _about(family, field)
    for family in FAMILIES
    for field in family.facts.__dataclass_fields__  # names only: their types are not needed here
}
