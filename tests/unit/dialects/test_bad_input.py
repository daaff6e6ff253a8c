"""Bad input: what is known becomes events, a plain sentence goes into the coverage, and no span is lost."""

import random
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.traces import agent, captured, captured_names, read, said, span, story, tool, user
from sentric import semconv
from sentric.events import Action, Author, Message, Outcome, Run
from sentric_analyzer.spans import Span

UNREAD = "Some messages could not be read in full."
OWN = {semconv.SENTRIC_SCHEMA_VERSION: "1", semconv.SENTRIC_RUN_ID: "r"}


def openinference(**numbered: str) -> Span:
    named = {f"llm.input_messages.{key[1:].replace('__', '.message.')}": text for key, text in numbered.items()}
    return span("llm", "llm", at=1, attributes={"openinference.span.kind": "LLM", **named})


def openllmetry(**numbered: str) -> Span:
    named = {f"gen_ai.prompt.{key[1:].replace('__', '.')}": text for key, text in numbered.items()}
    return span("chat", "llm", at=1, attributes={"gen_ai.system": "openai", "llm.request.type": "chat", **named})


def call(**attributes: Any) -> Span:
    return span("tool", "tool", "root", at=1, attributes={"gen_ai.operation.name": "execute_tool", **attributes})


@pytest.mark.parametrize(
    "text", ["", "[", '{"a": 1}', "nope", '[{"role": "user", "parts"', "{'a': 1}", "[1, 2]", "5", "\x00"]
)
def test_messages_that_are_no_json_are_noted_and_the_calls_are_judged(text: str) -> None:
    [run] = read([agent(given=text), tool("t", "get", at=1, arguments={"a": 1}, result="x")])
    assert story(run)[-2:] == ['get {"a": 1}', "= x"]
    assert UNREAD in run.coverage.notes


@pytest.mark.parametrize(("text", "cut"), [('{"a": nope}', 1), ('{"a": "b', 1), ("ls -la", 0), ("[1, 2", 0)])
def test_arguments_that_are_no_json_are_kept_as_they_were_written(text: str, cut: int) -> None:
    [run] = read([agent(), tool("t", "get", at=1, arguments=text, result="x")])
    [action] = [event for event in run.events if isinstance(event, Action)]
    assert (action.arguments, action.uncaptured, run.coverage.truncated) == ({"input": text}, False, cut)


@pytest.mark.parametrize("make", [openinference, openllmetry])
def test_holes_in_numbered_attributes_are_noted(make: Any) -> None:
    told = {"_0__role": "user", "_0__content": "Go.", "_1__role": "system", "_1__content": "Be kind."}
    [whole] = read([make(**told)])
    assert UNREAD not in whole.coverage.notes
    [holed] = read([make(**told, _4__role="user", _4__content="Stop.")])
    assert UNREAD in holed.coverage.notes
    assert story(holed) == [*story(whole), "user: Stop."]
    [first] = read([make(_2__role="user", _2__content="Go.")])
    assert (UNREAD in first.coverage.notes, story(first)) == (True, ["user: Go."])


def test_parents_in_a_circle_are_noted() -> None:
    spans = [agent("a", "b"), tool("b", "get", "a", at=1, arguments={"a": 1}, result="x"), tool("c", "put", "c", at=2)]
    runs = read(spans)
    assert sorted(line for run in runs for line in story(run)) == ["= ", "= x", 'get {"a": 1}', "put {}"]
    circle = "Parents of spans lead back to where they began: who called whom is not known there."
    assert all(circle in run.coverage.notes for run in runs)
    assert all(circle not in run.coverage.notes for run in read([agent("a"), tool("b", "get", "a", at=1)]))


def test_two_roots_are_two_runs_and_nothing_of_either_is_lost() -> None:
    spans = [
        *(agent(name, given=[user(f"Ask {name}.")], answer=[said("Done.")]) for name in ("a", "b")),
        *(tool(f"t{name}", "get", name, at=1, arguments={"of": name}, result="x") for name in ("a", "b")),
    ]
    assert sorted(story(run)[:2] for run in read(spans)) == [
        ["user: Ask a.", 'get {"of": "a"}'],
        ["user: Ask b.", 'get {"of": "b"}'],
    ]
    [run] = read([tool("t", "get", "", at=1), tool("u", "put", "", at=2)])
    assert [event.tool for event in run.events if isinstance(event, Action)] == ["get", "put"]


