"""A policy to review, written from what agents were seen to do: the way from observe to enforce."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import Decision, Policy
from sentric_analyzer.backtest.comparison import Comparison, RuleTally
from sentric_analyzer.backtest.habits import LISTS, AgentHabits, Habits, Use, Uses
from sentric_analyzer.document import clean_text

CLOSE_RUNS = 20
"""Runs of an agent from which on its lists are closed."""
CLOSE_UNSEEN = 0.05
"""Share of further runs that may be expected to use something outside a list that is closed."""
NOISY = 0.05
"""Share of honest runs that a rule may hold up before a weaker decision is proposed."""
HEAD = """\
A policy to review, suggested by `sentric policy suggest`. An allow-list is as good as the runs it was learned from:
read every line before you enforce it. What fewer than {least} used is commented out, and what is in doubt: what a
finding names, and whom no task names, for an attacker may have written it. It names the people and the accounts that
agents wrote to: keep it as you keep those.
"""
ENTRIES = 500
"""Entries of one list that are written down; the most used first."""

_BUILT_IN = frozenset(rule.id for rule in BUILT_IN)
_Learned = list[tuple[Use, str]]
"""Entries, each with why it is not allowed yet; with an empty text where it is."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What was learned, ready to be written down.

    Args:
        habits: what the agents were seen to use.
        today: the policy of today; what its allow-lists hold stays allowed.
        project: whose agents these are.
        least: runs that must have used an entry before it is allowed; others are written as comments.
    """

    habits: Habits
    today: Policy
    project: str
    least: int

    @property
    def runs(self) -> int:
        """Runs that were learned from."""
        return sum(agent.runs for agent in self.habits.agents.values())

    def text(self, *, extends: str = "", compared: Comparison | None = None) -> str:
        """The policy file.

        Args:
            extends: path of today's policy file, as the new file names it; empty for the shipped rules.
            compared: both policies, tried on all runs, also on those that were left out; where it is not known yet,
                the file says nothing of it.
        """
        lines = ["policy: suggested"]
        if extends:
            lines += [f"extends: [{quoted(extends)}]"]
        blocks = [self._agent(name, agent) for name, agent in sorted(self.habits.agents.items()) if agent.runs]
        active = any(_is_active(block) for block in blocks)
        lines += ["", "agents:" if active else "# agents:"]
        for block in blocks:
            lines += block
        head = [*HEAD.format(least=_many(self.least, "run")).splitlines(), "", *self.summary(compared), ""]
        tail = _overrides(compared) if compared else []
        return "\n".join([*map(_comment, head), *lines, *tail]) + "\n"

    def summary(self, compared: Comparison | None = None) -> Iterator[str]:
        """What it was learned from, and what enforcing would have held up, line by line."""
        agents = self.habits.agents.values()
        moments = [moment for agent in agents for moment in (agent.first, agent.last) if moment]
        when = f" of {_days(min(moments), max(moments))}" if moments else ""
        yield f"Learned from {_many(self.runs, 'run')}{when} of {_many(len(agents), 'agent')}."
        if left_out := sum(agent.left_out for agent in agents):
            yield f"Nothing was learned from {_many(left_out, 'run')} with a finding of severity high or critical:"
            yield from (f"  {rule_id:<40} {_many(count, 'run')}" for rule_id, count in _ranked(self.habits.reasons))
            yield "If these findings are wrong, correct their rules first, and ask again."
        if self.habits.beyond:
            yield f"Nothing was learned from {_many(self.habits.beyond, 'run')} of still more agents."
        if compared:
            yield ""
            yield from _held_up(compared)

    def _agent(self, name: str, agent: AgentHabits) -> list[str]:
        """The lines of one agent; all of them comments where nothing is allowed yet."""
        known = self.today.for_run(self.project, name).tuning
        closed: list[str] = list(known.closed)
        lists: list[str] = []
        notes: list[str] = []
        for which in LISTS:
            uses: Uses = getattr(agent, which)
            stated: tuple[str, ...] = getattr(known, f"allowed_{which}")
            learned = self._learned(which, uses, stated)
            unseen = uses.unseen(agent.runs, [use for use, doubt in learned if doubt])
            reason = _open_reason(uses, agent.runs, unseen)
            if not reason and which not in closed:
                closed.append(which)
            notes.append(reason or f"about {unseen:.1%} of further runs would use others")
            lists += _list(which, learned, stated, closed=which in closed)
        lists += [f"closed: [{', '.join(closed)}]" if closed else "# closed: []"]
        lists += [f"# {which}: {note}" for which, note in zip(LISTS, notes, strict=True)]
        head = f"{quoted(glob.escape(name))}:  # learned from {_many(agent.runs, 'run')}, {agent.left_out:,} left out"
        block = [f"  {head}", "    tuning:", *(f"      {line}" for line in lists)]
        return block if _is_active(lists) else [_comment(line) for line in block]

    def _learned(self, which: str, uses: Uses, stated: tuple[str, ...]) -> "_Learned":
        """What was learned besides today's entries, the most used first, each with why it is not allowed yet."""
        known = {entry.casefold() for entry in stated}
        learned = [use for key, use in uses.entries.items() if key not in known]
        learned.sort(key=lambda use: (-use.runs, -use.actions, use.entry))
        return [(use, self._doubt(which, use)) for use in learned]

    def _doubt(self, which: str, use: Use) -> str:
        """Why an entry is not allowed yet; empty where it is."""
        doubts = self.habits.doubts
        if which == "tools":
            if rule_id := doubts.tools.get(use.entry.casefold()):
                return f"in doubt: a finding of {rule_id} is about it"
            if use.doubted and use.runs - use.doubted < self.least <= use.runs:
                return f"in doubt: {_many(use.doubted, 'run')} with a finding about its use, or an order to use it"
        elif rule_id := doubts.names.has(use.entry):
            return f"in doubt: named in a finding of {rule_id}"
        elif which == "recipients" and not use.asked:
            return "in doubt: no task and no operator names it; it came from what the agent read"
        return f"fewer than {_many(self.least, 'run')}" if use.runs < self.least else ""


