"""A captured run made as long as real ones are: a step again and again, each with the whole history before it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sentric_analyzer.dialects.values import parsed
from sentric_analyzer.spans import attributes_of
from support.attributes import pairs

_OF_ONE_STEP = re.compile(r"\bcall_\w*\d\b|\b1042\b")
"""Calls' ids, and a number that stands in what the tool gives back: no two steps tell the same."""
_LISTED = re.compile(r"(.*\binput_messages\.)(\d+)(\..*)")
_Attributes: TypeAlias = Mapping[str, Any]


def lengthened(spans: Sequence[Span], models: Sequence[bytes], steps: int) -> list[Span]:
    """The spans of a run of so many more steps. What each model's call is given grows by what a step adds to it.

    Args:
        spans: of the captured run.
        models: ids of the spans of two calls of its model, the one after the other: the step is what lies between.
        steps: how often the step is made.
    """
    ordered = sorted(spans, key=lambda span: span.start_time_unix_nano)
    first, second = _apart({span.span_id: span for span in spans}, *models)
    took = second.start_time_unix_nano - first.start_time_unix_nano
    before = [span for span in ordered if span.start_time_unix_nano < first.start_time_unix_nano]
    step = [span for span in ordered if 0 <= span.start_time_unix_nano - first.start_time_unix_nano < took]
    later = [span for span in ordered if span.start_time_unix_nano >= second.start_time_unix_nano]
    following = [next((one for one in later if one.name == span.name), span) for span in step]
    for span in before:
        span.end_time_unix_nano += steps * took
    own = {span.span_id for span in step}
    told = list(zip(step, following, strict=True))
    return [*before, *(_again(*pair, own, took, number) for number in range(steps) for pair in told)]


def _apart(by_id: Mapping[bytes, Span], one: bytes, other: bytes) -> tuple[Span, Span]:
    """The outermost spans around two others that are not around both."""
    paths: list[list[Span]] = []
    for span_id in (one, other):
        path, above = list[Span](), by_id.get(span_id)
        while above:
            path.append(above)
            above = by_id.get(above.parent_span_id)
        paths.append(path[::-1])
    return next((left, right) for left, right in zip(*paths, strict=False) if left is not right)


def _again(span: Span, following: Span, own: set[bytes], took: int, number: int) -> Span:
    """A step's span in a later step, of which another tells what the following one was given."""
    made = Span()
    made.CopyFrom(span)
    made.start_time_unix_nano += number * took
    made.end_time_unix_nano += number * took
    made.span_id = _id(span.span_id, number)
    made.parent_span_id = _id(span.parent_span_id, number) if span.parent_span_id in own else span.parent_span_id
    _grow(made.attributes, following.attributes, number)
    for event, then in zip(made.events, following.events, strict=False):
        _grow(event.attributes, then.attributes, number)
    return made


def _grow(told: Any, then: Any, number: int) -> None:
    """Let repeated attributes grow by what others have more."""
    grown = _grown_attributes(attributes_of(told), attributes_of(then), number)
    del told[:]
    told.extend(pairs(grown))


def _id(span_id: bytes, number: int) -> bytes:
    return span_id[:-2] + (int.from_bytes(span_id[-2:]) + number & 0xFFFF).to_bytes(2)


def _grown_attributes(first: _Attributes, second: _Attributes, times: int) -> dict[str, Any]:
    grown = {name: _grown(value, second.get(name), times) for name, value in first.items()}
    listed = [found for name in second if name not in first and (found := _LISTED.fullmatch(name))]
    count = len({found[2] for found in listed})
    for number in range(times):
        for found in listed:
            name = f"{found[1]}{int(found[2]) + number * count}{found[3]}"
            grown[name] = _renamed(second[found[0]], number)
    return grown


def _grown(first: Any, second: Any, times: int) -> Any:
    """A value with what the second one has more than it, several times; else as it is in the step of that number."""
    match first, second:
        case str(), str():
            return _grown_text(first, second, times)
        case list(), list() if len(second) > len(first):
            start = next((at for at, one in enumerate(first) if second[at] != one), len(first))
            added = second[start : start + len(second) - len(first)]
            return [
                *first[:start],
                *(one for number in range(times) for one in _renamed(added, number)),
                *first[start:],
            ]
        case list(), list() if len(second) == len(first):
            return [_grown(one, other, times) for one, other in zip(first, second, strict=True)]
        case dict(), dict():
            return {name: _grown(value, second.get(name), times) for name, value in first.items()}
        case _:
            return _renamed(first, times)


def _grown_text(first: str, second: str, times: int) -> str:
    (one, readable), (other, other_readable) = parsed(first), parsed(second)
    if not (readable and other_readable and isinstance(one, dict | list)):
        return str(_renamed(first, times))
    return json.dumps(_grown(one, other, times), separators=(",", ":"), ensure_ascii=False)


def _renamed(value: Any, number: int) -> Any:
    def another(found: re.Match[str]) -> str:
        return f"{found[0]}{number:03}"

    return json.loads(_OF_ONE_STEP.sub(another, json.dumps(value)))
