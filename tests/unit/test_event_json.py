import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.event_json import EventFormatError, event_from_json, event_to_json
from sentric.events import (
    Action,
    AnyEvent,
    Author,
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

texts = st.text(max_size=20)
base = {
    "sequence": st.integers(0, 10**6),
    "time": st.integers(0, 2**63),
    "span_id": texts,
    "ordinal": st.integers(0, 9),
}
json_values = st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda v: st.lists(v, max_size=3))
events: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Message, **base, author=st.sampled_from(Author), text=texts),
    st.builds(Observation, **base, source=st.sampled_from(Source), origin=texts, text=texts, truncated=st.booleans()),
    st.builds(
        Action,
        **base,
        tool=texts,
        arguments=st.dictionaries(texts, json_values, max_size=3),
        kind=st.sampled_from(Kind),
        effects=st.frozensets(st.sampled_from(Effect)),
        element=st.none() | st.builds(Element, tag=texts, text=texts),
        reasoning=st.builds(Reasoning, thinking=texts, next_goal=texts),
        score=st.none() | st.builds(Score, st.integers(0, 100), st.sampled_from(Decision), texts, texts),
    ),
    st.builds(Outcome, **base, action_id=texts, result=texts, error=texts, duration=st.integers(0, 10**12)),
)


@given(events)
def test_every_event_survives_json(event: AnyEvent) -> None:
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_fields_that_hold_their_default_are_left_out() -> None:
    assert event_to_json(Action(sequence=3, tool="click")) == {
        "event": "action",
        "sequence": 3,
        "tool": "click",
    }


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("text", "an event is an object, not str"),
        ({"event": "step"}, "event is 'step': use one of message, observation, action, outcome"),
        ({"event": ["action"]}, "event is ['action']: use one of message, observation, action, outcome"),
        ({"event": "message", "sequence": 1, "text": "x"}, "message needs 'author'"),
        (
            {"event": "message", "sequence": 1, "text": "x", "author": "me"},
            "message.author is 'me': use one of user",
        ),
        ({"event": "action", "sequence": 1, "tool": 4}, "action.tool is int: it must be str"),
        ({"event": "action", "sequence": True, "tool": "x"}, "action.sequence is bool: it must be int"),
        ({"event": "action", "sequence": 1, "tool": "x", "kinds": "click"}, "action has no 'kinds'"),
        ({"event": "action", "sequence": 1, "tool": "x", "effects": ["fly"]}, "action.effects is 'fly'"),
        (
            {"event": "action", "sequence": 1, "tool": "x", "element": {"tga": "a"}},
            "action.element has no 'tga'",
        ),
    ],
)
def test_what_is_not_an_event_is_named(record: object, message: str) -> None:
    with pytest.raises(EventFormatError) as caught:
        event_from_json(record)
    assert str(caught.value).startswith(message)


def test_a_sequence_is_filled_in_where_none_is_given() -> None:
    assert event_from_json({"event": "action", "tool": "x"}, sequence=7).sequence == 7
