"""From a back-test document to what is said of it, decided once for the terminal and for HTML.

Every text here has passed `visible`; nothing in it is markup of any kind.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sentric_analyzer.console.report import SEVERITIES, Fact
from sentric_analyzer.visible import one_line, plural, visible

Json = Mapping[str, Any]

DECISIONS = ("allow", "warn", "ask", "block")
"""As a back-test orders them: more and more oversight."""
HYPOTHETICAL = (
    "The runs are as they were recorded: what follows a refusal would not have happened, so later actions of the same "
    "run count too much."
)
_SHOWN = frozenset({"action.arguments", "action.reasoning", "action.url"})
"""Evidence that stands in full beside the rest, and so not among it."""
BY_HAND = "A person's answers are not known: everything asked counts as asked, whatever the answer would have been."


@dataclass(frozen=True, slots=True)
class Compared:
    """A number under today's policy, and under the one that was tried."""

    name: str
    before: int
    after: int

    @property
    def difference(self) -> str:
        """With its sign; empty where there is none."""
        return f"{self.after - self.before:+,}" if self.before != self.after else ""


@dataclass(frozen=True, slots=True)
class Change:
    """Actions that are decided otherwise."""

    before: str
    after: str
    actions: int

    @property
    def stricter(self) -> bool:
        """Whether the new decision means more oversight."""
        return DECISIONS.index(self.after) > DECISIONS.index(self.before)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule under both policies."""

    rule_id: str
    title: str
    severity: str
    """The highest it was found with, under either policy."""
    counts: tuple[Compared, ...]
    """Places it matched, by its decision there; the last is the runs it would have held up."""
    changed: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent under both policies."""

    agent: str
    runs: int
    actions: int
    counts: tuple[Compared, ...]
    """Actions by decision; the last is the runs that would have been held up."""
    changed: int


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched at an example."""

    rule_id: str
    title: str
    severity: str
    decision: str
    risk: int
    evidence: tuple[Fact, ...]
    failure: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What one policy says of an example."""

    name: str
    decision: str
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One place in a recorded run, before and after."""

    number: int
    heading: str
    facts: tuple[Fact, ...]
    content: str
    """The arguments of an action, or the text that was shown."""
    content_name: str
    reasoning: str
    result: str
    sides: tuple[Judged, Judged]

    @property
    def changed(self) -> bool:
        """Whether the two policies decide otherwise."""
        return self.sides[0].decision != self.sides[1].decision


@dataclass(frozen=True, slots=True)
class Backtest:
    """A back-test, for reading."""

    title: str
    headline: str
    scope: str
    decisions: tuple[Compared, ...]
    runs: tuple[Compared, ...]
    """Runs by the strictest decision about any of their actions."""
    changes: tuple[Change, ...]
    policies: tuple[Fact, ...]
    rules: tuple[RuleRow, ...]
    agents: tuple[AgentRow, ...]
    examples: tuple[Example, ...]
    caveats: tuple[str, ...]
    unread: tuple[str, ...]


def read_backtest(document: Json) -> Backtest:
    """Read a back-test document, the shape that `sentric_analyzer.backtest.backtest_document` gives."""
    changes = tuple(Change(change["before"], change["after"], change["actions"]) for change in document["changes"])
    before, after = (one_line(document["policies"][side]["name"]) for side in ("before", "after"))
    return Backtest(
        title=f"{after} against {before}",
        headline=_headline(changes, document["actions"]),
        scope=_scope(document),
        decisions=_compared(DECISIONS, document["decisions"]),
        runs=_compared(DECISIONS, document["strictest_of_run"]),
        changes=tuple(sorted(changes, key=lambda change: -change.actions)),
        policies=tuple(_policies(document["policies"])),
        rules=tuple(map(_rule, document["rules"])),
        agents=tuple(map(_agent, document["agents"])),
        examples=tuple(map(_example, document["examples"])),
        caveats=(HYPOTHETICAL, BY_HAND),
        unread=tuple(map(one_line, document["unread"])),
    )


def _headline(changes: Iterable[Change], actions: int) -> str:
    changes = tuple(changes)
    stricter = sum(change.actions for change in changes if change.stricter)
    looser = sum(change.actions for change in changes if not change.stricter)
    if not changes:
        return f"All {plural(actions, 'action')} would be decided as they are today"
    parts = [f"{number:,} {how}" for number, how in ((stricter, "stricter"), (looser, "looser")) if number]
    return f"{stricter + looser:,} of {plural(actions, 'action')} would be decided otherwise: {', '.join(parts)}"


def _scope(document: Json) -> str:
    days = [(document[moment] or "")[:10] for moment in ("first_run", "last_run")]
    when = f", {days[0]}" if days[0] else ""
    until = f" to {days[1]}" if days[1] and days[1] != days[0] else ""
    agents = plural(len(document["agents"]), "agent")
    return f"{plural(document['runs'], 'run')} of {agents}, {plural(document['actions'], 'action')}{when}{until}"


def _compared(names: Iterable[str], sides: Json) -> tuple[Compared, ...]:
    return tuple(Compared(name, sides["before"][name], sides["after"][name]) for name in names)


def _policies(policies: Json) -> Iterator[Fact]:
    for side, name in (("before", "Today"), ("after", "Tried")):
        policy = policies[side]
        yield Fact(name, f"{one_line(policy['name'])} ({one_line(policy['digest'])})")
        if policy["loosened"]:
            yield Fact("loosened", ", ".join(map(one_line, policy["loosened"])))
        yield Fact("flagged", f"{plural(policy['flagged_runs'], 'run')} of severity high or critical")


def _rule(rule: Json) -> RuleRow:
    sides = {side: rule[side]["decisions"] for side in ("before", "after")}
    held_up = Compared("runs", rule["before"]["runs_held_up"], rule["after"]["runs_held_up"])
    found = {name for side in ("before", "after") for name, count in rule[side]["severities"].items() if count}
    return RuleRow(
        rule_id=one_line(rule["rule_id"]),
        title=one_line(rule["title"]),
        severity=next((severity for severity in SEVERITIES if severity in found), ""),
        counts=(*_compared(DECISIONS[1:], sides), held_up),
        changed=rule["changed"],
        examples=tuple(rule["examples"]),
    )


def _agent(agent: Json) -> AgentRow:
    sides = agent["strictest_of_run"]
    before, after = (sides[side]["ask"] + sides[side]["block"] for side in ("before", "after"))
    return AgentRow(
        agent=one_line(agent["agent"]) or "(without a name)",
        runs=agent["runs"],
        actions=agent["actions"],
        counts=(*_compared(DECISIONS[1:], agent["decisions"]), Compared("runs", before, after)),
        changed=agent["changed"],
    )


def _example(example: Json) -> Example:
    is_action = example["event"] == "action"
    shown = _SHOWN if is_action else frozenset[str]()
    named = {"Agent": "agent", "Task": "task", "Page": "url", "Run": "run_id", "Trace": "trace_id"}
    return Example(
        number=example["number"],
        heading=_example_heading(example),
        facts=tuple(Fact(name, one_line(example[key])) for name, key in named.items() if example[key]),
        content=visible(example["arguments"]),
        content_name="arguments" if is_action else "text",
        reasoning=visible(example["reasoning"]),
        result=visible(example["result"]),
        sides=(_judged("Today", example["before"], shown), _judged("Tried", example["after"], shown)),
    )


def _example_heading(example: Json) -> str:
    what = one_line(example["what"])
    match example["event"]:
        case "action":
            return f"step {example['step']}: {what}"
        case "outcome":
            return f"result of step {example['step']}: {what}"
        case "message":
            return f"words of the {what}"
        case _:
            return f"shown to the model: {what or example['kind']}"


def _judged(name: str, judged: Json, shown: frozenset[str]) -> Judged:
    return Judged(name, judged["decision"], tuple(_match(match, shown) for match in judged["rules"]))


def _match(match: Json, shown: frozenset[str]) -> Match:
    evidence = [piece for piece in match["evidence"] if piece["name"] not in shown]
    return Match(
        rule_id=one_line(match["rule_id"]),
        title=one_line(match["title"]),
        severity=match["severity"],
        decision=match["decision"],
        risk=match["risk"],
        evidence=tuple(Fact(one_line(piece["name"]), visible(piece["value"])) for piece in evidence),
        failure=one_line(match["error"]),
    )
