"""Captured traces in which anything may have become anything else: they are read, and alike in any order."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.traces import captured, captured_names, read
from sentric.event_json import event_to_json
from sentric_analyzer.spans import Span, SpanEvent

HOSTILE: tuple[Any, ...] = (
    *("", "{", "[", "null", "5", '"x"', "[]", "{}", "[[[]]]", "\ud800", "\x00", "x" * 2000, "{'a': 1}", "[" * 300),
    *('[{"role": "user"}]', '{"messages": [1]}', '{"args": [1, 2], "kwargs": {}}', '{"choices": [{"message": 5}]}'),
    *(None, True, 0, -1, 2**64, 1.5, float("nan"), b"\xff", [], {}, [None], ["x", ["y"]], {"a": {"b": []}}),
    *({"role": "tool", "content": {}}, {"type": "tool_call", "id": 5}, [{"toolUse": "x"}, {"toolResult": None}]),
    {"message": {"message": {"message": {}}}},
)


class Mutation:
    """Changes some of what spans say."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def spans(self, spans: list[Span]) -> list[Span]:
        kept = [self._span(span) for span in spans if self._random.random() > 0.05]
        return kept or spans

    def _span(self, span: Span) -> Span:
        chance = self._random.random
        events = tuple(SpanEvent(one.time, one.name, self._attributes(one.attributes)) for one in span.events)
        return replace(
            span,
            name=self._random.choice(["", "x", span.name]),
            parent_span_id=span.parent_span_id if chance() > 0.05 else self._random.choice([span.span_id, "", "gone"]),
            start=span.start if chance() > 0.05 else self._random.choice([0, 2**64 - 1]),
            attributes=self._attributes(span.attributes),
            events=events,
        )

    def _attributes(self, attributes: Any) -> dict[str, Any]:
        return {
            self._name(name): self._value(value) for name, value in attributes.items() if self._random.random() > 0.1
        }

    def _name(self, name: str) -> str:
        if self._random.random() > 0.05:
            return name
        return name.replace(".0.", self._random.choice([".7.", ".x.", ".", ".0.0."]))

    def _value(self, value: Any) -> Any:
        match self._random.randrange(8):
            case 0:
                return self._random.choice(HOSTILE)
            case 1 if isinstance(value, str):
                return value[: self._random.randrange(len(value) + 1)]
            case 2 if isinstance(value, str) and value[:1] in "[{":
                return self._inside(value)
            case _:
                return value

    def _inside(self, value: str) -> Any:
        """JSON in which one thing is another."""
        try:
            found = json.loads(value)
        except ValueError:
            return value
        place: Any = found
        while isinstance(place, dict | list) and place:
            key = self._random.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if self._random.random() < 0.3 or not isinstance(place[key], dict | list):
                place[key] = self._random.choice(HOSTILE)
                break
            place = place[key]
        return self._random.choice([found, json.dumps(found, default=repr)])


@pytest.mark.parametrize("name", captured_names())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_mutated_capture_is_read(name: str, seed: int) -> None:
    spans = Mutation(seed).spans(captured(name))
    runs = read(spans)
    shuffled = random.Random(seed).sample(spans, len(spans))
    assert sorted(map(repr, read(shuffled))) == sorted(map(repr, runs))  # of several traces the first to come is first
    for run in runs:
        for event in run.events:
            json.dumps(event_to_json(event), ensure_ascii=False, allow_nan=False).encode()
        assert len({event.event_id for event in run.events}) == len(run.events)
