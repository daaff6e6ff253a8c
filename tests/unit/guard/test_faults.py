"""A fault at every call that the guard makes, to itself, to the engine and to redaction.

None lets an action pass that is refused, and where nothing is enforced none reaches the agent.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sentric
from fixtures.pipeline import Pipeline
from sentric.errors import SentricError
from sentric.events import AgentState, Author, Decision, Score, Source
from sentric.guard import enforcement
from sentric.guard.calls import Offered, Seen, Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.settings import Settings
from support.enforcing import Service, linked

OURS = str(Path(sentric.__file__).parent)
ASKING = tuple(f"{OURS}/{folder}/" for folder in ("guard", "tracing"))
ENTRANCES = frozenset(
    {
        *("__enter__", "__exit__", "_close", "hearing", "message", "observe", "offer", "current", "call", "finished"),
        *("action", "shielded"),
    }
)
"""Functions that an agent's process calls, and that do nothing but hold back what goes wrong inside."""

PACK = """\
pack: faults
description: One rule for each decision.
rules:
""" + "".join(
    f"""\
  - id: {decision}-{word}
    title: The word {word}
    description: It is in the tool's name.
    severity: medium
    decision: {decision}
    risk: 30
    category: test
    on: [action]
    when: action.tool.contains("{word}")
    score: {str(word == "weigh").lower()}
    evidence: [action.tool, action.arguments]
    examples:
      match: [{{name: it, events: [{{event: action, tool: {word}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""
    for decision, word in (("block", "erase"), ("ask", "wire"), ("warn", "peek"), ("allow", "weigh"))
)


Place = tuple[str, int, str]
"""The file and line of a call, and what is called."""
DECIDING = ("/guard/action.py", "/guard/enforcement.py", "/guard/refusal.py", "/guard/gate.py", "/guard/steps.py")


class FaultError(Exception):
    """What goes wrong."""


@dataclass
class Calls:
    """Calls of our own code from one place in the guard to another, in their order; the one of a number fails."""

    failing: int = -1
    places: dict[Place, None] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code, caller = frame.f_code, frame.f_back
        if event != "call" or caller is None or not code.co_filename.startswith(OURS):
            return
        if not code.co_filename.startswith(ASKING) and not caller.f_code.co_filename.startswith(ASKING):
            return
        place = (caller.f_code.co_filename, caller.f_lineno, code.co_qualname)
        if place in self.places:
            return
        self.places[place] = None
        if len(self.places) - 1 == self.failing:
            raise FaultError(place)

    @property
    def name(self) -> str:
        """Of the function that failed, without its class."""
        return list(self.places)[self.failing][2].rpartition(".")[2]


@contextmanager
def tracing(calls: Calls) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(calls)
    try:
        yield
    finally:
        sys.settrace(before)


class Scenario:
    """An action that must be refused where verdicts are enforced."""

    def __init__(self, tool: str, *, service: Service | None = None, disk_is_full: bool = False) -> None:
        self.tool, self.service, self.disk_is_full = tool, service, disk_is_full

    def prepared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.service is not None:
            linked(monkeypatch, self.service)
        if self.disk_is_full:
            monkeypatch.setattr(enforcement.Spool, "keep", fail_to_keep)


def fail_to_keep(*_: object) -> None:
    raise SentricError("the disk is full")


def denying(score: Score | None = None) -> Service:
    return Service(person=lambda wish: "denied", score=score)


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "blocked": lambda: Scenario("erase_all"),
    "nobody to ask": lambda: Scenario("wire_money"),
    "not recorded": lambda: Scenario("peek_file", disk_is_full=True),
    "blocked by the service": lambda: Scenario("erase_all", service=denying()),
    "denied": lambda: Scenario("wire_money", service=denying()),
    "the service is away": lambda: Scenario("wire_money", service=Service(is_away=True)),
    "stopped": lambda: Scenario("read_file", service=Service(known=AgentState(enforced=True, stopped="enough"))),
    "nobody to score it": lambda: Scenario("weigh_it"),
    "scored above the threshold": lambda: Scenario("weigh_it", service=denying(Score(80, Decision.ASK, "Odd.", "m"))),
    "not scored by the service": lambda: Scenario("weigh_it", service=Service()),
    "the service that scores is away": lambda: Scenario("weigh_it", service=Service(is_away=True)),
    "without a lease": lambda: Scenario("send_email", service=Service(has_lease=False)),
}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK)
    return file


def begun(policy: Path, mode: str) -> tuple[Gate, LiveRun]:
    gate = Gate(
        Pipeline().telemetry,
        Settings(policy=str(policy), mode=mode, redaction_key="k", guard_dir=str(policy.parent / "guard")),
        "test 1.0",
    )
    run = gate.begin(About(agent="a", framework="test", task="Tidy up"))
    assert run is not None
    return gate, run


def is_called(gate: Gate, run: LiveRun, tool: str) -> bool:
    """Whether a tool is called, by a program as instrumentors are."""
    called = False
    with run.current():
        run.message(Author.MODEL, "I shall tidy up.")
        run.offer([Offered(origin="files/erase", definition='{"name": "erase"}')])
        run.observe(Seen(source=Source.PAGE, origin="https://a.example/", text="Some page"))
        wanted = Wanted(tool=tool, arguments={"path": "/home", "password": "Plover-71-Gate"}, url="https://a.example/")
        with gate.action(lambda run: wanted) as action:
            if action.refusal is None:
                called = True
                action.finished("done")
    return called


def places_of(policy: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Where something can go wrong in a scenario; nothing does, and the action is refused."""
    calls = Calls()
    assert not is_called_with(calls, policy, scenario, monkeypatch)
    return list(calls.places)


def is_called_with(calls: Calls, policy: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> bool:
    scenario.prepared(monkeypatch)
    gate, run = begun(policy, "enforce")
    with suppress(FaultError), tracing(calls):
        return copy_context().run(is_called, gate, run, scenario.tool)
    return False


def test_no_fault_lets_an_action_pass(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: set[Place] = set()
    for made in SCENARIOS.values():
        places = places_of(policy, made(), monkeypatch)
        for number, place in enumerate(places):
            if place in tried and not place[0].endswith(DECIDING):  # what is the same in all of them
                continue
            assert not is_called_with(Calls(number), policy, made(), monkeypatch), place
        tried.update(places)
        monkeypatch.undo()
    assert len(tried) > 150


def test_no_fault_reaches_an_agent_that_is_only_observed(policy: Path) -> None:
    all_calls = Calls()
    for number in range(-1, 10_000):
        gate, run = begun(policy, "observe")
        calls = Calls(number)
        with tracing(calls):
            try:
                called = copy_context().run(is_called, gate, run, "erase_all")
            except FaultError:
                assert calls.name in ENTRANCES, list(calls.places)[number]
                called = True
        assert called, list(calls.places)[number]
        all_calls = all_calls if number >= 0 else calls
        if number == len(all_calls.places) - 1:
            break
    assert len(all_calls.places) > 100


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_who_is_deaf_does_nothing_more_where_verdicts_are_enforced(
    mode: str, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FaultError

    gate, run = begun(policy, mode)
    assert is_called(gate, run, "read_file")
    monkeypatch.setattr("sentric.guard.heard.Heard.observe", fail)
    assert is_called(gate, run, "read_file") is (mode == "observe")
    monkeypatch.undo()
    assert is_called(gate, run, "read_file") is (mode == "observe"), "nobody knows what it was shown"
