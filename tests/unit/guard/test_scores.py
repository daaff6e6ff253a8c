"""Rules that want a language model's score: the guard asks the service, and never a model itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.traces import read
from sentric.events import Action, AgentState, Decision, Score
from sentric.guard import enforcement
from sentric.guard.calls import Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.refusal import Cause
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.spans import spans_of
from support.enforcing import Service, linked

TOKEN = "ghp_" + "Zq8Lw2Xc9Vb4Nm1Kj7Hg5Fd3Sa6Po0Iu2YtR"
UNDER = Score(40, Decision.ALLOW, "It fits the errand.", "small")
ABOVE = Score(60, Decision.ASK, f"Nobody asked for it, and {TOKEN} is in it.", "small")
PACK = """\
pack: scores-test
description: Rules that want a score.
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
    score: true
    examples:
      match: [{{name: it, events: [{{event: action, tool: {word}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other}}]}}]
"""
    for decision, word, risk in (
        ("block", "erase", 50),
        ("ask", "wire", 30),
        ("warn", "peek", 20),
        ("allow", "note", 0),
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
        common = {
            "policy": str(policy),
            "mode": "enforce",
            "redaction_key": "k",
            "guard_dir": str(policy.parent / "guard"),
        }
        run = Gate(pipeline.telemetry, Settings(**(common | stated)), "test 1").begin(
            About(agent="a", framework="test")
        )
        assert run is not None
        return run

    return begin


def tried(run: LiveRun, tool: str, **arguments: object) -> Cause | None:
    with run.current(), run.action(Wanted(tool=tool, arguments=arguments)) as action:
        if action.refusal is None:
            action.finished("done")
        return None if action.refusal is None else action.refusal.cause


def scores_of(pipeline: Pipeline) -> list[dict[str, Any]]:
    """What the spans of actions say of scores, without the beginning of the names."""
    return [
        {name.removeprefix("sentric.score."): value for name, value in span.attributes.items() if ".score." in name}
        for span in pipeline.spans
        if span.name.startswith("execute_tool")
    ]


@pytest.mark.parametrize("tool", ["note", "peek"])
def test_at_most_the_threshold_the_action_goes_on(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, tool: str
) -> None:
    service = linked(monkeypatch, Service(score=UNDER))
    assert tried(begin(), tool) is None
    (wish,) = service.wishes
    assert wish["verdict"]["rules"][0]["score"] is True
    assert scores_of(pipeline) == [
        {"risk": 40, "decision": "allow", "model": "small", "explanation": "It fits the errand."}
    ]
    assert pipeline.spans[0].attributes["sentric.verdict.risk"] == 40


@pytest.mark.parametrize("tool", ["note", "peek"])
def test_above_it_a_person_is_asked_once(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, tool: str
) -> None:
    service = linked(monkeypatch, Service(score=ABOVE))
    assert tried(begin(), tool) is None
    first, second = (wish["verdict"]["rules"][0] for wish in service.wishes)
    assert (first["score"], second.get("score")) == (True, None)
    assert (second["decision"], second["risk"]) == ("ask", 60)
    (told,) = scores_of(pipeline)
    assert (told["risk"], told["decision"]) == (60, "ask")
    assert TOKEN not in told["explanation"]
    service.person, service.known = (lambda wish: "denied"), AgentState(enforced=True)
    assert tried(begin(), tool) is Cause.DENIED


def test_a_rule_that_asks_or_blocks_is_final(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    service = linked(monkeypatch, Service(score=Score(0, Decision.ALLOW, "Fine.", "small"), person=lambda _: "denied"))
    run = begin()
    assert tried(run, "erase") is Cause.RULE
    assert tried(run, "wire") is Cause.DENIED
    assert tried(run, "wire_note") is Cause.DENIED, "what asks anyhow is not scored down by another rule"
    assert all(rule["decision"] in ("ask", "block") for wish in service.wishes for rule in wish["verdict"]["rules"][:1])
    decisions = [span.attributes["sentric.verdict.decision"] for span in pipeline.spans]
    assert decisions == ["block", "ask", "ask"]


@pytest.mark.parametrize("fail_mode", ["closed", "open:read,write,send,execute"])
def test_without_a_service_nobody_scores_and_nobody_can_be_asked(
    begin: Callable[..., LiveRun], pipeline: Pipeline, fail_mode: str
) -> None:
    run = begin(fail_mode=fail_mode)
    assert tried(run, "note") is Cause.NOBODY
    assert tried(run, "read_peek") is Cause.NOBODY
    assert tried(run, "read") is None
    assert [told.get("decision") for told in scores_of(pipeline)] == ["ask", "ask", None]
    assert scores_of(pipeline)[0]["explanation"].startswith("a rule wants a model's score")


@pytest.mark.parametrize("fail_mode", ["closed", "open:read,write,send,execute"])
def test_where_the_service_is_away_it_counts_as_above(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, fail_mode: str
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(enforcement.Spool, "keep", lambda _, wish: kept.append(wish))
    linked(monkeypatch, Service(is_away=True))
    assert tried(begin(fail_mode=fail_mode), "read_note") is Cause.NOBODY
    (wish,) = kept
    assert wish["settled"] == "refused"
    assert wish["verdict"]["rules"][0]["decision"] == "ask"


def test_a_service_that_gives_no_score_does_not_let_it_pass(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(monkeypatch, Service(score=None))
    assert tried(begin(), "note") is Cause.CHANGED


def test_where_nothing_is_enforced_nobody_is_asked(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    service = linked(monkeypatch, Service(score=ABOVE))
    run = begin(mode="observe")
    for tool in ("note", "peek", "wire", "erase"):
        assert tried(run, tool) is None
    assert not service.wishes
    assert not any(scores_of(pipeline))


def test_what_no_rule_matches_is_still_decided_without_a_request(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = linked(monkeypatch, Service(score=ABOVE))
    assert tried(begin(), "read") is None
    assert not service.wishes


def test_a_rule_in_shadow_asks_no_model(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text("policy: p\npacks: [./pack.yaml]\nshadow: [allow-note]\n")
    service = linked(monkeypatch, Service(score=ABOVE))
    assert tried(begin(policy=str(tmp_path / "policy.yaml")), "note") is None
    assert not any(rule.get("score") for wish in service.wishes for rule in wish["verdict"]["rules"])


def test_no_content_is_on_the_span_where_none_is_captured(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    linked(monkeypatch, Service(score=UNDER))
    assert tried(begin(capture="metadata"), "note") is None
    assert scores_of(pipeline) == [{"risk": 40, "decision": "allow", "model": "small"}]


def test_a_replay_says_what_was_decided_by_the_scores(
    begin: Callable[..., LiveRun], monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, policy: Path
) -> None:
    service = linked(monkeypatch, Service(known=AgentState(enforced=True)))
    run = begin()
    for score, tool in ((UNDER, "note"), (ABOVE, "peek"), (None, "note"), (UNDER, "note"), (ABOVE, "erase")):
        service.score = score
        tried(run, tool)
    run.end()
    (recorded,) = read(list(spans_of(encode_spans(pipeline.ended))))
    steps = replay(load_policy(policy), recorded).steps
    replayed = [(step.action.tool, step.verdict.decision.value, step.verdict.risk) for step in steps]
    claimed = [
        (
            span.attributes["gen_ai.tool.name"],
            span.attributes["sentric.verdict.decision"],
            span.attributes["sentric.verdict.risk"],
        )
        for span in pipeline.spans
        if span.name.startswith("execute_tool")
    ]
    assert replayed == claimed
    assert {decision for _, decision, _ in replayed} > {"allow", "ask"}
    kept = {event.event_id: event.score for event in recorded.events if isinstance(event, Action) and event.score}
    assert [(score.risk, score.decision) for score in kept.values()][:2] == [(40, "allow"), (60, "ask")]
