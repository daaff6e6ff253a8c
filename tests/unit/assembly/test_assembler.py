"""When a trace is released, why, and what is in it."""

from itertools import pairwise

import pytest

from sentric_analyzer.assembly import Assembler, Reason, Released, Times
from sentric_analyzer.assembly.assembler import SPAN_OVERHEAD, TRACE_OVERHEAD
from sentric_analyzer.assembly.trace import PROMPT
from sentric_analyzer.spans import Arrival, RawOrigin, RawSpan, Relation

SIZE = 10_000
FULL = SIZE + SPAN_OVERHEAD
GRACE, IDLE, CHECKPOINT, MAX_AGE = 2, 30, 60, 1000
ORIGIN = RawOrigin(b"", "", b"", "")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def assembler(clock: Clock, *, spans: int = 100, of_one: int = 100, remembered: int = 10) -> Assembler:
    """Room for so many spans, in all and of one trace."""
    return Assembler(
        Times(GRACE, IDLE, CHECKPOINT, MAX_AGE),
        max_trace_bytes=of_one * FULL,
        max_bytes=spans * FULL + FULL // 2,
        clock=clock,
        remembered=remembered,
    )


def send(
    held: Assembler,
    *numbers: int,
    trace: int = 1,
    root: bool = False,
    marked: bool = True,
    project: str = "shop",
    told: bytes = b"",
) -> None:
    for number in numbers:
        arrival = Arrival(project, f"{trace:032x}", f"{number:016x}", "" if root else "f" * 16, marked)
        piece = RawSpan(ORIGIN, b"%d" % number + told) if marked else Relation(*arrival[2:4])
        held.add(arrival, piece, SIZE)


def left(held: Assembler, clock: Clock) -> list[Released]:
    """What is given out when nothing more comes."""
    given = held.due()
    while (due := held.next_due()) is not None:
        clock.now = due
        given += held.due()
    return given


def summary(released: list[Released]) -> list[tuple[int, Reason, list[int], bool]]:
    return [(int(one.trace_id, 16), one.reason, sorted(map(number, one.spans)), one.reopened) for one in released]


def number(piece: object) -> int:
    assert isinstance(piece, RawSpan | Relation)
    return int(piece.body) if isinstance(piece, RawSpan) else int(piece.span_id, 16)


def test_a_trace_is_complete_when_its_root_has_ended_and_the_grace_has_passed(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 2)
    send(held, 1, root=True)
    clock.now = 1.9
    assert held.due() == []
    assert held.next_due() == 2
    clock.now = 2
    assert summary(held.due()) == [(1, Reason.COMPLETE, [1, 2], False)]
    assert (len(held), held.size, held.next_due(), held.due()) == (0, 0, None, [])


def test_a_span_that_comes_in_the_grace_prolongs_it(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, root=True)
    clock.now = 1
    send(held, 2)
    clock.now = 2.5
    assert held.due() == []
    clock.now = 3
    assert summary(held.due()) == [(1, Reason.COMPLETE, [1, 2], False)]


def test_a_trace_without_a_root_is_released_when_nothing_comes(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 2)
    clock.now = 29
    send(held, 3)
    clock.now = 58
    assert held.due() == []
    clock.now = 59
    assert summary(held.due()) == [(1, Reason.IDLE, [2, 3], False)]


def test_a_second_root_and_a_root_that_came_first_end_a_trace_like_any(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, root=True)
    send(held, 2, root=True)
    send(held, 3)
    clock.now = 2
    assert summary(held.due()) == [(1, Reason.COMPLETE, [1, 2, 3], False)]


def test_a_trace_with_nothing_for_a_dialect_is_let_go_and_counted_and_given_to_nobody(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, root=True, marked=False)
    send(held, 1, trace=2, marked=False)
    clock.now = 200
    assert held.due() == []
    assert (len(held), held.size) == (0, 0)
    assert held.released == {Reason.COMPLETE: 1, Reason.IDLE: 1}


def test_a_span_for_a_dialect_has_all_that_came_before_it_judged(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, 2, marked=False)
    send(held, 3)
    assert summary(left(held, clock)) == [(1, Reason.IDLE, [1, 2, 3], False)]


def busy(held: Assembler, clock: Clock, until: float) -> list[tuple[float, Reason]]:
    """When and why a trace was given out to which a span came each second."""
    given = []
    while clock.now < until:
        clock.now += 1
        send(held, int(clock.now))
        given += [(clock.now, one.reason) for one in held.due()]
    return given


def test_a_trace_that_goes_on_is_judged_at_growing_intervals_and_held(clock: Clock) -> None:
    held = assembler(clock, spans=1000, of_one=1000)
    assert busy(held, clock, 400) == [(time, Reason.CHECKPOINT) for time in (61, 121, 181, 271)]
    assert len(held) == 1
    assert len(left(held, clock)[0].spans) == 400


