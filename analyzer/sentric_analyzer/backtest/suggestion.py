"""A policy to review, written from what agents were seen to do: the way from observe to enforce."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

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
read every line before you enforce it. What fewer than {least} used is commented out. It names the people and the
accounts that agents wrote to: keep it as you keep those.
"""
ENTRIES = 500
"""Entries of one list that are written down; the most used first."""


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
            compared: both policies, tried on the runs that were learned from; where it is not known yet, the file
                says nothing of it.
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
            reason = _open_reason(uses, agent.runs)
            if not reason and which not in closed:
                closed.append(which)
            notes.append(reason or f"about {uses.unseen(agent.runs):.1%} of further runs would use others")
            stated: tuple[str, ...] = getattr(known, f"allowed_{which}")
            lists += _list(which, uses, stated, self.least, closed=which in closed)
        lists += [f"closed: [{', '.join(closed)}]" if closed else "# closed: []"]
        lists += [f"# {which}: {note}" for which, note in zip(LISTS, notes, strict=True)]
        head = f"{quoted(glob.escape(name))}:  # learned from {_many(agent.runs, 'run')}, {agent.left_out:,} left out"
        block = [f"  {head}", "    tuning:", *(f"      {line}" for line in lists)]
        return block if _is_active(lists) else [_comment(line) for line in block]


def quoted(text: str) -> str:
    """Text as a YAML scalar on one line, whatever is in it."""
    return yaml.safe_dump(clean_text(text), default_style='"', allow_unicode=True, width=1 << 20).rstrip("\n")


def _open_reason(uses: Uses, runs: int) -> str:
    """Why a list is not closed; empty where it is."""
    unseen = uses.unseen(runs)
    if runs < CLOSE_RUNS:
        return f"not closed: fewer than {CLOSE_RUNS} runs were seen"
    if uses.unlisted:
        return f"not closed: {_many(uses.unlisted, 'action')} used what a list cannot hold"
    if unseen > CLOSE_UNSEEN:
        return f"not closed: about {unseen:.0%} of further runs would use others"
    return ""


def _list(which: str, uses: Uses, stated: tuple[str, ...], least: int, *, closed: bool) -> list[str]:
    """The lines of one allow-list: today's entries, what was learned, and what needs a second look."""
    known = {entry.casefold() for entry in stated}
    learned = [use for key, use in uses.entries.items() if key not in known]
    learned.sort(key=lambda use: (-use.runs, -use.actions, use.entry))
    lines = [f"  - {quoted(entry)}  # in today's policy" for entry in stated]
    lines += [
        f"  {'' if use.runs >= least else '# '}- {quoted(use.entry)}  # {_used(use)}" for use in learned[:ENTRIES]
    ]
    if more := len(learned) - ENTRIES:
        lines += [f"  # and {more:,} more, each used less"] * (more > 0)
    if stated or any(use.runs >= least for use in learned[:ENTRIES]):
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
    """What enforcing would hold up in honest runs, under today's policy and under the suggested one."""
    rules = [tally for tally in compared.rules.values() if tally.before.held_up or tally.after.held_up]
    if not rules:
        yield "Enforced, neither today's policy nor this one would have held up any of these runs."
        return
    yield "What would have been held up in the runs that were learned from, had it been enforced: today -> with this."
    yield f"  {'rule':<40} {'asked':>16} {'blocked':>16} {'runs':>16}"
    for tally in sorted(rules, key=lambda tally: (-max(tally.before.held_up, tally.after.held_up), tally.rule_id)):
        asked, blocked = (
            _change(tally.before.decisions[decision], tally.after.decisions[decision])
            for decision in (Decision.ASK, Decision.BLOCK)
        )
        runs = _change(tally.before.held_up, tally.after.held_up)
        yield f"  {tally.rule_id:<40} {asked:>16} {blocked:>16} {runs:>16}"


def _overrides(compared: Comparison) -> list[str]:
    """Weaker decisions for rules that hold up many honest runs, as comments: a person decides on them."""
    noisy = [tally for tally in compared.rules.values() if tally.after.held_up > NOISY * compared.runs]
    if not noisy:
        return []
    lines = [f"These rules would hold up more than {NOISY:.0%} of the runs. Weaken them only if they are wrong there:"]
    lines += ["override:"]
    lines += [_weakened(tally, compared.runs) for tally in sorted(noisy, key=lambda tally: -tally.after.held_up)]
    return ["", *map(_comment, lines)]


def _weakened(tally: RuleTally, runs: int) -> str:
    share = tally.after.held_up / runs
    return f"  {tally.rule_id}: {{decision: warn}}  # {_many(tally.after.held_up, 'run')}, {share:.0%}"


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
