"""Clocks that are wrong: a run is read whole, in the order of what was done where that is told."""

from itertools import count
from pathlib import Path
from typing import Any

from fixtures.spans import DAY
from sentric import semconv
from support.pipelining import EVIL, NOW, TIMES, agent, call, running

SKEWS = {
    "a day behind": (NOW - DAY, NOW - DAY + 1000),
    "a day ahead": (NOW + DAY, NOW + DAY + 1000),
    "an end before the start": (NOW, NOW - DAY),
    "no time": (0, 0),
    "no end": (NOW, 0),
    "the latest time there is": (2**64 - 1, 2**64 - 1),
    "an end beyond all": (NOW, 2**64 - 1),
    "a month ago": (NOW - 31 * DAY, NOW + DAY),
}


def timed(number: int, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {**call(number, **more), "start_time_unix_nano": start, "end_time_unix_nano": end}


def test_a_skewed_span_is_judged_with_its_trace_at_first_and_from_the_store(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        for trace, (start, end) in enumerate(SKEWS.values(), 1):
            there.send(agent(trace), call(2, trace), timed(3, start, end, trace=trace, command=EVIL))
        there.pass_time(TIMES.grace)
        first = {run["run_id"]: there.store.run(run["run_id"]) for run in there.store.runs()}
        assert len(first) == len(SKEWS)
        for trace in range(1, len(SKEWS) + 1):
            there.send(call(4, trace))
        there.pass_time(TIMES.grace)

        for run_id, before in first.items():
            after = there.store.run(run_id)
            assert before is not None
            assert after is not None
            assert [len(before.steps), len(after.steps)] == [2, 3]
            assert {one.finding_id for one in before.findings} <= {one.finding_id for one in after.findings}
            assert before.findings
            for event in after.run.events:
                assert 0 <= event.time < 2**63
            assert all(step.outcome is None or step.outcome.duration >= 0 for step in after.steps)


def test_events_are_in_the_order_of_their_numbers_whatever_the_clock_said(tmp_path: Path) -> None:
    numbers = count(1)

    def own(number: int, start: int) -> dict[str, Any]:
        span = timed(number, start, start)
        stated = {semconv.SENTRIC_SCHEMA_VERSION: "1", semconv.SENTRIC_RUN_ID: "r"}
        sequence = {semconv.SENTRIC_SEQUENCE: next(numbers), semconv.SENTRIC_OUTCOME_SEQUENCE: next(numbers)}
        return {**span, "attributes": {**span["attributes"], **stated, **sequence}}

    starts = [NOW, NOW - DAY, NOW + DAY, 0, 2**64 - 1, NOW - 1]
    spans = [own(number, start) for number, start in enumerate(starts, 2)]
    with running(tmp_path) as there:
        there.send(*reversed(spans[:3]))
        there.send(*spans[3:])
        there.pass_time(TIMES.idle)
        stored = there.store.run("r")
        assert stored is not None
        assert [int(step.action.span_id, 16) for step in stored.steps] == [2, 3, 4, 5, 6, 7]