def test_a_checkpoint_gives_the_whole_trace_each_time_and_only_if_something_came(clock: Clock) -> None:
    held = Assembler(Times(2, 500, 60, 1000), max_trace_bytes=1 << 20, max_bytes=1 << 20, clock=clock)
    send(held, 1)
    clock.now = 60
    assert summary(held.due()) == [(1, Reason.CHECKPOINT, [1], False)]
    clock.now = 300
    assert held.due() == []
    send(held, 2)
    assert summary(held.due()) == [(1, Reason.CHECKPOINT, [1, 2], False)]
    clock.now = 800
    assert held.due() == [], "nothing came since it was judged"
    assert held.released == {Reason.CHECKPOINT: 2, Reason.IDLE: 1}


def test_the_end_of_a_trace_that_was_judged_on_its_way_is_judged_at_once(clock: Clock) -> None:
    held = assembler(clock, spans=1000, of_one=1000)
    busy(held, clock, 500)
    send(held, 501, root=True)
    clock.now += GRACE
    ((_, reason, spans, reopened),) = summary(held.due())
    assert (reason, len(spans), reopened) == (Reason.COMPLETE, 501, False)


def test_what_is_old_is_not_held_but_judged_on(clock: Clock) -> None:
    held = assembler(clock, spans=10_000, of_one=10_000)
    given = busy(held, clock, 10 * MAX_AGE)
    assert [time for time, reason in given if reason is Reason.OLD] == [1 + MAX_AGE]
    assert held.size == TRACE_OVERHEAD
    after = [time for time, _ in given if time > 1 + MAX_AGE]
    assert len(given) - len(after) <= 9
    steps = [later - time for time, later in pairwise(after)]
    assert steps == sorted(steps)
    assert max(steps) == MAX_AGE
    assert [(one.reopened, one.spans) for one in left(held, clock)] == [(True, ())]


def test_a_large_trace_is_released_at_once_and_goes_on_in_the_store(clock: Clock) -> None:
    held = assembler(clock, of_one=3)
    send(held, 0, 1, 2, 3)
    assert held.next_due() == 0
    assert summary(held.due()) == [(1, Reason.LARGE, [0, 1, 2], False)]
    assert held.size == TRACE_OVERHEAD
    assert summary(left(held, clock)) == [(1, Reason.IDLE, [], True)]


def test_an_endless_flood_into_one_trace_is_judged_less_and_less_often(clock: Clock) -> None:
    held = assembler(clock, of_one=3)
    given = 0
    for number in range(20_000):
        clock.now += 0.01
        send(held, number)
        given += len(held.due())
    assert given <= 5
    assert held.size == TRACE_OVERHEAD


def test_the_longest_idle_gives_way_to_others(clock: Clock) -> None:
    held = assembler(clock, spans=3)
    send(held, 1, trace=1)
    send(held, 2, trace=2)
    send(held, 3, trace=1)
    send(held, 4, trace=3)
    assert summary(held.due()) == [(2, Reason.MEMORY, [2], False)]
    assert held.size == 3 * FULL + 2 * TRACE_OVERHEAD


def test_one_projects_flood_does_not_cost_another_its_room(clock: Clock) -> None:
    held = assembler(clock, spans=10)
    send(held, 1, 2, trace=1, project="victim")
    for trace in range(100):
        send(held, 1, trace=trace, project="flood")
    evicted = held.due()
    assert len(evicted) > 80
    assert {one.project for one in evicted} == {"flood"}


def test_a_flood_of_spans_for_no_dialect_only_has_a_trace_judged_early(clock: Clock) -> None:
    held = assembler(clock, spans=10)
    send(held, 1)
    for trace in range(2, 100):
        send(held, 1, trace=trace, marked=False)
    assert summary(held.due()) == [(1, Reason.MEMORY, [1], False)]
    send(held, 2, root=True)
    clock.now = GRACE
    assert summary(held.due()) == [(1, Reason.COMPLETE, [], True)], "and then again, with all there is in the store"


def test_a_late_span_reopens_a_trace_whose_root_is_known_to_have_ended(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, root=True)
    clock.now = 5
    assert [one.new for one in held.due()] == [True]
    send(held, 2)
    clock.now = 7
    (again,) = held.due()
    assert summary([again]) == [(1, Reason.COMPLETE, [], True)]
    assert not again.new


def late_spans(held: Assembler, clock: Clock, until: float) -> list[float]:
    given = []
    send(held, 0, root=True)
    number = 0
    while clock.now < until:
        clock.now += GRACE
        given += [clock.now for _ in held.due()]
        number += 1
        send(held, number)
    return given


def test_late_spans_are_judged_at_once_but_not_again_and_again(clock: Clock) -> None:
    held = assembler(clock)
    send(held, *range(100, 160), root=True)
    given = late_spans(held, clock, 5_000)
    assert given[:PROMPT] == [GRACE * n for n in range(1, PROMPT + 1)]
    assert len(given) < 40, "of 2,500 late spans"
    waits = [later - time for time, later in pairwise(given)]
    assert max(waits) <= MAX_AGE + 2 * GRACE


