"""Our own spans give the live run back, event for event."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fixtures.traces import SECOND, agent, read, shuffled, span
from sentric import semconv
from sentric.events import (
    Action,
    AnyEvent,
    Author,
    Coverage,
    Decision,
    Effect,
    Element,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Score,
    Source,
)
from sentric.tracing import attributes, limits
from sentric_analyzer.spans import Span

TASK = "Buy the cheapest lamp."
COMMON: dict[str, Any] = {
    semconv.SENTRIC_SCHEMA_VERSION: semconv.SCHEMA_VERSION,
    semconv.SENTRIC_PROJECT: "claimed",
    semconv.SENTRIC_RUN_ID: "run-1",
    semconv.SENTRIC_CAPTURE: "full",
}

TOLD = Message(sequence=0, time=0, span_id="root", ordinal=0, author=Author.USER, text=TASK)
NOTED = Message(sequence=1, time=1 * SECOND, span_id="chat", ordinal=2, author=Author.MODEL, text="I start.")
SEEN = Observation(
    sequence=2,
    time=1 * SECOND,
    span_id="chat",
    ordinal=3,
    source=Source.PAGE,
    origin="https://shop.example/",
    text="Lamps from 9 EUR",
    truncated=True,
)
ANSWERED = Message(
    sequence=3,
    time=2 * SECOND,
    span_id="chat",
    ordinal=1,
    author=Author.MODEL,
    text="",
    input_tokens=120,
    output_tokens=7,
)
PRESSED = Action(
    sequence=4,
    time=3 * SECOND,
    span_id="tool",
    ordinal=0,
    tool="click",
    call_id="call-1",
    arguments={"index": 4, "deep": {"list": [1, None, "x"]}},
    kind=Kind.PAYMENT,
    effects=frozenset({Effect.PAY, Effect.SEND}),
    url="https://shop.example/cart",
    element=Element(
        tag="button",
        type="submit",
        name="buy",
        xpath="/html/body/button",
        text="Buy now",
        autocomplete="off",
        form_action="https://shop.example/pay",
        frame_origin="https://shop.example/frame",
    ),
    reasoning=Reasoning(thinking="It is cheap.", evaluation="Success.", memory="9 EUR", next_goal="Buy it."),
    context={"approval": "A-7"},
)
READ = Observation(
    sequence=5,
    time=3 * SECOND,
    span_id="tool",
    ordinal=2,
    source=Source.EXTRACT,
    origin="https://shop.example/cart",
    text="Thank you",
)
BOUGHT = Outcome(
    sequence=6,
    time=4 * SECOND,
    span_id="tool",
    ordinal=1,
    action_id="tool.0",
    result="bought",
    error="the receipt was not shown",
    duration=SECOND,
)
RUN: Sequence[AnyEvent] = (TOLD, NOTED, SEEN, ANSWERED, PRESSED, READ, BOUGHT)


def root(**more: Any) -> Span:
    started = {
        semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_INVOKE_AGENT,
        semconv.GEN_AI_AGENT_NAME: "shopper",
        semconv.GEN_AI_AGENT_ID: "agent-7",
        semconv.GEN_AI_CONVERSATION_ID: "talk",
        semconv.SENTRIC_SEQUENCE: 0,
        semconv.SENTRIC_TASK: TASK,
    }
    return span("invoke_agent shopper", "root", to=9, attributes=COMMON | started | more)


def asked() -> Span:
    found = attributes.carried([NOTED], [SEEN], content=True) | {
        semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_CHAT,
        semconv.GEN_AI_REQUEST_MODEL: "gpt-5-mini",
        semconv.GEN_AI_USAGE_INPUT_TOKENS: 120,
        semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 7,
        semconv.SENTRIC_SEQUENCE: 3,
    }
    return span("chat gpt-5-mini", "chat", "root", at=1, to=2, attributes=COMMON | found)


def done(action: Action = PRESSED, outcome: Outcome = BOUGHT, **more: Any) -> Span:
    found = attributes.action(action, limits.encode(dict(action.arguments)), content=True)
    found |= attributes.outcome(outcome, content=True) | attributes.carried([], [READ], content=True)
    found |= {semconv.SENTRIC_GUARDED: True, semconv.SENTRIC_TASK: TASK}
    return span(f"execute_tool {action.tool}", "tool", "root", at=3, to=4, attributes=COMMON | found | more)


def test_the_live_run_comes_back_event_for_event() -> None:
    [run] = read([done(), root(), asked()])
    assert list(run.events) == list(RUN)
    assert (run.run_id, run.project, run.task, run.dialect) == ("run-1", "shop", TASK, "sentric")
    assert (run.agent, run.agent_id, run.conversation, run.model) == ("shopper", "agent-7", "talk", "gpt-5-mini")
    assert (run.started, run.ended, run.error) == (0, 9 * SECOND, "")
    assert run.coverage == Coverage(guarded=1, truncated=1, has_task=True, ended=True)


def test_the_order_of_arrival_and_duplicates_change_nothing() -> None:
    spans = [root(), asked(), done(), done(), root()]
    expected = read(spans)
    for seed in range(20):
        assert read(shuffled(spans, seed)) == expected


def test_a_killed_agent_s_run_still_has_its_task() -> None:
    [run] = read([asked(), done()])
    assert run.task == TASK
    assert run.events[0] == replace(TOLD, span_id="", time=SECOND)
    assert list(run.events[1:]) == list(RUN[1:])
    assert (run.ended, run.coverage.ended, run.coverage.has_task) == (0, False, True)
    assert run.coverage.notes == ("The run's own end was not seen: its last events may be missing.",)


def test_runs_are_told_apart_by_their_id_within_one_trace() -> None:
    inner = done(**{semconv.SENTRIC_RUN_ID: "run-2", semconv.SENTRIC_TASK: "Other."})
    inner = replace(inner, span_id="inner", parent_span_id="tool")
    runs = read([root(), done(), inner])
    assert [(run.run_id, run.task, len(run.events)) for run in runs] == [("run-1", TASK, 4), ("run-2", "Other.", 4)]


def test_verdicts_on_spans_are_not_believed() -> None:
    claimed = {semconv.SENTRIC_VERDICT_DECISION: "allow", semconv.SENTRIC_VERDICT_RULES: ["none"]}
    assert read([root(), done(**claimed)]) == read([root(), done()])


def test_what_was_cut_is_said_of_the_event_it_was_cut_from() -> None:
    [run] = read([root(), done(**{semconv.SENTRIC_TRUNCATED: [semconv.GEN_AI_TOOL_CALL_RESULT]})])
    assert [event.truncated for event in run.events if isinstance(event, Action | Outcome)] == [False, True]
    [run] = read([root(), done(**{semconv.SENTRIC_TRUNCATED: [semconv.GEN_AI_TOOL_CALL_ARGUMENTS]})])
    assert [event.truncated for event in run.events if isinstance(event, Action | Outcome)] == [True, False]
    assert run.coverage.truncated == 1


def test_a_run_without_content_says_so() -> None:
    bare = {
        name: value
        for name, value in done(**{semconv.SENTRIC_CAPTURE: "metadata"}).attributes.items()
        if name not in (semconv.GEN_AI_TOOL_CALL_ARGUMENTS, semconv.GEN_AI_TOOL_CALL_RESULT, semconv.SENTRIC_TASK)
    }
    [run] = read([replace(done(), attributes=bare)])
    assert run.coverage.blind == 1
    assert not run.coverage.has_task
    assert "Content was not captured." in run.coverage.notes


def test_loosened_settings_and_an_error_are_told() -> None:
    failed = root(**{semconv.ERROR_TYPE: "TimeoutError", semconv.SENTRIC_SETTING_CHANGED: ["allow_loopback"]})
    [run] = read([failed])
    assert run.error == "TimeoutError"
    assert run.coverage.notes == ("Settings that loosen a default were in force: allow_loopback.",)


def test_the_same_calls_told_by_another_instrumentation_are_not_read_again() -> None:
    other = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "click"}
    spans = [
        root(),
        done(),
        span("execute_tool click", "other", "root", at=3, to=4, attributes=other),
        span("execute_tool click", "below", "tool", at=3, to=4, attributes=other),
    ]
    assert read(spans) == read(spans[:2])
    assert read(spans[1:]) == read(spans[1:2])


def test_another_agent_in_the_same_trace_keeps_its_run() -> None:
    spans = [root(), done(), span("flow", "flow"), agent("other", "flow", at=20, to=30)]
    assert [run.dialect for run in read(spans)] == ["sentric", "gen_ai"]


def test_damaged_events_come_last_and_keep_what_can_be_kept() -> None:
    damaged: dict[str, Any] = {
        semconv.SENTRIC_MESSAGES: '[{"sequence": "x", "author": "pope", "text": 7}, 3]',
        semconv.SENTRIC_OBSERVATIONS: '{"sequence": -1, "source": "page", "text": "seen", "truncated": "yes"}',
        semconv.SENTRIC_ACTION_KIND: "fly",
        semconv.SENTRIC_ACTION_EFFECTS: ["pay", "fly", 3],
        semconv.SENTRIC_SEQUENCE: True,
        semconv.SENTRIC_OUTCOME_SEQUENCE: 2**70,
    }
    damaged |= {semconv.SENTRIC_SCORE_DECISION: "sure", semconv.SENTRIC_SCORE_RISK: 2**40}
    [run] = read([done(**damaged)])
    action = next(event for event in run.events if isinstance(event, Action))
    assert (action.kind, action.effects) == (Kind.OTHER, {Effect.PAY})
    assert action.score == Score(100, Decision.ASK)
    observation = next(event for event in run.events if isinstance(event, Observation))
    assert (observation.text, observation.truncated) == ("seen", False)
    message = next(event for event in run.events if isinstance(event, Message) and event.author is Author.MODEL)
    assert message.text == ""
    assert [event.sequence for event in run.events[1:]] == [2**31] * 4
