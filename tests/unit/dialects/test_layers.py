"""One call is one action, however many spans tell of it; a call that is tried again is two."""

import json

from fixtures.traces import agent, read, span, tool
from sentric.events import Action, Run
from sentric_analyzer.spans import Span

PAY = {"to": "shop", "amount": 5}


def tools(run: Run) -> list[tuple[str, str]]:
    return [(event.tool, event.span_id) for event in run.events if isinstance(event, Action)]


def openinference(span_id: str, name: str, parent: str = "agent", *, at: float, to: float, value: str) -> Span:
    attributes = {"openinference.span.kind": "TOOL", "tool.name": name, "input.value": value, "output.value": "paid"}
    return span(name, span_id, parent, at=at, to=to, attributes=attributes, scope="openinference")


def test_a_wrapper_and_what_it_wraps_are_one_call() -> None:
    [run] = read([agent(), tool("outer", "pay", at=1, to=4, arguments=PAY), tool("inner", "pay", "outer", at=2, to=3)])
    assert tools(run) == [("pay", "outer")]


def test_what_a_wrapper_tries_again_is_another_call() -> None:
    spans = [
        agent(),
        tool("outer", "pay", at=1, to=9, arguments=PAY),
        tool("first", "pay", "outer", at=2, to=3, arguments=PAY),
        tool("second", "pay", "outer", at=4, to=5, arguments=PAY),
    ]
    [run] = read(spans)
    assert tools(run) == [("pay", "outer"), ("pay", "second")]


def test_calls_that_are_tried_again_one_after_the_other_are_all_there() -> None:
    [run] = read([agent(), *(tool(f"try{at}", "pay", at=at, arguments=PAY) for at in (1, 2, 3))])
    assert tools(run) == [("pay", "try1"), ("pay", "try2"), ("pay", "try3")]


def test_two_instrumentations_that_tell_of_the_same_call_beside_one_another() -> None:
    value = '{"amount": 5, "to": "shop"}'
    spans = [
        agent(),
        tool("ours", "pay", at=1, to=4, arguments=PAY),
        openinference("theirs", "pay", at=2, to=3, value=value),
        openinference("again", "pay", at=6, to=7, value=value),
    ]
    [run] = read(spans)
    assert tools(run) == [("pay", "ours"), ("pay", "again")]


def test_one_span_stands_for_one_call_of_the_other_instrumentation() -> None:
    value = '{"amount": 5, "to": "shop"}'
    spans = [
        agent(),
        tool("ours", "pay", at=1, to=9, arguments=PAY),
        openinference("first", "pay", at=2, to=3, value=value),
        openinference("second", "pay", at=4, to=5, value=value),
    ]
    [run] = read(spans)
    assert tools(run) == [("pay", "ours"), ("pay", "second")]


def test_other_arguments_are_another_call() -> None:
    spans = [
        agent(),
        tool("ours", "pay", at=1, to=4, arguments=PAY),
        openinference("theirs", "pay", at=2, to=3, value='{"amount": 6, "to": "shop"}'),
    ]
    [run] = read(spans)
    assert tools(run) == [("pay", "ours"), ("pay", "theirs")]


def with_id(span_id: str, arguments: dict[str, object], scope: str, *, at: float) -> Span:
    attributes = {
        "openinference.span.kind": "TOOL",
        "tool.name": "pay",
        "tool.id": "call_1",
        "input.value": json.dumps(arguments),
    }
    return span("pay", span_id, "agent", at=at, to=at + 0.5, attributes=attributes, scope=scope)


def test_two_tellings_of_one_id_beside_one_another_are_one_call_with_the_arguments_of_both() -> None:
    spans = [agent(), with_id("some", {"to": "shop"}, "first", at=1), with_id("all", PAY, "second", at=4)]
    [run] = read(spans)
    (call,) = (event for event in run.events if isinstance(event, Action))
    assert (call.span_id, call.arguments) == ("some", PAY)


def test_nothing_hides_behind_the_id_of_another_call() -> None:
    other = {**PAY, "to": "stranger"}
    spans = [agent(), with_id("known", PAY, "first", at=1), with_id("other", other, "second", at=4)]
    [run] = read(spans)
    assert tools(run) == [("pay", "known"), ("pay", "other")]
