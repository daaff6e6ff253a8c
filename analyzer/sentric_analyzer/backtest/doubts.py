"""Names that findings speak of. Who attacks an agent writes whom it shall send to: none of that may be allowed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sentric.events import Action, AnyEvent, Message, Observation, Outcome
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.words.text import readable
from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding, Replay
from sentric_analyzer.backtest.example import name_of
from sentric_analyzer.backtest.used import uses_of

NAMES_LIMIT = 200_000
"""Names that are kept. Where findings name more, everything is in doubt."""
NAME_LENGTH = 253
"""Longest name, in characters: that of a domain."""
LABELS = 5
"""Labels of a host, from its end, under which it is looked for."""
GROUPS = 10
"""Groups in which an account or a phone number is written at most."""
GROUP_LENGTH = 16
ACCOUNT_LENGTH = 8
"""Shortest account or phone number that is put together from groups, in characters."""
ORDERS = "prompt_injection"
"""Category of the rules that find somebody else's orders in a text: what such a text names is in doubt."""
TOOLS = "supply_chain"
"""Category of the rules that find something wrong with a tool itself."""
_ADDED_UP = frozenset(rule.id for rule in BUILT_IN)
"""Rules that say nothing of the action they are found at: it was one too many."""
_WORD = re.compile(r"[\w@.+#-]+")
_EDGE = "@.+#-_"


def names_in(text: str) -> Iterator[str]:
    """Everything in a text that could be a name in an allow-list: words, addresses, hosts, accounts in groups."""
    shown = readable(text)
    for found in _WORD.finditer(shown.casefold()):
        word = found[0].strip(_EDGE)
        if word and len(word) <= NAME_LENGTH:
            yield word
            yield from _hosts(word)
    yield from _accounts(shown.split())


def _hosts(word: str) -> Iterator[str]:
    """The host in a word, and the domains it is in."""
    host = word.rpartition("@")[2]
    if not host.isascii() and (where := place(host)) is not None:
        host = where.host
    labels = host.split(".")[-LABELS:]
    yield from (".".join(labels[start:]) for start in range(len(labels) - 1))


def _accounts(tokens: list[str]) -> Iterator[str]:
    """What groups of digits and capitals are together: people write accounts with blanks."""
    groups = [_compact(token) if len(token) <= NAME_LENGTH else "" for token in tokens]
    for start, first in enumerate(groups):
        if not any(map(str.isdigit, first)):
            continue
        joined = ""
        for group in groups[start : start + GROUPS]:
            if joined and not _is_group(group):
                break
            joined += group
            if len(joined) >= ACCOUNT_LENGTH:
                yield joined.casefold()


def _is_group(token: str) -> bool:
    return 0 < len(token) <= GROUP_LENGTH and (token.isupper() or any(map(str.isdigit, token)))


def _compact(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@dataclass(slots=True)
class Names:
    """Names, each with where it was met first, in bounded memory."""

    met: dict[str, str] = field(default_factory=dict[str, str])
    overflow: str = ""
    """Where names were met that are not kept any more; everything counts as met then."""

    def meet(self, names: Iterable[str], where: str) -> None:
        """Remember names; `where` they were met is told later."""
        for name in names:
            if len(self.met) < NAMES_LIMIT:
                self.met.setdefault(name, where)
            elif name not in self.met:
                self.overflow = where

    def has(self, entry: str) -> str:
        """Where an entry of an allow-list was met, empty where it was not: as it is, or every word of it somewhere."""
        shown = readable(entry).casefold()
        if where := self.met.get(_compact(shown)) or self.met.get(shown.strip(_EDGE)):
            return where
        words = [found[0].strip(_EDGE) for found in _WORD.finditer(shown)]
        if all(word in self.met for word in words if word):
            return next((self.met[word] for word in words if word), self.overflow)
        return self.overflow


@dataclass(slots=True)
class Doubts:
    """What findings name, in every run: also in those that nothing is learned from."""

    names: Names = field(default_factory=Names)
    tools: dict[str, str] = field(default_factory=dict[str, str])
    """Tools whose definition is in doubt, and the rule that says so."""

    def add(self, judged: Replay, *, left_out: bool) -> Names:
        """Take note of what the findings of a run name.

        Args:
            judged: the run.
            left_out: nothing is learned from it; each of its findings counts, whatever its severity.

        Returns:
            What the texts name in which somebody else's orders were found.
        """
        events = {event.event_id: event for event in judged.run.events}
        ordered = Names()
        for found in judged.findings:
            event = events.get(found.event_id)
            is_grave = left_out or found.severity.rank() >= Severity.MEDIUM.rank()
            if is_grave or found.category == ORDERS:
                for text in _texts(found, event, is_grave=is_grave):
                    self.names.meet(names_in(text), found.rule_id)
            if found.category == ORDERS and event is not None and not isinstance(event, Action):
                ordered.meet(names_in(_shown(event)), found.rule_id)
            if is_grave and found.category == TOOLS and event is not None and len(self.tools) < NAMES_LIMIT:
                self.tools.setdefault(name_of(event).casefold(), found.rule_id)
        return ordered


def _texts(found: Finding, event: AnyEvent | None, *, is_grave: bool) -> Iterator[str]:
    """What a finding rests on. Evidence is an excerpt, so also whom the action reaches, or the whole text of orders."""
    yield from (piece.value for piece in found.evidence)
    if isinstance(event, Action):
        if is_grave and found.rule_id not in _ADDED_UP:
            yield from (entry for name, entry in uses_of(event) if name != "tools")
    elif event is not None and found.category == ORDERS:
        yield _shown(event)


def _shown(event: Message | Observation | Outcome) -> str:
    return f"{event.result}\n{event.error}" if isinstance(event, Outcome) else event.text
