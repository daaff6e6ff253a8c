from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentric.guard.link.sse import EVENT_LIMIT, LINE_LIMIT, Events

TOLD = b": hello\n\nevent: state\ndata: {}\n\nevent:lease\r\ndata:a\r\ndata: b\r\nid: 7\r\n\r\ndata\n\nevent: none\n\n"
READ = [("state", b"{}"), ("lease", b"a\nb"), ("", b"")]

patient = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(st.lists(st.integers(0, len(TOLD))))
def test_events_are_read_however_they_are_cut(cuts: list[int]) -> None:
    events = Events()
    places = [0, *sorted(cuts), len(TOLD)]
    pieces = [TOLD[begin:end] for begin, end in pairwise(places)]
    assert [event for piece in pieces for event in events.take(piece)] == READ


@pytest.mark.parametrize(
    "told",
    [
        b"x" * (LINE_LIMIT + 1),
        b"data: " + b"x" * LINE_LIMIT + b"\n",
        b"data: " + b"x" * 60_000 + b"\n",
        b"data:\n",
        b"event: \xff\n",
    ],
)
def test_lines_and_events_are_bounded(told: bytes) -> None:
    events = Events()
    pieces = (event for _ in range(EVENT_LIMIT + 2) for event in events.take(told))
    with pytest.raises(ValueError):  # noqa: PT011  # of any sort
        list(pieces)


@patient
@given(st.lists(st.binary(max_size=32), max_size=8))
def test_whatever_comes_it_is_events_or_an_error(pieces: list[bytes]) -> None:
    events = Events()
    with suppress(ValueError):
        for piece in pieces:
            list(events.take(piece))
