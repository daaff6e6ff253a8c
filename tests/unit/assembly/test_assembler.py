"""When a trace is released, why, and what is in it."""

from dataclasses import replace

import pytest

from fixtures.spans import span as any_span
from sentric_analyzer.assembly import Assembler, Reason, Released
from sentric_analyzer.assembly.assembler import SPAN_OVERHEAD
from sentric_analyzer.spans import Span

SIZE = 100
FULL = SIZE + SPAN_OVERHEAD


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def assembler(
    clock: Clock, *, spans: int = 100, of_one: int = 100, grace: float = 2, remembered: int = 10
) -> Assembler:
    """Room for so many spans, in all and of one trace."""
    return Assembler(
        grace=grace,
        idle=30,
        max_age=100,
        max_trace_bytes=of_one * FULL,
        max_bytes=spans * FULL,
        clock=clock,
        remembered=remembered,
    )


def span(number: int, trace: int = 1, *, root: bool = False) -> Span:
    return replace(any_span(number, trace=trace), parent_span_id="" if root else "f" * 16, size=SIZE)


def summary(released: list[Released]) -> list[tuple[int, Reason, list[int], bool]]:
    return [
        (int(one.trace_id, 16), one.reason, [int(s.span_id, 16) for s in one.spans], one.reopened) for one in released
    ]


def test_a_trace_is_complete_when_its_root_has_ended_and_the_grace_has_passed(clock: Clock) -> None:
    held = assembler(clock)
    held.add("shop", [span(2), span(1, root=True)])
    clock.now = 1.9
    assert held.due() == []
    assert held.next_due() == 2
    clock.now = 2
    assert summary(held.due()) == [(1, Reason.COMPLETE, [2, 1], False)]
    assert (len(held), held.size, held.next_due(), held.due()) == (0, 0, None, [])


def test_a_span_that_comes_in_the_grace_prolongs_it(clock: Clock) -> None:
    held = assembler(clock)
    held.add("shop", [span(1, root=True)])
    clock.now = 1
    held.add("shop", [span(2)])
    clock.now = 2.5
    assert held.due() == []
    clock.now = 3
    assert summary(held.due()) == [(1, Reason.COMPLETE, [1, 2], False)]


def test_a_trace_without_a_root_is_released_when_nothing_comes(clock: Clock) -> None:
    held = assembler(clock)
    held.add("shop", [span(2)])
    clock.now = 29
    held.add("shop", [span(3)])
    clock.now = 58
    assert held.due() == []
    clock.now = 59
    assert summary(held.due()) == [(1, Reason.IDLE, [2, 3], False)]


def test_a_busy_trace_is_released_when_it_is_old(clock: Clock) -> None:
    held = assembler(clock)
    for number in range(10):
        clock.now = 10 * number
        held.add("shop", [span(number)])
        assert held.due() == []
    clock.now = 100
    assert summary(held.due()) == [(1, Reason.OLD, list(range(10)), False)]


def test_a_large_trace_is_released_at_once_and_goes_on_as_reopened(clock: Clock) -> None:
    held = assembler(clock, of_one=3)
    held.add("shop", [span(n) for n in range(4)])
    assert held.next_due() == 0
    assert summary(held.due()) == [(1, Reason.LARGE, [0, 1, 2], False)]
    assert summary(held.flush()) == [(1, Reason.FLUSH, [3], True)]


def test_the_longest_idle_gives_way_to_others(clock: Clock) -> None:
    held = assembler(clock, spans=3)
    held.add("shop", [span(1, trace=1), span(2, trace=2), span(3, trace=1)])
    held.add("shop", [span(4, trace=3)])
    assert summary(held.due()) == [(2, Reason.MEMORY, [2], False)]
    assert held.size == 3 * FULL


def test_a_late_span_reopens_a_trace_whose_root_is_known_to_have_ended(clock: Clock) -> None:
    held = assembler(clock)
    held.add("shop", [span(1, root=True)])
    clock.now = 5
    held.due()
    held.add("shop", [span(2)])
    clock.now = 7
    assert summary(held.due()) == [(1, Reason.COMPLETE, [2], True)]


def test_only_so_many_released_traces_are_remembered(clock: Clock) -> None:
    held = assembler(clock, remembered=2)
    for trace in (1, 2, 3):
        held.add("shop", [span(1, trace=trace)])
    held.flush()
    for trace in (1, 3):
        held.add("shop", [span(2, trace=trace)])
    assert [(trace, reopened) for trace, _, _, reopened in summary(held.flush())] == [(1, False), (3, True)]


def test_projects_do_not_share_traces(clock: Clock) -> None:
    held = assembler(clock)
    held.add("shop", [span(1)])
    held.add("bank", [span(1)])
    assert [(one.project, len(one.spans)) for one in held.flush()] == [("shop", 1), ("bank", 1)]


def test_duplicates_are_dropped_and_counted_but_spans_without_an_id_are_kept(clock: Clock) -> None:
    held = assembler(clock)
    nameless = replace(span(1), span_id="")
    held.add("shop", [span(1), span(1), nameless, nameless])
    held.add("shop", [span(1)])
    assert [len(one.spans) for one in held.flush()] == [3]
    assert held.duplicates == 2


def test_every_release_is_counted_by_its_reason(clock: Clock) -> None:
    held = assembler(clock, of_one=2)
    held.add("shop", [span(1), span(2), span(3, trace=2, root=True), span(4, trace=3)])
    clock.now = 50
    held.due()
    assert held.released == {Reason.LARGE: 1, Reason.COMPLETE: 1, Reason.IDLE: 1}


def test_a_clock_that_steps_back_stands_still(clock: Clock) -> None:
    held = assembler(clock)
    clock.now = 10
    held.add("shop", [span(1, root=True)])
    clock.now = 0
    held.add("shop", [span(2, trace=2, root=True)])
    clock.now = 11
    assert held.due() == []
    clock.now = 12
    assert len(held.due()) == 2
