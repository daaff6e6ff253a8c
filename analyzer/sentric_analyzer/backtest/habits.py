"""What agents do when nothing goes wrong: the sites, tools and recipients they use, with how often and when."""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sentric.events import Action, Effect, Kind
from sentric.policy.rule import Severity
from sentric.policy.signals.hosts import Place, known_suffix, place
from sentric.policy.signals.listed import recipients
from sentric.policy.signals.reading import reading
from sentric.policy.verdict import Replay, Step
from sentric_analyzer.backtest.example import name_of

AGENT_LIMIT = 500
"""Agents that habits are learned of; the runs of any more are left out and counted."""
ENTRY_LIMIT = 5_000
"""Entries of one list of one agent; the one that was not seen longest is forgotten first."""
TEXT_LIMIT = 253
"""Longest entry, in characters: that of a domain name."""
LISTS = ("tools", "domains", "recipients")
"""The lists that are learned, as a policy's `closed` names them."""
_FINGERPRINT = "‹secret:"
_DOMAIN = re.compile(r"[^\s/:.]+(?:\.[^\s/:.]+)+")
_REACHING = frozenset({Effect.SEND, Effect.PAY, Effect.GRANT})
"""Effects that have a recipient."""


@dataclass(slots=True)
class Use:
    """How an entry of a list was used."""

    entry: str
    runs: int = 0
    actions: int = 0
    first: int = 0
    """Unix nanoseconds; 0 where no time is known."""
    last: int = 0
    rules: Counter[str] = field(default_factory=Counter[str])
    """Rules that matched actions that used it: all of severity low or medium."""


@dataclass(slots=True)
class Uses:
    """One list of one agent: entries in the order of their last use, compared without regard to case."""

    entries: OrderedDict[str, Use] = field(default_factory=OrderedDict)
    forgotten: int = 0
    unlisted: int = 0
    """Uses of something that a list cannot hold: a secret, a bare host name, a text with a wildcard in it."""

    def see(self, entry: str, step: Step, *, new_run: bool) -> None:
        """Count a use."""
        key = entry.casefold()
        use = self.entries.setdefault(key, Use(entry))
        self.entries.move_to_end(key)
        if len(self.entries) > ENTRY_LIMIT:
            self.entries.popitem(last=False)
            self.forgotten += 1
        use.runs += new_run
        use.actions += 1
        if moment := step.action.time:
            use.first, use.last = min(use.first or moment, moment), max(use.last, moment)
        use.rules.update(match.rule.id for match in step.verdict.matches)

    def unseen(self, runs: int) -> float:
        """Share of further runs that would use something not in the list.

        The incidence-based estimate of Good and Turing (Chao and Colwell 2017): entries that one run alone used,
        by the number of runs.
        """
        singles = self.forgotten + sum(use.runs == 1 for use in self.entries.values())
        return min(1.0, singles / runs) if runs else 1.0


@dataclass(slots=True)
class AgentHabits:
    """What one agent uses."""

    runs: int = 0
    """Runs that were learned from."""
    left_out: int = 0
    """Runs with a finding of severity high or critical, which nothing is learned from."""
    tools: Uses = field(default_factory=Uses)
    domains: Uses = field(default_factory=Uses)
    recipients: Uses = field(default_factory=Uses)
    first: int = 0
    """Unix nanoseconds of the start of the earliest run that was learned from; 0 where no time is known."""
    last: int = 0

    def see(self, name: str, entry: str, step: Step, seen: set[tuple[str, str]]) -> None:
        """Count a use; `seen`: what the run has used already."""
        uses: Uses = getattr(self, name)
        if not _is_listable(name, entry):
            uses.unlisted += 1
            return
        key = (name, entry.casefold())
        uses.see(entry, step, new_run=key not in seen)
        seen.add(key)


def is_honest(judged: Replay) -> bool:
    """Whether nothing says that harm was done: no finding of severity high or critical."""
    return not any(_is_grave(found.severity) for found in judged.findings)


def _is_grave(severity: Severity) -> bool:
    return severity.rank() >= Severity.HIGH.rank()


@dataclass(slots=True)
class Habits:
    """Learns from judged runs, one by one, in bounded memory."""

    agents: dict[str, AgentHabits] = field(default_factory=dict[str, AgentHabits])
    reasons: Counter[str] = field(default_factory=Counter[str])
    """Rules of severity high or critical, by the runs they kept from being learned from."""
    beyond: int = 0
    """Runs of agents beyond the limit."""

    def add(self, judged: Replay) -> bool:
        """Learn from a run.

        Returns:
            Whether it was learned from: not where a finding of severity high or critical says that harm was done.
        """
        agent = self.agents.get(judged.run.agent)
        if agent is None:
            if len(self.agents) >= AGENT_LIMIT:
                self.beyond += 1
                return False
            agent = self.agents.setdefault(judged.run.agent, AgentHabits())
        if not is_honest(judged):
            self.reasons.update({found.rule_id for found in judged.findings if _is_grave(found.severity)})
            agent.left_out += 1
            return False
        agent.runs += 1
        if started := judged.run.started:
            agent.first, agent.last = min(agent.first or started, started), max(agent.last, started)
        seen: set[tuple[str, str]] = set()
        for step in judged.steps:
            if step.outcome is None or not (step.outcome.error or step.outcome.refused):  # it was not, or hardly, done
                for name, entry in _uses(step.action):
                    agent.see(name, entry, step, seen)
        return True


def _uses(action: Action) -> Iterator[tuple[str, str]]:
    """What an action uses: the name of a list, and the entry."""
    goes = reading(action).goes
    places = (*goes.places, goes.form, place(action.url) if action.url else None)
    found = [("tools", name_of(action))]
    found += [("domains", _domain(where)) for where in places if where is not None and where.host]
    if not action.effects.isdisjoint(_REACHING) and action.kind is not Kind.HTTP:
        found += [("recipients", recipient) for recipient in recipients(action)]
    told_apart: dict[tuple[str, str], tuple[str, str]] = {}
    for name, entry in found:
        told_apart.setdefault((name, entry.casefold()), (name, entry))
    yield from told_apart.values()


def _domain(where: Place) -> str:
    """What an allow-list names: the registered domain, or the host where there is none."""
    return where.site if where.label and not where.address and known_suffix(where.host) else where.host


def _is_listable(name: str, entry: str) -> bool:
    """Whether an entry can stand in a list and says what it is: no secret, no wildcard, nothing unseen."""
    if not entry or len(entry) > TEXT_LIMIT or entry != entry.strip() or not entry.isprintable():
        return False
    if _FINGERPRINT in entry or "*" in entry:
        return False
    return name != "domains" or _DOMAIN.fullmatch(entry) is not None
