"""Judges fixtures again, and says which verdicts changed."""

from dataclasses import dataclass
from pathlib import Path

from sentric.events import Action, AnyEvent, Message, Observation, Outcome
from sentric.policy import engine
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.policy.verdict import Replay
from sentric.testing.expected import Expected, Matched, judged
from sentric.testing.fixture import Fixture
from sentric.testing.reading import load_fixture


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event of which something else is decided than was expected."""

    file: str
    """Of the fixture; empty where it was not read from one."""
    line: int
    """Of the event in it, from 1; 0 where it was not read from one."""
    run_id: str
    step: int
    """Number of the action among the run's, from 1; of a text, of the last action before it."""
    event_id: str
    what: str
    """The action's tool, or what text it is: `result of click`, `text of https://…`, `message of the model`."""
    expected: Expected
    got: Expected
    matched: tuple[Matched, ...]
    """The rules that match now, with their evidence."""

    @property
    def came(self) -> tuple[Matched, ...]:
        """The rules that match and were not expected."""
        return tuple(rule for rule in self.matched if rule.rule_id not in self.expected.rules)

    @property
    def stayed(self) -> tuple[Matched, ...]:
        """The rules that match, as was expected."""
        return tuple(rule for rule in self.matched if rule.rule_id in self.expected.rules)

    @property
    def gone(self) -> tuple[str, ...]:
        """Ids of the rules that were expected and do not match."""
        return tuple(rule for rule in self.expected.rules if rule not in self.got.rules)

    def __str__(self) -> str:
        rules = [*(f"+{one.rule_id}" for one in self.came), *(f"-{rule}" for rule in self.gone)]
        told = f"step {self.step}, {self.what}: {self.expected.decision} → {self.got.decision}"
        return f"{told} ({', '.join(rules)})" if rules else told


def replay(fixture: Fixture | Path | str, policy: Policy | Path | str | None = None) -> list[Change]:
    """Judge a recorded run again, and say what is decided otherwise than its fixture expects.

    Args:
        fixture: it, or its file.
        policy: it, or its file; None for the rules that come with Sentric.

    Raises:
        FixtureError: the fixture cannot be read.
        PolicyError: the policy does not load.
    """
    chosen = fixture if isinstance(fixture, Fixture) else load_fixture(Path(fixture))
    in_force = policy if isinstance(policy, Policy) else load_policy(Path(policy) if policy is not None else None)
    return changes(chosen, judge(chosen, in_force))


def judge(fixture: Fixture, policy: Policy) -> Replay:
    """Judge the run of a fixture under a policy."""
    return engine.replay(policy, fixture.run, earlier=fixture.earlier, state=fixture.state)


def changes(fixture: Fixture, now: Replay) -> list[Change]:
    """What is decided otherwise than a fixture expects, in the order of the events."""
    found: list[Change] = []
    step = 0
    tools: dict[str, str] = {}
    lines = fixture.lines or (0,) * len(fixture.expected)
    for (event, matched), expected, line in zip(judged(now), fixture.expected, lines, strict=True):
        if isinstance(event, Action):
            step += 1
            tools[event.event_id] = event.tool
        got = Expected.of(matched)
        if got != expected:
            found.append(
                Change(
                    file=fixture.file,
                    line=line,
                    run_id=fixture.run.run_id,
                    step=step,
                    event_id=event.event_id,
                    what=_what(event, tools),
                    expected=expected,
                    got=got,
                    matched=matched,
                )
            )
    return found


def _what(event: AnyEvent, tools: dict[str, str]) -> str:
    match event:
        case Action():
            return event.tool
        case Outcome():
            return f"result of {tools.get(event.action_id, 'an action')}"
        case Observation():
            return f"text of {event.origin or event.source.value}"
        case Message():
            return f"message of the {event.author.value}"
