"""Rules for people who write no conditions: regular expressions, and words or phrases, searched in texts."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import re2

from sentric.errors import SentricError
from sentric.events import Action, AnyEvent, Message, Observation
from sentric.policy.impossible import fault_of
from sentric.policy.readers.words.text import leaves, readable
from sentric.policy.rule import Over, Rule, RuleType, Scope
from sentric.policy.variables import compact

PATTERN_LIMIT = 4000
"""Longest pattern, in characters."""
_MEMORY = 64 << 20
"""Bytes the automaton of a set may take."""
_CANARY = "(?s)."
"""Matches every text but the empty one: its silence means that the automaton ran out of memory."""
_PIECES = re.compile(
    r"""(?P<code>\\x(?:\{(?P<long>[0-9A-Fa-f]{1,6})\}|(?P<short>[0-9A-Fa-f]{2})))
    |(?P<quoted>\\Q.*?(?:\\E|$))
    |(?P<other>\\[pP](?:\{[^}]*\}|.) | \\. | \[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\] | [|()*+?{}.^$])""",
    re.VERBOSE | re.DOTALL,
)
"""What of a regular expression is no plain text: codes of characters, classes, operators."""
_ANCHORS = ("^", "$", r"\A", r"\z", r"\B")
_SHARP = re.compile("(?i)ss|ẞ")
_APOSTROPHES = "'\u2018\u2019\u02bc"
_SCOPES = {
    Over.ARGUMENTS: Scope.ACTION,
    Over.REASONING: Scope.ACTION,
    Over.RESULT: Scope.OBSERVATION,
    Over.MESSAGE: Scope.MESSAGE,
}


class PatternError(SentricError):
    """A pattern cannot be used."""


def scope_of(over: Over) -> Scope:
    """The scope in which a text is found."""
    return _SCOPES[over]


def expression(form: RuleType, pattern: str) -> str:
    """A rule's pattern in RE2's syntax.

    Raises:
        PatternError: it has none, it is not well formed, it matches everything, or it can match nothing.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise PatternError(f"is longer than {PATTERN_LIMIT} characters")
    if form is RuleType.REGEX and (fault := fault_of(pattern)):
        raise PatternError(f"{pattern!r} is not a regular expression: {fault}")
    for text in _plain(pattern) if form is RuleType.REGEX else ():
        if (shown := readable(text)) != text:
            cure = f"write {shown!r}" if shown else "leave it out"
            raise PatternError(f"{text!r} is never found, because texts are searched as a model reads them: {cure}")
    written = _phrases(pattern) if form is RuleType.PHRASES else f"(?:{pattern})"
    if re2.compile(written).search("") is not None:
        raise PatternError(f"{pattern!r} matches every text, even the empty one")
    return written


def text_of(over: Over, event: AnyEvent) -> str:
    """The text that a rule searches, `readable`; empty where an event has none.

    Arguments are searched as one line of JSON, and where that has escapes also as the plain texts in it. A pattern that
    asks for the beginning or the end of a text is searched in each of these texts, too, whether or not there are any.
    """
    match over, event:
        case Over.ARGUMENTS, Action():
            return _arguments(event)
        case Over.REASONING, Action():
            return readable(event.reasoning.text)
        case Over.RESULT, Observation():
            return readable(event.text)
        case Over.MESSAGE, Message():
            return readable(event.text)
        case _:
            return ""


class TextRules:
    """The rules with patterns of one scope, searched in one pass over each text."""

    def __init__(self, rules: Sequence[Rule], scope: Scope) -> None:
        """Compile the patterns of some rules; those without one are left out."""
        worded = [(index, rule) for index, rule in enumerate(rules) if rule.type is not RuleType.CEL]
        self._rules = tuple((index, rule.over) for index, rule in worded)
        self._over = tuple(
            over for over in Over if scope_of(over) is scope and any(over in rule.over for _, rule in worded)
        )
        self._search = _search(tuple(expression(rule.type, rule.pattern) for _, rule in worded))
        self._anchored = tuple(
            number
            for number, (_, rule) in enumerate(worded)
            if Over.ARGUMENTS in rule.over and rule.type is RuleType.REGEX and _is_anchored(rule.pattern)
        )
        self._alone = _search(
            tuple(expression(worded[number][1].type, worded[number][1].pattern) for number in self._anchored)
        )

    def matching(self, event: AnyEvent) -> dict[int, tuple[Over, str]]:
        """What matches an event: the place of the rule among those given, where it matches, and the words."""
        found: dict[int, tuple[Over, str]] = {}
        for over in self._over:
            text = text_of(over, event)
            for number in self._search.matching(text) if text else ():
                index, places = self._rules[number]
                if over in places and index not in found:
                    found[index] = over, self._search.first(number, text)
        if self._anchored and isinstance(event, Action):
            for index, words in self._matching_alone(event):
                found.setdefault(index, (Over.ARGUMENTS, words))
        return found

    def _matching_alone(self, action: Action) -> Iterator[tuple[int, str]]:
        """What matches the whole of a value, or its beginning or end."""
        for _, leaf in leaves(action.arguments):
            text = readable(leaf)
            for place in self._alone.matching(text) if text else ():
                yield self._rules[self._anchored[place]][0], self._alone.first(place, text)


