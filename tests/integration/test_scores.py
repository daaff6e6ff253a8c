"""A score before an action, end to end: a guard, a real service, and a model behind the real client."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fixtures.pipeline import Pipeline
from sentric.errors import SettingError
from sentric.guard.calls import Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.refusal import Cause
from sentric.settings import Settings
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.models import Answer, Request, gives, standing_in
from support.planes import control_plane
from support.scoring import DOCUMENTS
from support.serving import poll

NAMES = iter(f"scored-{number}" for number in range(1_000_000))
DEADLINE = 60.0


class Opinion:
    """What the model says, and whether it says anything yet."""

    def __init__(self) -> None:
        self.risk, self.explanation = 10, "It fits the errand."
        self.released = threading.Event()
        self.released.set()
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        self.released.wait(DEADLINE)
        return gives(explanation=self.explanation, risk=self.risk)


@pytest.fixture(scope="module")
def scoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plane, Opinion]]:
    opinion, made = Opinion(), tmp_path_factory.mktemp
    with (
        standing_in(opinion) as stand_in,
        Store.open(embedded_url(made("runs"))) as runs,
        plane(
            made("data"),
            control_url(made("control")),
            runs,
            DOCUMENTS,
            **stand_in.settings(),
            score_timeout=DEADLINE,
        ) as found,
    ):
        yield found, opinion


@pytest.fixture
def served(scoring: tuple[Plane, Opinion]) -> Plane:
    return scoring[0]


@pytest.fixture
def opinion(scoring: tuple[Plane, Opinion]) -> Opinion:
    opinion = scoring[1]
    opinion.risk, opinion.asked = 10, []
    return opinion


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def begin(served: Plane, pipeline: Pipeline, tmp_path: Path) -> Iterator[Callable[..., LiveRun]]:
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text)
    begun: list[LiveRun] = []

    def begin(**stated: Any) -> LiveRun:
        common = {
            "mode": "enforce",
            "policy": str(tmp_path / "policy.yaml"),
            "url": f"http://{served.address}",
            "api_key": served.keys["agent"],
            "project": "shop",
            "guard_dir": str(tmp_path),
            "redaction_key": "k",
            "decide_timeout": DEADLINE,
        }
        about = About(agent="buyer", framework="test 1", agent_id=next(NAMES), task="Buy a lamp")
        run = Gate(pipeline.telemetry, Settings(**(common | stated)), "test 1").begin(about)
        assert run is not None
        begun.append(run)
        return run

    yield begin
    for run in begun:
        run.end()


def tried(run: LiveRun, tool: str, **arguments: object) -> Cause | None:
    with run.current(), run.action(Wanted(tool=tool, arguments=arguments, call_id="c-1")) as action:
        if action.refusal is None:
            action.finished("done")
        return None if action.refusal is None else action.refusal.cause


def test_a_guarded_action_goes_on_or_a_person_is_asked(
    served: Plane, opinion: Opinion, begin: Callable[..., LiveRun], pipeline: Pipeline
) -> None:
    run = begin()
    assert tried(run, "weigh", note="small") is None
    (request,) = opinion.asked
    assert "Buy a lamp" in request["messages"][1]["content"]
    opinion.risk, opinion.explanation = 60, "Nobody asked for it."
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(tried, run, "weigh_warned", note="large")
        (question,) = poll(lambda: served.got(f"/v1/approvals?state=pending&agent_id={run.agent_id}")["approvals"])
        answered = served.post(f"/v1/approvals/{question['approval_id']}/approve", "ann", note="")
        assert answered.status_code == 200, answered.text
        assert waiting.result() is None
    assert question["request"]["score"]["explanation"] == "Nobody asked for it."
    assert question["request"]["risk"] == 60
    assert len(opinion.asked) == 2, "what was approved is not scored once more"
    told = [span.attributes for span in pipeline.spans if span.name.startswith("execute_tool")]
    assert [(one["sentric.score.risk"], one["sentric.score.decision"]) for one in told] == [(10, "allow"), (60, "ask")]
    assert all("sentric.decision.id" in one for one in told)


def test_what_is_blocked_is_blocked_whatever_a_model_would_say(opinion: Opinion, begin: Callable[..., LiveRun]) -> None:
    opinion.risk = 0
    assert tried(begin(), "weigh_blocked") is Cause.RULE
    assert not opinion.asked


def test_a_model_that_thinks_holds_up_no_other_decision(served: Plane, opinion: Opinion) -> None:
    opinion.released.clear()
    try:
        with ThreadPoolExecutor(8) as threads:
            waiting = [threads.submit(served.decide, next(NAMES), "weigh") for _ in range(8)]
            poll(lambda: len(opinion.asked) == 8)
            assert served.decide(next(NAMES), "other")["allowed"]
            assert not served.decide(next(NAMES), "weigh_blocked")["allowed"]
            assert not any(one.done() for one in waiting)
            opinion.released.set()
            assert all(one.result()["allowed"] for one in waiting)
    finally:
        opinion.released.set()


def test_a_guard_says_only_of_rules_that_want_it_that_they_do(served: Plane, opinion: Opinion) -> None:
    rule = {"id": "a-rule", "title": "A rule", "severity": "low", "decision": "warn", "risk": 1}
    verdict: dict[str, Any] = {"rules": [rule], "policy_digest": "0123456789abcdef"}
    assert served.decide(next(NAMES), "pay", verdict=verdict)["score"] is None
    verdict["rules"] = [rule | {"score": True}]
    assert served.decide(next(NAMES), "pay", verdict=verdict)["score"]["risk"] == 10
    verdict["rules"] = [rule | {"score": "yes please"}]
    wish = {"agent_id": "a", "action": "pay", "verdict": verdict}
    assert served.ask("POST", "/v1/decisions", "agent", json=wish).status_code == 422
    settled = {"settled": "done", "idempotency_key": "k-1", "verdict": {**verdict, "rules": [rule | {"score": True}]}}
    assert served.decide(next(NAMES), "pay", **settled)["score"] is None, "what has ended is not scored"
    assert len(opinion.asked) == 1


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"model_url": "http://127.0.0.1:1/v1"}, "SENTRIC_MODEL"),
        ({"model_url": "127.0.0.1", "model": "m"}, "model_url"),
        ({"score_threshold": 101}, "score_threshold is 101: use 0 to 100"),
    ],
)
def test_settings_that_cannot_be_used_stop_the_service_from_starting(
    tmp_path: Path, stated: dict[str, Any], why: str
) -> None:
    with pytest.raises(SettingError, match=why), control_plane(tmp_path, **stated):
        raise AssertionError
