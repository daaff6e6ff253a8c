"""What a verdict amounts to where it is enforced."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.traces import read
from sentric.errors import SentricError
from sentric.events import AgentState, Element
from sentric.guard import enforcement
from sentric.guard.calls import Wanted
from sentric.guard.counts import counts
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.refusal import Cause
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.spans import spans_of
from support.enforcing import Service, linked

PACK = """\
pack: enforcement-test
description: One rule for each decision.
rules:
""" + "".join(
    f"""\
  - id: {decision}-{word}
    title: The word {word}
    description: It is in the tool's name.
    severity: medium
    decision: {decision}
    risk: {risk}
    category: test
    on: [action]
    when: action.tool.contains("{word}")
    examples:
      match: [{{name: it, events: [{{event: action, tool: {word}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""
    for decision, word, risk in (
        ("block", "erase", 50),
        ("ask", "wire", 30),
        ("warn", "peek", 20),
        ("allow", "note", 40),
    )
)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK)
    return file


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def begin(pipeline: Pipeline, policy: Path) -> Callable[..., LiveRun]:
    def begin(**stated: Any) -> LiveRun:
        settings = Settings(
            **(
                {
                    "policy": str(policy),
                    "mode": "enforce",
                    "redaction_key": "k",
                    "guard_dir": str(policy.parent / "guard"),
                }
                | stated
            )
        )
        run = Gate(pipeline.telemetry, settings, "test 1.0").begin(About(agent="a", framework="test", task="Tidy up"))
        assert run is not None
        return run

    return begin


def tried(run: LiveRun, tool: str, **arguments: object) -> tuple[bool, Any]:
    """Whether a tool was called, and the refusal."""
    called = []
    with run.current(), run.action(Wanted(tool=tool, arguments=arguments)) as action:
        if action.refusal is None:
            called.append(tool)
            action.finished("done")
    return bool(called), action.refusal


def test_each_decision_alone(begin: Callable[..., LiveRun]) -> None:
    run = begin()
    assert tried(run, "read_file") == (True, None)
    assert tried(run, "peek_at") == (True, None)
    called, refusal = tried(run, "erase_all", path="/")
    assert (called, refusal.cause, refusal.rules, refusal.final) == (False, Cause.RULE, ("block-erase",), False)
    assert refusal.text.startswith("erase_all was refused. The security policy does not allow it: The word erase")
    called, refusal = tried(run, "wire_money")
    assert (called, refusal.cause) == (False, Cause.NOBODY)


def test_the_third_refusal_shuts_the_agent_down(begin: Callable[..., LiveRun]) -> None:
    run = begin()
    finals = [tried(run, "erase", turn=turn)[1].final for turn in range(3)]
    assert finals == [False, False, True]
    called, refusal = tried(run, "read_file")
    assert (called, refusal.cause, refusal.final) == (False, Cause.SHUT_DOWN, True)


def test_risk_adds_up_to_the_budget_also_in_tools_that_run_side_by_side(begin: Callable[..., LiveRun]) -> None:
    run = begin()
    together, results = threading.Barrier(8), []

    def work() -> None:
        together.wait()
        results.append(tried(run, "note")[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == 2, "forty each, and the budget is a hundred"


def test_a_named_agent_has_one_sum_in_a_process_and_another_run_does_not_begin_anew(
    begin: Callable[..., LiveRun],
) -> None:
    for turn in range(3):
        tried(begin(agent_id="shared"), "erase", turn=turn)
    assert tried(begin(agent_id="shared"), "read_file")[1].cause is Cause.SHUT_DOWN
    assert tried(begin(agent_id="other"), "read_file") == (True, None)
    assert tried(begin(), "read_file") == (True, None)


class TestWithAService:
    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        return linked(monkeypatch, Service())

    def test_a_plain_allow_asks_nobody(self, begin: Callable[..., LiveRun], service: Service) -> None:
        assert tried(begin(), "read_file") == (True, None)
        assert service.wishes == []

    def test_what_is_not_is_decided_there(self, begin: Callable[..., LiveRun], service: Service) -> None:
        run = begin()
        assert tried(run, "peek")[0]
        assert not tried(run, "erase")[0]
        assert [wish["verdict"]["rules"][0]["id"] for wish in service.wishes] == ["warn-peek", "block-erase"]
        assert len({wish["idempotency_key"] for wish in service.wishes}) == 2

    def test_an_approved_action_is_done_once_and_a_denied_one_is_not(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        run = begin()
        assert tried(run, "wire", to="Bob") == (True, None)
        service.person = lambda wish: "denied"
        called, refusal = tried(run, "wire", to="Eve")
        assert (called, refusal.cause) == (False, Cause.DENIED)
        assert "They said: the approval is denied: not today" in refusal.text

    def test_what_a_person_says_is_redacted(self, begin: Callable[..., LiveRun], service: Service) -> None:
        service.person = lambda wish: "denied, the key is sk-proj-4f9aB2cD8eF1gH3iJ5kL7mN9oP0qR2sT4uV6wX8yZ"
        _, refusal = tried(begin(), "wire")
        assert "the key is" in refusal.text
        assert "4f9aB2cD8eF1gH3i" not in refusal.text

    async def test_other_tasks_go_on_while_a_person_is_asked(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        service.hold = threading.Event()
        run, paused = begin(), []

        @contextmanager
        def pause() -> Any:
            paused.append("from")
            yield
            paused.append("to")

        async def wire() -> bool:
            async with run.action(Wanted(tool="wire", arguments={}), pause) as action:
                return action.refusal is None

        task = asyncio.create_task(wire())
        await asyncio.to_thread(service.waiting.wait)
        assert (paused, task.done()) == (["from"], False)
        service.hold.set()
        assert await task
        assert paused == ["from", "to"]

    async def test_who_is_cancelled_takes_the_question_back(
        self, begin: Callable[..., LiveRun], service: Service, pipeline: Pipeline
    ) -> None:
        service.hold = threading.Event()
        run, called = begin(), []

        async def wire() -> None:
            async with run.action(Wanted(tool="wire", arguments={})):
                called.append(True)

        task = asyncio.create_task(wire())
        await asyncio.to_thread(service.waiting.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (called, service.withdrawn) == ([], ["a-0"])
        assert pipeline.spans[-1].attributes["sentric.refused"] == "withdrawn"

    @pytest.mark.parametrize(
        "changed",
        [
            {"arguments": {"to": "Eve"}},
            {"url": "https://evil.example/"},
            {"element": Element(tag="button", name="other")},
        ],
        ids=str,
    )
    def test_an_action_that_is_another_one_by_then_is_asked_about_again(
        self, begin: Callable[..., LiveRun], service: Service, pipeline: Pipeline, changed: dict[str, Any]
    ) -> None:
        first = {"arguments": {"to": "Bob"}, "url": "https://bank.example/", "element": Element(tag="button")}
        shown = iter([first, first | changed, first | changed, first | changed])
        run = begin()
        with run.current(), run.action(lambda: Wanted(tool="wire", **next(shown))) as action:
            assert action.refusal is None
            action.finished("sent")
        ids = [wish["approval_id"] for wish in service.wishes]
        assert ids[0] == "", "asked at first"
        assert ids[1] == "a-0", "then what was approved is not what is done"
        if "element" not in changed:
            assert ids[2] == "a-1"
        spans = [span.attributes for span in pipeline.spans if span.name == "execute_tool wire"]
        assert [attributes.get("sentric.refused") for attributes in spans] == ["changed", None]

    def test_it_is_brought_up_to_date_before_it_is_looked_at_again(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        amounts = [9]

        def read() -> Wanted:
            return Wanted(tool="wire", arguments={"amount": amounts[-1]})

        with begin().action(read, renew=lambda: amounts.append(999)) as action:
            assert action.refusal is None
        asked = [wish["arguments"] for wish, _ in service.approvals.values()]
        assert asked == [{"amount": 9}, {"amount": 999}]

    def test_one_that_cannot_be_brought_up_to_date_is_refused_and_the_approval_given_back(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        def renew() -> None:
            raise SentricError("it is gone")

        with begin().action(Wanted(tool="wire", arguments={}), renew=renew) as action:
            assert action.refusal is not None
            assert action.refusal.cause is Cause.UNDECIDED
        assert service.withdrawn == list(service.approvals)

    def test_one_that_is_another_one_whenever_it_is_looked_at_is_refused(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        turns = iter(range(100))
        with begin().action(lambda: Wanted(tool="wire", arguments={"to": next(turns)})) as action:
            assert action.refusal is not None
            assert action.refusal.cause is Cause.CHANGED

    def test_a_stopped_agent_does_nothing(self, begin: Callable[..., LiveRun], service: Service) -> None:
        run = begin()
        service.known = AgentState(enforced=True, stopped="enough")
        called, refusal = tried(run, "read_file")
        assert (called, refusal.cause, refusal.final) == (False, Cause.STOPPED, True)
        service.known = AgentState(enforced=True)
        assert tried(run, "read_file") == (True, None)

    def test_without_the_lease_nothing_is_done_that_cannot_be_taken_back(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        run = begin()
        service.has_lease = False
        assert tried(run, "read_file", path="x")[0]
        for tool in ("send_email", "delete_file", "bash", "frobnicate"):
            called, refusal = tried(run, tool, command="ls")
            assert (called, refusal.cause) == (False, Cause.UNVERIFIED), tool

    def test_while_it_is_away(
        self, begin: Callable[..., LiveRun], service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept: list[Any] = []
        monkeypatch.setattr(enforcement.Spool, "keep", lambda self, record: kept.append(record))
        service.is_away = True
        assert tried(begin(agent_id="named"), "peek")[1].cause is Cause.UNVERIFIED
        run = begin()
        assert tried(run, "peek_file") == (True, None), "an agent of its own has all its sums here"
        assert tried(run, "erase")[1].cause is Cause.RULE
        assert tried(run, "wire")[1].cause is Cause.NOBODY
        assert [record["settled"] for record in kept] == ["refused", "done", "refused", "refused"]


def refuse_to_keep(*_: object) -> None:
    raise SentricError("the disk is full")


def test_what_cannot_be_recorded_is_refused_unless_the_owner_says_otherwise(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    monkeypatch.setattr(enforcement.Spool, "keep", refuse_to_keep)
    assert tried(begin(), "peek_file")[1].cause is Cause.UNRECORDED
    before = counts()["opened_unrecorded"]
    run = begin(fail_mode="open:read,write")
    assert tried(run, "read_peek") == (True, None)
    assert counts()["opened_unrecorded"] == before + 1
    assert pipeline.spans[-1].attributes["sentric.opened"] == "unrecorded"
    assert tried(run, "send_peek")[1].cause is Cause.UNRECORDED, "one of its effects is not named"
    assert tried(run, "erase")[1].cause is Cause.RULE
    assert tried(run, "wire")[1].cause is Cause.NOBODY


def test_a_replay_says_what_was_enforced(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, policy: Path
) -> None:
    service = linked(monkeypatch, Service(known=AgentState(risk=35, enforced=True)))
    run = begin()
    for tool in ("note", "peek", "read", "erase", "note", "read", "erase", "read"):
        tried(run, tool)
    service.known = AgentState(enforced=True)
    tried(run, "peek")
    run.end()
    (recorded,) = read(list(spans_of(encode_spans(pipeline.ended))))
    steps = replay(load_policy(policy), recorded).steps
    claimed = {
        span.context.span_id: tuple((span.attributes or {})["sentric.verdict.rules"])  # type: ignore[arg-type]
        for span in pipeline.ended
        if span.context and span.name.startswith("execute_tool")
    }
    replayed = {int(step.action.span_id, 16): tuple(match.rule.id for match in step.verdict.matches) for step in steps}
    assert replayed == claimed
    assert [step.outcome.refused for step in steps if step.outcome] == [
        False, False, False, True, True, False, True, True, False,
    ]  # fmt: skip
    assert any("agent-shut-down" in rules for rules in claimed.values())


def test_two_layers_around_one_call_decide_once(begin: Callable[..., LiveRun], pipeline: Pipeline) -> None:
    run, wanted = begin(), Wanted(tool="peek", arguments={"at": 1})
    with run.current(), run.action(wanted) as outer, run.action(wanted) as inner:
        assert (outer.refusal, inner.refusal) == (None, None)
    assert len(pipeline.spans) == 1


def test_pause_is_no_matter_where_nobody_is_asked(begin: Callable[..., LiveRun]) -> None:
    def pause() -> AbstractContextManager[None]:
        raise AssertionError("nobody waits")

    with begin().action(Wanted(tool="peek", arguments={}), pause) as action:
        assert action.refusal is None


class TestAttacks:
    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        return linked(monkeypatch, Service())

    def test_what_goes_wrong_after_the_verdict_opens_no_block_and_no_question(
        self, begin: Callable[..., LiveRun], service: Service, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr("sentric.guard.action.wish_of", fail)
        run = begin(fail_mode="open:read")
        assert tried(run, "read_erase")[1].cause is Cause.UNDECIDED
        assert tried(run, "read_wire")[1].cause is Cause.UNDECIDED
        assert tried(run, "read_peek") == (True, None)
        assert pipeline.spans[-1].attributes["sentric.opened"] == "undecided"

    def test_nothing_is_done_that_is_approved_when_its_run_has_ended(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        service.hold = threading.Event()
        run, found = begin(), []
        waiting = threading.Thread(target=lambda: found.append(tried(run, "wire")))
        waiting.start()
        service.waiting.wait()
        run.end()
        waiting.join()
        service.hold.set()
        assert (found[0][0], found[0][1].cause) == (False, Cause.WITHDRAWN)
        assert service.withdrawn == ["a-0"]
        assert tried(run, "read_file")[1].cause is Cause.WITHDRAWN

    def test_arguments_that_change_while_a_person_is_asked_are_asked_about_again(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        arguments: dict[str, Any] = {"lines": [{"amount": "10 EUR"}]}

        def approve(wish: Any) -> str:
            arguments["lines"][0]["amount"] = "1000000 EUR"
            return "approved"

        service.person = approve
        with begin().action(Wanted(tool="wire", arguments=arguments)) as action:
            assert action.refusal is None
        asked = [wish["arguments"]["lines"][0]["amount"] for wish in service.wishes]
        assert asked[0] == "10 EUR"
        assert asked[-1] == "1000000 EUR"
        assert [wish["approval_id"] for wish in service.wishes] == ["", "a-0", "a-1"]

    @pytest.mark.parametrize(
        ("harmless", "harmful"),
        [
            ({"what": [*range(1000), "ok"]}, {"what": [*range(1000), "erase"]}),
            ({"what": {"a": {"b": ["ok", "ok"]}}}, {"what": {"a": {"b": ["ok", "erase"]}}}),
        ],
        ids=["long", "deep"],
    )
    def test_an_inner_call_that_is_not_the_same_is_judged(
        self, begin: Callable[..., LiveRun], pipeline: Pipeline, harmless: dict[str, Any], harmful: dict[str, Any]
    ) -> None:
        run, arguments = begin(), dict(harmless)
        with run.current(), run.action(Wanted(tool="send", arguments=arguments)):
            with run.action(Wanted(tool="send", arguments=harmful)):
                pass
            arguments |= harmful  # what is called is judged, not what was
            with run.action(Wanted(tool="send", arguments=arguments)):
                pass
        assert len(pipeline.spans) == 3

    async def test_a_task_that_outlives_its_call_is_judged(
        self, begin: Callable[..., LiveRun], pipeline: Pipeline
    ) -> None:
        run, wanted = begin(), Wanted(tool="peek", arguments={"at": 1})
        go_on = asyncio.Event()

        async def later() -> None:
            await go_on.wait()
            async with run.action(wanted):
                pass

        with run.current():
            async with run.action(wanted):
                task = asyncio.create_task(later())
            go_on.set()
            await task
        assert len(pipeline.spans) == 2

    def test_the_budget_holds_while_the_service_is_away_and_tools_run_side_by_side(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        service.is_away = True
        run, together, done = begin(), threading.Barrier(10), []

        def work() -> None:
            together.wait()
            done.append(tried(run, "read_peek")[0])

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done.count(True) == 5, "twenty each, and the budget is a hundred"

    def test_a_reset_is_heard_though_it_says_what_was_said_before(
        self, begin: Callable[..., LiveRun], service: Service
    ) -> None:
        run = begin()
        assert tried(run, "read_file")[0]
        service.is_away = True
        for turn in range(3):
            tried(run, "erase", turn=turn)
        assert tried(run, "read_file")[1].cause is Cause.SHUT_DOWN
        service.is_away = False
        service.known = AgentState(enforced=True)
        assert tried(run, "read_file") == (True, None)


def test_who_is_shut_down_is_not_let_begin_anew_by_being_idle(
    begin: Callable[..., LiveRun], pipeline: Pipeline, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentric.guard.gate.IDLE_SECONDS", -1.0)
    settings = Settings(policy=str(policy), mode="enforce", redaction_key="k", guard_dir=str(policy.parent / "guard"))
    gate = Gate(pipeline.telemetry, settings, "test 1.0")

    def act(tool: str) -> bool:
        with gate.action(lambda _: Wanted(tool=tool, arguments={})) as action:
            return action.refusal is None

    assert act("read_file")
    monkeypatch.setattr("sentric.guard.gate.IDLE_SECONDS", 300.0)
    for _ in range(3):
        assert not act("erase")
    monkeypatch.setattr("sentric.guard.gate.IDLE_SECONDS", -1.0)
    assert not act("read_file")


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_a_forked_child_goes_on_though_threads_were_in_the_midst_of_something(policy: Path, mode: str) -> None:
    program = f"""
import os, signal, threading
from fixtures.pipeline import Pipeline
from sentric.guard.calls import Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About
from sentric.settings import Settings

kept = {str(policy.parent / "guard")!r}
settings = Settings(policy={str(policy)!r}, mode={mode!r}, redaction_key="k", guard_dir=kept)
gate = Gate(Pipeline().telemetry, settings, "test 1.0")
run = gate.begin(About(agent="a", framework="test"))
turns = run.enforcement._sums.turn if run.enforcement else threading.Lock()
holding, go_on = threading.Event(), threading.Event()

def hold():
    with run._lock, gate._lock, turns:
        holding.set()
        go_on.wait()

threading.Thread(target=hold).start()
holding.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    with run.current(), gate.action(lambda _: Wanted(tool="read_file", arguments={{}})) as action:
        os._exit(0 if action.refusal is None else 1)
go_on.set()
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}
    assert subprocess.run([sys.executable, "-c", program], env=env, timeout=60).returncode == 0


def test_a_run_says_what_of_its_framework_is_not_guarded(pipeline: Pipeline, policy: Path) -> None:
    settings = Settings(policy=str(policy), mode="enforce", redaction_key="k", guard_dir=str(policy.parent / "guard"))
    run = Gate(pipeline.telemetry, settings, "test 1.0", "its back door").begin(About(agent="a", framework="test"))
    assert run is not None
    run.end()
    (recorded,) = read(list(spans_of(encode_spans(pipeline.ended))))
    assert "Not guarded in this framework: its back door." in recorded.coverage.notes
