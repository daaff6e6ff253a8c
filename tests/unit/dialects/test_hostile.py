"""Whatever spans hold, reading them neither raises nor takes long, and gives the same in any order."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.traces import TRACE, agent, calls, captured, chat, read, result, said, shuffled, span, story, tool, user
from sentric.event_json import event_to_json
from sentric_analyzer.dialects.reading import voices
from sentric_analyzer.spans import Span
from support.linear import assert_linear

IDS = st.sampled_from(["", "a", "b", "c", "d", "e"])
TEXTS = st.sampled_from(["", "get", "x" * 40, "c1", "\ud800", "\x00", "{", "[[", '{"a": 1}', "invoke_agent"]) | st.text(
    max_size=9
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "reasoning", "tool_call", "tool_call_response", "blob", "?"]) | VALUES},
    optional={
        "content": VALUES,
        "id": st.sampled_from(["c1", "c2", None]) | VALUES,
        "name": st.sampled_from(["get", "put"]) | VALUES,
        "arguments": VALUES,
        "response": VALUES,
    },
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "system", "assistant", "tool", "?"]) | VALUES},
        optional={"parts": st.lists(PARTS | VALUES, max_size=4) | VALUES, "content": VALUES},
    )
    | VALUES,
    max_size=4,
)
NAMES = st.sampled_from(
    [
        "gen_ai.tool.name",
        "gen_ai.tool.call.id",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.agent.name",
        "gen_ai.conversation.id",
        "gen_ai.request.model",
        "gen_ai.system_instructions",
        "mcp.method.name",
        "error.type",
        "url.full",
        "sentric.run.id",
        "sentric.task",
        "sentric.sequence",
        "sentric.messages",
        "sentric.observations",
        "sentric.truncated",
        "sentric.settings.changed",
        "sentric.action.effects",
        "sentric.action.kind",
        "openinference.span.kind",
    ]
)
OPERATIONS = st.sampled_from(["invoke_agent", "chat", "execute_tool", "execute_tool", "other", 3])


@st.composite
def hostile_spans(draw: st.DrawFn) -> Span:
    attributes = draw(st.dictionaries(NAMES, VALUES, max_size=6))
    attributes["gen_ai.operation.name"] = draw(OPERATIONS)
    for name in ("gen_ai.input.messages", "gen_ai.output.messages"):
        messages = draw(MESSAGES | VALUES)
        attributes[name] = json.dumps(messages, default=str) if draw(st.booleans()) else messages
    if draw(st.integers(0, 3)) == 0:
        attributes["sentric.schema.version"] = "1"
    made = span(draw(TEXTS), draw(IDS), draw(IDS), attributes=attributes, status=draw(st.integers(0, 3)))
    times = st.sampled_from([0, 1, 2, 3, 2**64 - 1])
    return replace(made, start=draw(times), end=draw(times), kind=draw(st.integers(0, 5)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile_spans(), max_size=8), st.randoms(use_true_random=False))
def test_hostile_spans_are_read_alike_in_any_order(spans: list[Span], shuffle: random.Random) -> None:
    named = [replace(one, span_id=one.span_id or f"empty{n}") for n, one in enumerate(spans)]
    runs = read(named)
    shuffle.shuffle(named)
    assert repr(read(named)) == repr(runs)
    for run in runs:
        for event in run.events:
            json.dumps(event_to_json(event), ensure_ascii=False, allow_nan=False).encode()
            assert 0 <= event.time < 2**63
        assert len({event.event_id for event in run.events}) == len(run.events)
    read(spans)
    read([*spans, *spans])


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [30, 300, 900, 100_000])
def test_deep_json_is_cut_not_followed(levels: int) -> None:
    spans = [
        agent(given=deep(levels)),
        chat("chat1", at=1, answer=[said({"type": "tool_call", "name": "get", "arguments": deep(levels)})]),
        tool("tool1", "get", at=2, arguments=f'{{"a": {deep(levels)}}}', result={"b": "x"}),
    ]
    [run] = read(spans)
    json.dumps([event_to_json(event) for event in run.events])


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 400, "1e999", "-1e999", "NaN", "Infinity"])
def test_huge_numbers_become_something_json_can_hold(number: str) -> None:
    [run] = read([agent(), tool("tool1", "get", at=1, arguments=f'{{"a": {number}}}')])
    text = json.dumps([event_to_json(event) for event in run.events], allow_nan=False)
    assert json.loads(text)


def test_parents_in_a_circle_and_parents_of_themselves_are_read_once() -> None:
    spans = [
        agent("a", "b"),
        tool("b", "get", "a", at=1),
        tool("c", "get", "c", at=2),
        agent("d", "d", at=3),
    ]
    assert sum(run.coverage.seen for run in read(spans)) == 2


def test_spans_that_end_before_they_start_last_no_time() -> None:
    [run] = read([agent(at=9, to=1), tool("a", "get", at=8, to=2)])
    assert [type(event).__name__ for event in run.events] == ["Action", "Outcome"]
    assert run.events[0].time == run.events[1].time


def test_spans_without_ids_are_all_read() -> None:
    [run] = read([tool("", "get", "", at=n) for n in range(3)])
    assert run.coverage.seen == 3


def _long(size: int) -> list[Span]:
    """A long run that repeats its whole history once, beside thousands of calls alike."""
    history = [user("Go."), *[said(calls("get", None, n=1)), result("x" * 30)] * size]
    return [
        agent(given=[user("Go.")]),
        *(tool(f"t{n}", "get", f"t{n - 1}" if n else "agent", at=1, to=2, arguments={"n": 1}) for n in range(size)),
        *(
            chat(f"c{n}", at=3 + n, given=[user(f"again {n}")], answer=[said(calls("get", None, n=1))])
            for n in range(size)
        ),
        chat("last", at=size + 9, given=history),
    ]


def _seconds(spans: list[Span]) -> float:
    begun = time.thread_time()
    read(spans)
    return time.thread_time() - begun


def test_time_grows_with_the_size_of_the_trace_and_no_faster() -> None:
    small, large = _long(300), _long(3000)
    _seconds(small)
    quickest = [min(_seconds(spans) for _ in range(2)) for spans in (small, large)]
    assert quickest[1] < 40 * max(quickest[0], 0.01)


def _nested(size: int) -> list[Span]:
    return [
        one
        for n in range(size)
        for one in (agent(f"a{n}", f"t{n - 1}" if n else "", at=n), tool(f"t{n}", f"ask {n}", f"a{n}", at=n))
    ]


def _nested_ours(size: int) -> list[Span]:
    ours = {"gen_ai.operation.name": "invoke_agent", "sentric.schema.version": "1"}
    return [
        span("", f"a{n}", f"a{n - 1}", at=n, attributes={**ours, "sentric.run.id": f"run {n}"}) for n in range(size)
    ]


def _agents(size: int) -> list[Span]:
    return [agent(f"a{n}", at=n, to=n, **{"sentric.run.id": f"run {n}"}) for n in range(size)]


def _instrumented(size: int) -> list[Span]:
    made = (tool(f"t{n}", "get", at=n, arguments={"n": 1}) for n in range(size))
    return [agent(), *(replace(one, origin=replace(one.origin, scope_name=one.span_id)) for one in made)]


@pytest.mark.parametrize("make", [_nested, _nested_ours, _agents, _instrumented])
def test_neither_many_agents_nor_many_instrumentations_cost_more_than_their_number(
    make: Callable[[int], list[Span]],
) -> None:
    def reading(size: int) -> Callable[[], object]:
        spans = make(size)
        return lambda: read(spans)

    assert_linear(reading, 200)


def test_who_speaks_is_not_looked_for_without_end_and_is_nobody_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "COMPARED", 2_000)
    spans = [
        agent("a", to=1, given=[user("Hello.")]),
        tool("get", "get", "a", at=0.1, result="a page " * 100),
        agent("b", at=2, given=[user("Book a table."), user("And then?"), user("Send the token.")]),
    ]
    _, run = read(spans)
    assert [line.partition(":")[0] for line in story(run)] == ["user", "user", "model"]


def test_no_run_takes_the_place_of_another() -> None:
    nameless = [replace(agent(name, at=at, to=at), span_id="") for at, name in enumerate("abc")]
    stated = [
        agent("a", at=0, to=1, **{"sentric.run.id": f"{TRACE}-b"}),
        agent("b", at=2, to=3),
    ]
    for spans in (nameless, stated):
        runs = read(spans)
        assert [run.agent for run in runs] == [one.attributes["gen_ai.agent.name"] for one in spans]
        assert len({run.run_id for run in runs}) == len(spans)


def test_real_traces_are_read_alike_in_any_order() -> None:
    for name in ("otel-genai-openai-agents-with-openai", "otel-genai-langchain", "pydantic-ai", "mcp-native"):
        spans = captured(name)
        expected = read(spans)
        for seed in range(10):
            assert read(shuffled([*spans, *spans[:2]], seed)) == expected, (name, seed)
