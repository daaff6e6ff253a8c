"""What is said of how spans are read is what reading them shows."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.emitter import emitted, exfiltration, mapped
from fixtures.traces import agent, captured, captured_names, span, tool
from sentric_analyzer.dialects import BUILT_IN
from sentric_analyzer.dialects.explained import Explained, Group, ReadAs, explain, grouped
from sentric_analyzer.dialects.records import with_records
from sentric_analyzer.spans import Span, SpanEvent


def by_id(spans: list[Span]) -> dict[str, Explained]:
    return {one.span_id: one for one in explain(spans, BUILT_IN)}


def test_attributes_that_are_asked_for_and_found_are_read() -> None:
    called = tool("t", "get", at=1, arguments={"a": 1})
    called = replace(called, attributes={**called.attributes, "gen_ai.tool.type": "function", "mine": "x"})
    told = by_id([agent(), called])["t"]
    assert (told.dialect, told.read_as, told.name) == ("gen_ai", ReadAs.TOOL, "execute_tool get")
    assert told.read == ["gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.tool.call.arguments"]
    assert told.unread == ["gen_ai.tool.type", "mine"]


def test_of_lists_that_were_flattened_what_lies_in_them_is_read() -> None:
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "x",
        "llm.input_messages.1.message.role": "user",
        "llm.prompts.0": "x",
    }
    (told,) = by_id([span("s", "1", attributes=attributes)]).values()
    assert told.unread == ["llm.prompts.0"]
    (group,) = grouped([told])
    assert group.read["llm.input_messages.N.message.role"] == 1
    assert dict(group.unread) == {"llm.prompts.N": 1}


def test_events_are_read_or_not() -> None:
    events = (
        SpanEvent(1, "gen_ai.choice", {"message": "x"}),
        SpanEvent(2, "mine", {"message": "x"}),
        SpanEvent(3, "mine", {}),
    )
    told = by_id([replace(tool("t", "get", "", at=1), events=events)])["t"]
    assert (told.events_read, told.events_unread) == (["gen_ai.choice"], ["mine"])


def test_who_reads_a_span_is_told() -> None:
    spans = [
        span("ours", "own", at=0, to=9, attributes={"sentric.schema.version": "1", "sentric.verdict": "allow"}),
        tool("in", "get", "own", at=1),
        span("chain", "chain", at=2, attributes={"openinference.span.kind": "CHAIN", "input.value": "x"}),
        span("GET", "http", at=3, attributes={"http.route": "/"}),
    ]
    told = by_id(spans)
    roles = {name: (one.dialect, one.read_as) for name, one in told.items()}
    assert roles == {
        "own": ("sentric", ReadAs.OWN),
        "in": ("", ReadAs.INSIDE),
        "chain": ("openinference", ReadAs.AROUND),
        "http": ("", ReadAs.NOBODY),
    }
    assert (told["own"].read, told["own"].unread) == (["sentric.schema.version"], ["sentric.verdict"])
    assert told["in"].read == []
    assert told["chain"].read == ["openinference.span.kind"]


def test_a_mapping_is_explained_like_any_dialect() -> None:
    groups = {group.read_as: group for group in grouped(explain(exfiltration(), mapped()))}
    assert {(group.scope, group.dialect) for group in groups.values()} == {("acme.agents", "acme")}
    assert groups[ReadAs.TOOL].spans == 2
    assert dict(groups[ReadAs.TOOL].read) == {
        "acme.kind": 2,
        "acme.payload": 2,
        "acme.result": 2,
        "acme.tool": 1,
        "acme.function": 1,
    }
    assert not groups[ReadAs.MODEL].unread


@pytest.mark.parametrize(
    ("one", "looks"),
    [
        (emitted("tool", "x", at=1, tool="get"), True),
        (span("GET", "1", attributes={"user_agent.original": "curl", "http.user-agent": "curl"}), False),
        (span("GET", "1", attributes={"rpc.toolbar": 1, "promptly": 1}), False),
        (span("step", "1", attributes={"lastToolCall": 1}), True),
        (span("run", "1", scope="my_agents.core"), True),
        (span("llm", "1"), True),
        (span("chat", "1", attributes={"gen_ai.operation.name": "chat"}), False),
    ],
)
def test_what_nobody_reads_may_look_like_an_agent_s(one: Span, looks: bool) -> None:
    (group,) = grouped(explain([one], BUILT_IN))
    assert group.looks_like_an_agent is looks


def test_names_may_be_changed_before_they_are_shown() -> None:
    (told,) = by_id([span("s", "1", attributes={"mine": 1}, events=(SpanEvent(1, "e", {}),), scope="c")]).values()
    changed = told.named(str.upper)
    assert (changed.name, changed.scope, changed.unread, changed.events_unread) == ("S", "C", ["MINE"], ["E"])


@pytest.mark.parametrize("name", captured_names())
def test_every_attribute_of_a_capture_is_read_or_not(name: str) -> None:
    spans = with_records(captured(name))
    told = by_id(spans)
    for one in spans:
        explained = told[one.span_id]
        assert sorted([*explained.read, *explained.unread]) == sorted(one.attributes)
        assert {*explained.events_read, *explained.events_unread} == {event.name for event in one.events}
        if explained.read or explained.events_read:
            assert explained.read_as not in (ReadAs.NOBODY, ReadAs.INSIDE)
        if explained.read_as in (ReadAs.AGENT, ReadAs.MODEL, ReadAs.TOOL):
            assert explained.read
    assert sum(group.spans for group in grouped(told.values())) == len(told)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.text(max_size=6), st.text(max_size=3), max_size=3), max_size=4))
def test_whatever_spans_hold_is_explained(several: list[dict[str, str]]) -> None:
    spans = [span("s", "", attributes=dict(attributes)) for attributes in several]
    groups: list[Group] = grouped(explain(spans, BUILT_IN))
    assert sum(group.spans for group in groups) == len(spans)