def quoted(text: str) -> str:
    """Text as a YAML scalar on one line, whatever is in it."""
    return yaml.safe_dump(clean_text(text), default_style='"', allow_unicode=True, width=1 << 20).rstrip("\n")


def _open_reason(uses: Uses, runs: int, unseen: float) -> str:
    """Why a list is not closed; empty where it is."""
    if runs < CLOSE_RUNS:
        return f"not closed: fewer than {CLOSE_RUNS} runs were seen"
    if uses.unlisted:
        return f"not closed: {_many(uses.unlisted, 'action')} used what a list cannot hold"
    if unseen > CLOSE_UNSEEN:
        return f"not closed: about {unseen:.0%} of further runs would use others"
    return ""


def _list(which: str, learned: _Learned, stated: tuple[str, ...], *, closed: bool) -> list[str]:
    """The lines of one allow-list: today's entries, what was learned, and what needs a second look."""
    lines = [f"  - {quoted(entry)}  # in today's policy" for entry in stated]
    lines += [
        f"  {'# ' if doubt else ''}- {quoted(use.entry)}  # {_used(use)}{'; ' if doubt else ''}{doubt}"
        for use, doubt in learned[:ENTRIES]
    ]
    if more := len(learned) - ENTRIES:
        lines += [f"  # and {more:,} more, each used less"] * (more > 0)
    if stated or not all(doubt for _, doubt in learned[:ENTRIES]):
        return [f"allowed_{which}:", *lines]
    if closed:
        return [f"allowed_{which}: []", *lines]
    return [f"# allowed_{which}:", *lines] if lines else []


def _used(use: Use) -> str:
    when = f", {_days(use.first, use.last)}" if use.first else ""
    rules = [rule_id for rule_id, _ in _ranked(use.rules)]
    matched = f"; matched {', '.join(rules)}" if rules else ""
    return f"{_many(use.runs, 'run')}, {_many(use.actions, 'action')}{when}{matched}"


def _held_up(compared: Comparison) -> Iterator[str]:
    """What enforcing would do to all runs, under today's policy and under the suggested one, rule by rule."""
    rules = [tally for tally in compared.rules.values() if tally.before.held_up or tally.after.held_up or tally.changed]
    of_runs = f"{_many(compared.runs, 'run')}, also of those that nothing was learned from"
    if not rules:
        yield f"Enforced, neither today's policy nor this one would have held up any of all {of_runs}."
        return
    yield f"What would have become of all {of_runs}, had it been enforced: today -> with this."
    yield f"  {'rule':<40} {'matched':>16} {'asked':>16} {'blocked':>16} {'runs held up':>16} {'without harm':>16}"
    for tally in sorted(rules, key=_weight):
        before, after = tally.before, tally.after
        counts = (
            (before.decisions.total(), after.decisions.total()),
            (before.decisions[Decision.ASK], after.decisions[Decision.ASK]),
            (before.decisions[Decision.BLOCK], after.decisions[Decision.BLOCK]),
            (before.held_up, after.held_up),
            (before.honest_held_up, after.honest_held_up),
        )
        yield " ".join([f"  {tally.rule_id:<40}", *(f"{_change(*count):>16}" for count in counts)])
    yield "Runs without harm are those without a finding of severity high or critical today."
    if looser := sum(count for (before, after), count in compared.actions.items() if after.rank() < before.rank()):
        yield f"{_many(looser, 'action')} would be decided less strictly than today: look at them in a back-test."


def _weight(tally: RuleTally) -> tuple[int, int, str]:
    """Rules that change first, then those that hold up most."""
    return -tally.changed, -max(tally.before.held_up, tally.after.held_up), tally.rule_id


def _overrides(compared: Comparison) -> list[str]:
    """Weaker decisions for rules that hold up many honest runs, as comments: a person decides on them."""
    runs = compared.honest_runs
    noisy = [tally for tally in compared.rules.values() if tally.after.honest_held_up > NOISY * runs]
    noisy = [tally for tally in noisy if tally.rule_id not in _BUILT_IN]
    if not noisy:
        return []
    lines = [
        f"These rules would hold up more than {NOISY:.0%} of the runs without a finding of severity high or critical.",
        "Weaken them only if they are wrong there:",
        "override:",
    ]
    lines += [_weakened(tally, runs) for tally in sorted(noisy, key=lambda tally: -tally.after.honest_held_up)]
    return ["", *map(_comment, lines)]


def _weakened(tally: RuleTally, runs: int) -> str:
    held_up = tally.after.honest_held_up
    return f"  {tally.rule_id}: {{decision: warn}}  # {_many(held_up, 'run')}, {held_up / runs:.0%}"


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


def _is_active(block: Iterable[str]) -> bool:
    return any(not line.lstrip().startswith("#") for line in block)


def _change(before: int, after: int) -> str:
    return f"{before:,} -> {after:,}" if before != after else f"{before:,}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _days(first: int, last: int) -> str:
    days = [datetime.fromtimestamp(moment // 1_000_000_000, UTC).date().isoformat() for moment in (first, last)]
    return days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
