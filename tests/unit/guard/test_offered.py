"""Tools that a model is offered, and what its answers take: live, on the spans, and in a replay."""

import json
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.traces import read
from sentric import semconv
from sentric.events import Author, Message, Observation, Run, Source
from sentric.guard.calls import Asked, Offered, Seen, Wanted
from sentric.guard.heard import TOOLS_LIMIT
from sentric.guard.live_run import About, LiveRun
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric.tracing.limits import DEFINITION_LIMIT
from sentric_analyzer.spans import spans_of

READ = Offered(origin="files/read", definition='{"description": "Reads a file.", "name": "read"}')
CHANGED = replace(READ, definition='{"description": "Reads any file.", "name": "read"}')


def begun(pipeline: Pipeline, **stated: Any) -> LiveRun:
    settings = Settings(redaction_key="test", **stated)
    return LiveRun(pipeline.telemetry, settings, About(agent="shopper", framework="none 1", task="Buy a lamp."))


def recorded(pipeline: Pipeline) -> Run:
    [run] = read(list(spans_of(encode_spans(pipeline.ended))))
    return run


def offered(pipeline: Pipeline) -> list[str]:
    seen = [
        one for span in pipeline.spans for one in json.loads(span.attributes.get(semconv.SENTRIC_OBSERVATIONS, "[]"))
    ]
    return [one["text"] for one in seen if one["source"] == "tool_definition"]


def act(run: LiveRun, tool: str = "read", server: str = "files") -> tuple[str, ...]:
    with run.current(), run.action(Wanted(tool=tool, server=server, arguments={})) as action:
        pass
    return tuple(match.rule.id for match in action.verdict.matches)


def test_each_definition_goes_out_once_until_it_changes() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    for tools in ([READ], [READ], [CHANGED, READ], [READ]):
        run.offer(tools)
        act(run)
    run.end()
    assert offered(pipeline) == [READ.definition, CHANGED.definition, READ.definition]


def test_a_changed_tool_is_told_live_and_in_the_replay() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    run.offer([READ])
    before = act(run)
    run.offer([CHANGED])
    after = act(run)
    run.end()
    assert ("tool-changed" in before, "tool-changed" in after) == (False, True)
    steps = replay(load_policy(), recorded(pipeline)).steps
    assert [tuple(match.rule.id for match in step.verdict.matches) for step in steps] == [before, after]
    assert "tool-changed" in {
        name for name, _, about in pipeline.events() for name in about.get("sentric.verdict.rules", ())
    }


def test_definitions_take_no_room_from_pages_and_have_limits_of_their_own() -> None:
    pipeline = Pipeline()
    run = begun(pipeline, text_limit=3 * DEFINITION_LIMIT, page_limit=100)
    run.offer([Offered(origin=str(number), definition="x" * 10_000) for number in range(10)])
    run.observe(Seen(source=Source.PAGE, origin="https://a.example", text="p" * 100))
    act(run)
    run.end()
    assert [len(text) for text in offered(pipeline)] == [DEFINITION_LIMIT] * 3
    page = json.loads(pipeline.spans[0].attributes[semconv.SENTRIC_OBSERVATIONS])[-1]
    assert (len(page["text"]), page["truncated"]) == (100, False)
    assert semconv.SENTRIC_OBSERVATIONS in pipeline.spans[0].attributes[semconv.SENTRIC_TRUNCATED]


def test_what_is_cut_off_a_long_definition_still_shows_when_it_changes() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    verdicts = []
    for end in ("old", "new"):
        run.offer([replace(READ, definition=json.dumps({"name": "read", "description": "x" * 9000 + end}))])
        verdicts.append("tool-changed" in act(run))
    run.end()
    assert verdicts == [False, True]
    assert [len(text) for text in offered(pipeline)] == [DEFINITION_LIMIT] * 2


def test_a_flood_of_tools_is_bounded() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    for start in range(0, 2 * TOOLS_LIMIT, 16):
        run.offer([Offered(origin=str(number), definition="{}") for number in range(start, start + 16)])
        act(run)
    run.end()
    assert len(offered(pipeline)) == TOOLS_LIMIT


def test_a_definition_is_redacted() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    run.add_secrets({"correct-horse": "password"})
    run.offer([replace(READ, definition='{"description": "Log in with correct-horse."}')])
    act(run)
    run.end()
    assert "correct-horse" not in repr(pipeline.spans)


def test_what_an_answer_takes_is_an_event() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    with run.current():
        for read_, written in ((10, 2), (0, 0)):
            with run.model_call(Asked(model="m")) as call:
                call.used(read_, written)
        with run.model_call(Asked(model="m")):
            pass
    run.end()
    answers = [
        event for event in recorded(pipeline).events if isinstance(event, Message) and event.author is Author.MODEL
    ]
    assert [(answer.input_tokens, answer.output_tokens, answer.text) for answer in answers] == [
        (10, 2, ""),
        (0, 0, ""),
        (0, 0, ""),
    ]


@pytest.mark.parametrize("stated", [None, -1, True, "7", 2.5])
def test_a_count_that_is_none_costs_the_agent_nothing(stated: Any) -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    with run.current(), run.model_call(Asked(model="m")) as call:
        call.used(stated, stated)
    run.end()
    assert [event for event in recorded(pipeline).events if isinstance(event, Message) and event.input_tokens] == []


def test_a_budget_is_kept_live_and_in_the_replay() -> None:
    pipeline = Pipeline()
    run = begun(pipeline)
    with run.current():
        before = act(run)
        with run.model_call(Asked(model="m")) as call:
            call.used(50_000_000, 1)
        after = act(run)
    run.end()
    assert ("budget-exceeded" in before, "budget-exceeded" in after) == (False, True)
    steps = replay(load_policy(), recorded(pipeline)).steps
    assert [tuple(match.rule.id for match in step.verdict.matches) for step in steps] == [before, after]


@pytest.mark.parametrize("capture", ["full", "metadata"])
def test_nothing_seems_to_be_missing_of_a_run_that_is_told_whole(capture: str) -> None:
    pipeline = Pipeline()
    run = begun(pipeline, capture=capture)
    with run.current():
        run.offer([READ, replace(READ, origin="other/write")])
        for number in range(8):
            run.message(Author.MODEL, f"Step {number}")
            page = Seen(source=Source.PAGE, origin="https://a.example", text=f"Page {number}")
            with run.model_call(Asked(model="m", seen=(page, page))) as call:
                call.used(1, 1)
            act(run)
    run.message(Author.MODEL, "Done")
    run.end()
    whole = recorded(pipeline)
    first = whole.events[0].sequence
    assert [event.sequence for event in whole.events] == list(range(first, first + len(whole.events)))
    assert "telemetry-gap" not in {finding.rule_id for finding in replay(load_policy(), whole).findings}


def test_without_content_it_is_still_told_that_there_was_something() -> None:
    pipeline = Pipeline()
    run = begun(pipeline, capture="metadata")
    with run.current():
        run.message(Author.USER, "Private")
        with run.model_call(
            Asked(model="m", seen=(Seen(source=Source.PAGE, origin="https://a.example", text="Private"),))
        ):
            pass
    run.end()
    events = recorded(pipeline).events
    assert [event.text for event in events if isinstance(event, Message | Observation)] == ["", "", ""]
    assert "Private" not in repr((pipeline.spans, pipeline.events()))