class _Search:
    """A set of patterns."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._single = [re2.compile(pattern, _options()) for pattern in patterns]
        self._together = _set(patterns)

    def matching(self, text: str) -> list[int]:
        """The numbers of the patterns that match; one by one where the set ran out of memory."""
        matched = set[int]((self._together and self._together.Match(text)) or [])
        if len(self._single) not in matched:
            return [number for number, one in enumerate(self._single) if one.search(text)]
        return sorted(matched - {len(self._single)})

    def first(self, number: int, text: str) -> str:
        """The words that a pattern matches first."""
        found = self._single[number].search(text)
        return str(found[0]) if found is not None else ""


@lru_cache(maxsize=32)
def _search(patterns: tuple[str, ...]) -> _Search:
    """One automaton for all kinds of action that the same rules look at."""
    return _Search(patterns)


def _set(patterns: tuple[str, ...]) -> "re2.Set | None":
    options = _options()
    options.max_mem = _MEMORY
    together = re2.Set.SearchSet(options)
    try:
        for pattern in (*patterns, _CANARY):
            together.Add(pattern)
        together.Compile()
    except re2.error:
        return None  # each is well formed: together they are too large
    return together


def _options() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    return options


def _arguments(action: Action) -> str:
    text = compact(action.arguments)
    if "\\" in text:
        text = "\n".join((text, *(leaf for _, leaf in leaves(action.arguments))))
    return readable(text)


def _phrases(pattern: str) -> str:
    phrases = [" ".join(readable(part).split()) for part in pattern.split("|")]
    if not all(phrases):
        raise PatternError(f"{pattern!r} has an empty phrase: write phrases like 'drop table|truncate table'")
    return "(?i)(?:" + "|".join(map(_phrase, phrases)) + ")"


def _phrase(text: str) -> str:
    text = _SHARP.sub("ß", text)
    body, end = (text[:-1], rf"(?:ss\b|[ßẞ]{_edge('ß', before=False)})") if text[-1] == "ß" else (text, "")
    words = r"[\s\pZ]+".join("".join(map(_letter, word)) for word in body.split(" "))
    return _edge(text[0], before=True) + words + (end or _edge(text[-1], before=False))


def _letter(char: str) -> str:
    """A letter as it may be written: search knows no case of `ß`, and word processors bend apostrophes."""
    if char == "ß":
        return "(?:ss|[ßẞ])"
    return f"[{_APOSTROPHES}]" if char in _APOSTROPHES else str(re2.escape(char))


def _plain(pattern: str) -> Iterator[str]:
    """The stretches of plain text in a regular expression; what stands in classes is none."""
    start = 0
    for piece in _PIECES.finditer(pattern):
        yield pattern[start : piece.start()]
        start = piece.end()
        if (code := int(piece["long"] or piece["short"] or "0", 16)) > 0x7F:
            yield chr(code) if code < 0x110000 else ""
        elif piece["quoted"]:
            yield piece[0][2:].removesuffix(r"\E")
    yield pattern[start:]


def _is_anchored(pattern: str) -> bool:
    return any(anchor in pattern.replace("[^", "[") for anchor in _ANCHORS)


def _edge(char: str, *, before: bool) -> str:
    """The end of a word, where words have ends: scripts without letter case are often written without spaces."""
    if char.isascii():
        return r"\b" if char.isalnum() or char == "_" else ""
    if unicodedata.category(char) not in {"Lu", "Ll"}:
        return ""
    return r"(?:^|[^\pL\pN_])" if before else r"(?:$|[^\pL\pN_])"
