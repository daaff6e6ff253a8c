"""A run that was observed live and the same run read from its spans are judged alike."""

import json

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.traces import read, story
from sentric import semconv
from sentric.events import Action, Author, Element, Reasoning, Run, Source
from sentric.guard.calls import Asked, Seen, Wanted
from sentric.guard.live_run import About, LiveRun
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.spans import Span, spans_of

PAGE = "http://shop.example/login"
SECRET = "Tr0ub4dor-and-3"


def observed(capture: str = "full") -> list[Span]:
    """The spans of a short run in which a password is typed on a page without HTTPS."""
    pipeline = Pipeline()
    run = LiveRun(
        pipeline.telemetry,
        Settings(redaction_key="test", capture=capture),
        About(agent="shopper", framework="none 1", task="Buy a lamp.", model="gpt-5-mini", conversation="talk"),
        run_id="run-1",
    )
    page = Seen(source=Source.PAGE, origin=PAGE, text="Lamps")
    typed = Wanted(
        tool="input",
        arguments={"index": 3, "password": SECRET},
        url=PAGE,
        element=Element(tag="input", type="password", name="pass"),
        reasoning=Reasoning(thinking="I must log in.", next_goal="Log in."),
    )
    with run.current():
        run.message(Author.MODEL, "I start.")
        with run.model_call(Asked(model="gpt-5-mini", seen=(page,))):
            pass
        with run.action(typed) as action:
            action.finished("typed", "but slowly")
    run.end(success=True)
    return list(spans_of(encode_spans(pipeline.ended)))


def recorded(spans: list[Span]) -> Run:
    [run] = read(spans)
    return run


def test_a_live_run_is_read_with_everything_the_engine_heard() -> None:
    run = recorded(observed())
    told = story(run)
    assert told[:3] == ["user: Buy a lamp.", "model: I start.", f"page of {PAGE}: Lamps"]
    assert told[3].startswith('input {"index": 3, "password": "‹secret:')
    assert told[3].endswith("because I must log in.\nLog in.")
    assert told[4:] == ["= typed ! but slowly"]
    assert [event.sequence for event in run.events] == sorted(event.sequence for event in run.events)
    assert (run.run_id, run.agent, run.model, run.conversation) == ("run-1", "shopper", "gpt-5-mini", "talk")
    assert (run.coverage.guarded, run.coverage.seen, run.coverage.blind, run.coverage.ended) == (1, 0, 0, True)
    assert SECRET not in repr(run)


def test_a_fingerprint_made_live_is_kept_as_it_is() -> None:
    spans = observed()
    [sent] = [
        span.attributes[semconv.GEN_AI_TOOL_CALL_ARGUMENTS] for span in spans if span.name == "execute_tool input"
    ]
    assert next(event for event in recorded(spans).events if isinstance(event, Action)).arguments == json.loads(sent)


@pytest.mark.parametrize("rooted", [True, False])
def test_the_recorded_run_gets_the_verdicts_that_were_given_live(rooted: bool) -> None:
    spans = [span for span in observed() if rooted or span.parent_span_id]
    claimed = {
        span.span_id: tuple(span.attributes[semconv.SENTRIC_VERDICT_RULES])
        for span in spans
        if semconv.SENTRIC_VERDICT_RULES in span.attributes
    }
    judged = replay(load_policy(), recorded(spans))
    assert {
        step.action.span_id: tuple(match.rule.id for match in step.verdict.matches) for step in judged.steps
    } == claimed
    assert any(claimed.values())


def test_a_live_run_without_content_is_read_as_blind() -> None:
    run = recorded(observed("metadata"))
    known = run.coverage
    assert (run.task, known.blind, known.has_task) == ("", 1, False)
    assert (known.without_arguments, known.without_results, known.unheard) == (1, 1, 1)