def test_only_so_many_released_traces_are_remembered(clock: Clock) -> None:
    held = assembler(clock, remembered=2)
    for trace in (1, 2, 3):
        send(held, 1, trace=trace)
    left(held, clock)
    for trace in (1, 3):
        send(held, 2, trace=trace)
    assert [(int(one.trace_id), one.reopened, one.new) for one in left(held, clock)] == [
        (1, False, True),
        (3, True, False),
    ]


def test_a_trace_that_the_store_turns_out_to_have_is_no_longer_held(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1)
    held.read_back("shop", f"{1:032x}")
    held.read_back("shop", f"{2:032x}")
    assert held.size == TRACE_OVERHEAD
    assert summary(left(held, clock)) == [(1, Reason.IDLE, [], True)]


def test_traces_that_were_open_before_a_restart_are_taken_up(clock: Clock) -> None:
    held = assembler(clock, spans=3)
    for trace in range(1, 7):
        held.take_up("shop", f"{trace:032x}", spans=7, rooted=trace % 2 == 0)
    send(held, 9, trace=1)
    assert held.size == 6 * TRACE_OVERHEAD
    clock.now = GRACE
    assert summary(held.due()) == [(trace, Reason.COMPLETE, [], True) for trace in (2, 4, 6)]
    clock.now = IDLE
    assert summary(held.due()) == [(trace, Reason.IDLE, [], True) for trace in (1, 3, 5)]


def test_more_open_traces_than_there_is_room_for_are_judged_early(clock: Clock) -> None:
    held = assembler(clock, spans=1)
    for trace in range(100):
        held.take_up("shop", f"{trace:032x}", spans=1, rooted=False)
    early = held.due()
    assert {one.reason for one in early} == {Reason.MEMORY}
    assert len(early) + len(held) == 100


def test_projects_do_not_share_traces(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1, project="shop")
    send(held, 1, project="bank")
    assert [(one.project, len(one.spans)) for one in left(held, clock)] == [("shop", 1), ("bank", 1)]


def test_the_very_same_is_dropped_and_counted_but_spans_without_an_id_are_kept(clock: Clock) -> None:
    held = assembler(clock)
    nameless = Arrival("shop", f"{1:032x}", "", "f" * 16, marked=True)
    send(held, 1, 1)
    held.add(nameless, RawSpan(ORIGIN, b"7"), SIZE)
    held.add(nameless, RawSpan(ORIGIN, b"7"), SIZE)
    send(held, 1)
    assert [len(one.spans) for one in left(held, clock)] == [3]
    assert held.duplicates == 2


def test_what_is_told_differently_of_one_span_is_all_kept(clock: Clock) -> None:
    held = assembler(clock)
    send(held, 1)
    send(held, 1, told=b"0")
    send(held, 1, marked=False)
    assert [len(one.spans) for one in left(held, clock)] == [3]
    assert held.duplicates == 0


def test_every_release_is_counted_by_its_reason(clock: Clock) -> None:
    held = assembler(clock, of_one=2)
    send(held, 1, 2)
    send(held, 3, trace=2, root=True)
    send(held, 4, trace=3)
    clock.now = 50
    held.due()
    assert held.released == {Reason.LARGE: 1, Reason.COMPLETE: 1, Reason.IDLE: 1}


def test_a_clock_that_steps_back_stands_still(clock: Clock) -> None:
    held = assembler(clock)
    clock.now = 10
    send(held, 1, root=True)
    clock.now = 0
    send(held, 2, trace=2, root=True)
    clock.now = 11
    assert held.due() == []
    clock.now = 12
    assert len(held.due()) == 2


def test_the_schedule_does_not_grow_with_what_was_let_go(clock: Clock) -> None:
    held = assembler(clock, spans=5)
    for trace in range(50_000):
        send(held, 1, trace=trace, marked=False)
    assert len(held._schedule) < 2_000
    assert held.released[Reason.MEMORY] > 49_000


def test_a_flood_of_projects_is_looked_through_seldom() -> None:
    room = 1_000 * (TRACE_OVERHEAD + SPAN_OVERHEAD + 64)
    held = Assembler(
        Times(GRACE, IDLE, CHECKPOINT, MAX_AGE), max_trace_bytes=1 << 30, max_bytes=room, clock=lambda: 0.0
    )
    cleared = 0
    for number in range(4_000):
        before = held.released[Reason.MEMORY]
        held.add(Arrival(f"p{number}", "1" * 32, "1" * 16, "", marked=True), Relation("1" * 16, ""), 64)
        held.due()
        cleared += held.released[Reason.MEMORY] > before
    assert cleared <= 3_000 / 40
    assert 900 <= len(held) <= 1_000