@pytest.mark.parametrize(
    "given", ['{"a": "' + "word " * 2_000_000 + '"}', "word " * 2_000_000, '{"a":' + "[" * 10_000_000]
)
def test_ten_megabytes_are_read_in_a_time_like_their_size(given: str) -> None:
    begun = time.process_time()
    [run] = read([agent(given=given), tool("t", "get", at=1, arguments=given, result=given)])
    assert time.process_time() - begun < 20
    assert [type(event) for event in run.events][-2:] == [Action, Outcome]
    assert UNREAD in run.coverage.notes


def test_what_the_receiver_cut_is_counted_under_every_dialect() -> None:
    long = tool(
        "t",
        "get",
        at=1,
        arguments={"a": 1},
        result="x" * 99,
        **{semconv.SENTRIC_TRUNCATED: ("gen_ai.tool.call.result",)},
    )
    [run] = read([agent(), long, tool("u", "get", at=2, arguments={"a": 1}, result="x")])
    assert run.coverage.truncated == 1


WRONG: tuple[Any, ...] = (None, True, 5, -1.5, b"\xff", [], {}, ["x"], {"a": [None]}, "", "\ud800")


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_wrong_types_lose_no_call(wrong: Any) -> None:
    names = ("gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result")
    for name in names:
        right = {"gen_ai.tool.name": "get", "gen_ai.tool.call.arguments": '{"a": 1}', "gen_ai.tool.call.result": "x"}
        [run] = read(
            [span("root", "root", attributes={"gen_ai.operation.name": "invoke_agent"}), call(**right | {name: wrong})]
        )
        [action] = [event for event in run.events if isinstance(event, Action)]
        assert action.tool or name == "gen_ai.tool.name"
        assert action.uncaptured is (name == "gen_ai.tool.call.arguments" and wrong is None)


@pytest.mark.parametrize("name", [semconv.SENTRIC_MESSAGES, semconv.SENTRIC_OBSERVATIONS])
@pytest.mark.parametrize("wrong", ["[", "5", 5, '["x"]', True])
def test_what_our_own_spans_bring_along_and_cannot_be_read_is_noted(name: str, wrong: Any) -> None:
    root = span("run", "root", attributes={**OWN, "gen_ai.operation.name": "invoke_agent", "sentric.sequence": 0})
    brought = call(**OWN, **{"gen_ai.tool.name": "get", "sentric.sequence": 1, name: wrong})
    [run] = read([root, brought])
    assert "Some messages or texts that spans bring along could not be read." in run.coverage.notes
    assert [event.tool for event in run.events if isinstance(event, Action)] == ["get"]
    [unnumbered] = read([root, replace(brought, attributes={**brought.attributes, "sentric.sequence": "x"})])
    assert "Some events have lost their numbers, and stand after all others." in unnumbered.coverage.notes


CONTENT = (
    "argument",
    "result",
    "input",
    "output",
    "message",
    "prompt",
    "completion",
    "content",
    "instructions",
    "value",
)


def silenced(spans: list[Span], seed: int, share: float) -> list[Span]:
    """Spans of which some attributes that may hold content are gone."""
    chance = random.Random(seed)

    def kept(name: str) -> bool:
        return not any(word in name.lower() for word in CONTENT) or chance.random() > share

    return [
        replace(
            one,
            attributes={name: value for name, value in one.attributes.items() if kept(name)},
            events=tuple(event for event in one.events if chance.random() > share),
        )
        for one in spans
    ]


def counted(run: Run) -> dict[str, int]:
    """What the events themselves say of what was captured."""
    actions = [event for event in run.events if isinstance(event, Action)]
    brought = {event.action_id for event in run.events if isinstance(event, Outcome) and not event.uncaptured}
    return {
        "seen": len(actions),
        "without_arguments": sum(action.uncaptured for action in actions),
        "without_results": sum(action.event_id not in brought for action in actions),
    }


@pytest.mark.parametrize("name", captured_names())
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), share=st.sampled_from((0.2, 0.6, 1.0)))
def test_whatever_content_is_gone_the_coverage_says_what_the_events_say(name: str, seed: int, share: float) -> None:
    for run in read(silenced(captured(name), seed, share)):
        known = run.coverage
        assert counted(run) == {key: getattr(known, key) for key in counted(run)}
        assert known.blind <= min(known.without_arguments, known.seen)
        for event in run.events:
            assert not (isinstance(event, Action) and event.uncaptured and event.arguments)
            assert not (isinstance(event, Outcome) and event.uncaptured and event.result)
        told = any(isinstance(event, Message) and event.author is Author.USER and event.text for event in run.events)
        assert known.has_task is told or (run.parent and known.has_task)  # who led to it may know it
