"""What agents do when nothing goes wrong: the sites, tools and recipients they use, with how often and when."""

import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sentric.events import Author, Message, Run
from sentric.policy.readers.tasks.request import Request
from sentric.policy.rule import Severity
from sentric.policy.verdict import Replay, Step
from sentric_analyzer.backtest.doubts import Doubts, Names, names_in
from sentric_analyzer.backtest.used import uses_of

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
_NOBODY = frozenset(
    ("null", "none", "nil", "nan", "na", "unknown", "undefined", "unspecified", "empty", "placeholder", "tbd", "tba")
)
"""What programs and models write where nothing is to be said, without what is neither a letter nor a digit."""
_BLANK = re.compile(r"<.*>|\[.*\]|\{.*\}|\$\w+|(?i:your)[ _-].*|.*[ _-](?i:here)|[xX]{3,}", re.DOTALL)
"""A place that a template leaves to be filled in."""


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
    asked: int = 0
    """Runs in which the human or the operator names it."""
    doubted: int = 0
    """Runs with a finding of severity medium at an action that used it, or with somebody else's order to use it."""


@dataclass(slots=True)
class Uses:
    """One list of one agent: entries in the order of their last use, compared without regard to case."""

    entries: OrderedDict[str, Use] = field(default_factory=OrderedDict)
    forgotten: int = 0
    unlisted: int = 0
    """Uses of something that a list cannot hold: a secret, a bare host name, a wildcard, a word for nobody."""

    def see(self, entry: str, step: Step, *, new_run: bool) -> Use:
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
        use.rules.update(match.rule.id for match in step.verdict.matches if not match.again)
        return use

    def unseen(self, runs: int, withheld: Sequence[Use] = ()) -> float:
        """Share of further runs that would use something not in the list.

        The incidence-based estimate of Good and Turing (Chao and Colwell 2017): entries that one run alone used,
        by the number of runs; and the runs that used what is withheld, as if no two were the same.

        Args:
            runs: that were learned from.
            withheld: entries that are not allowed although they were used.
        """
        known = {id(use) for use in withheld}
        singles = sum(use.runs == 1 for use in self.entries.values() if id(use) not in known)
        others = self.forgotten + singles + sum(use.runs for use in withheld)
        return min(1.0, others / runs) if runs else 1.0


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

    def learn(self, run: "_Heard", step: Step) -> None:
        """Count what an action of a run uses."""
        for name, entry in uses_of(step.action):
            uses: Uses = getattr(self, name)
            if not _is_listable(name, entry):
                uses.unlisted += 1
                continue
            key = (name, entry.casefold())
            use = uses.see(entry, step, new_run=key not in run.seen)
            use.asked += key not in run.seen and run.asks_for(entry)
            if key not in run.doubted and (_is_doubted(step) or run.ordered.has(entry)):
                use.doubted += 1
                run.doubted.add(key)
            run.seen.add(key)


@dataclass(slots=True)
class _Heard:
    """What is known of a run while it is learned from."""

    ordered: Names
    """What somebody else's orders in it name."""
    request: Request = field(default_factory=Request)
    said: Names = field(default_factory=Names)
    """What the human and the operator name."""
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    doubted: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def hear(self, run: Run) -> None:
        """Take note of what the human and the operator say."""
        for event in run.events:
            if isinstance(event, Message) and event.author is not Author.MODEL:
                self.request.hear(event)
                self.said.meet(names_in(event.text), event.author)

    def asks_for(self, entry: str) -> bool:
        """Whether the human or the operator names an entry: nobody else's word allows it."""
        name = entry.lower()
        said = self.said.overflow == "" and self.said.has(entry) != ""
        return said or ("@" in name and self.request.task.names_address(name))


def _is_doubted(step: Step) -> bool:
    matches = step.verdict.matches
    return any(match.rule.severity.rank() >= Severity.MEDIUM.rank() for match in matches if not match.again)


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
    doubts: Doubts = field(default_factory=Doubts)

    def add(self, judged: Replay, earlier: Sequence[Run] = ()) -> bool:
        """Learn from a run.

        Args:
            judged: the run, judged by today's policy.
            earlier: runs of the same conversation before it, the oldest first.

        Returns:
            Whether it was learned from: not where a finding of severity high or critical says that harm was done.
        """
        ordered = self.doubts.add(judged, left_out=not is_honest(judged))
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
        heard = _Heard(ordered)
        for run in (*earlier, judged.run):
            heard.hear(run)
        for step in judged.steps:
            if step.outcome is None or not (step.outcome.error or step.outcome.refused):  # it was not, or hardly, done
                agent.learn(heard, step)
        return True


def _is_listable(name: str, entry: str) -> bool:
    """Whether an entry can stand in a list and says what it is: no secret, no wildcard, nothing unseen, somebody."""
    if not entry or len(entry) > TEXT_LIMIT or entry != entry.strip() or not entry.isprintable():
        return False
    if _FINGERPRINT in entry or "*" in entry:
        return False
    plain = "".join(filter(str.isalnum, entry)).casefold()
    if not plain or plain in _NOBODY or _BLANK.fullmatch(entry):
        return False
    return name != "domains" or _DOMAIN.fullmatch(entry) is not None
