"""Runs that end late, or never, or twice: what they did is found, once, and told soon."""

from pathlib import Path

import pytest

from sentric_analyzer.assembly import Reason
from sentric_analyzer.log import Record, Signal
from sentric_analyzer.storage import SpanBatch
from support.pipelining import EVIL, NOW, TIMES, Clock, agent, call, request_of, running
from support.serving import poll


def test_a_late_span_makes_a_revision_with_the_same_findings_and_its_own(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2, command=EVIL), agent())
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        before = there.found()
        assert before

        there.send(call(3, command=EVIL))
        there.pass_time(TIMES.grace)
        assert there.judged() == 2
        assert before < there.found()
        assert len(there.store.runs()) == 1
        assert there.store.counts()["agent_steps"] == 2


def test_a_run_without_an_end_is_judged_on_its_way_for_a_day(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2, command=EVIL))
        hours, judgements, found = 24, 0, set[str]()
        for number in range(3, 3 + hours):
            there.pass_time(3600 if number > 3 else TIMES.checkpoint)
            there.send(call(number))
            released = there.assembler.released
            judgements = released[Reason.CHECKPOINT] + released[Reason.OLD] + released[Reason.IDLE]
            assert there.judged() == judgements
            if number == 3:
                found = there.found()
                assert found, "at the first checkpoint"
        assert 24 <= judgements <= 26
        assert found <= there.found()
        (run,) = there.store.runs()
        assert run["steps"] >= hours - 1


def test_a_busy_run_is_judged_at_growing_intervals_and_nothing_is_found_twice(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2, command=EVIL))
        judgements = []
        found: set[str] = set()
        for number in range(3, 33):
            there.pass_time(40)
            there.send(call(number, command=f"cat {number}.txt"))
            judgements.append(there.judged())
            if judgements[-1]:
                found = found or there.found()
                assert there.found() == found
        assert 5 <= judgements[-1] <= 9, "in 20 minutes"
        assert judgements[1] == 1, "the first after a minute"
        there.send(agent())
        there.pass_time(TIMES.grace)
        assert there.judged() == judgements[-1] + 1
        assert there.found() == found
        (run,) = there.store.runs()
        assert run["steps"] == 31


def test_a_run_is_judged_while_others_come_without_a_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as there:
        insert = there.store.insert_spans
        others = iter(range(2, 32))

        def judging() -> bool:
            return there.counted["sentric_pipeline_traces", Reason.COMPLETE] > 0

        def insert_while_others_come(spans: SpanBatch, token: str) -> None:
            insert(spans, token)
            there.clock.now += TIMES.grace
            if not judging() and (other := next(others, 0)):
                request = request_of(call(2, other)).SerializeToString()
                there.log.append(Record(("shop",), Signal.TRACES, request, NOW))
                poll(lambda: not there.pipeline._inbox.empty())

        monkeypatch.setattr(there.store, "insert_spans", insert_while_others_come)
        there.send(call(2), agent())
        poll(judging)
        assert next(others, 0), "not only when they had ceased"


def test_what_a_span_was_said_to_be_at_first_does_not_hide_what_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2), agent())
        there.send(call(2, command=EVIL))
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        assert there.found()
        (run,) = there.store.runs()
        stored = there.store.run(run["run_id"])
        assert stored is not None
        assert any("another content" in note for note in stored.run.coverage.notes)


def test_what_a_span_is_said_to_be_later_does_not_hide_what_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2, command=EVIL), agent())
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        found = there.store.findings()
        there.send(call(2, end=2 * 10**18, command="ls " * 100))
        there.pass_time(TIMES.grace)
        assert there.judged() == 2
        assert {finding.rule_id for finding in found} <= {finding.rule_id for finding in there.store.findings()}


def test_what_was_found_outlives_a_flood_that_makes_the_trace_too_large(tmp_path: Path) -> None:
    with running(tmp_path, max_trace_bytes=100_000) as there:
        there.send(call(2, command=EVIL))
        for number in range(3, 43):
            there.send(call(number, command="echo " + "x" * 10_000))
        assert there.judged() == 1
        found = there.found()
        assert found
        there.pass_time(TIMES.idle)
        assert there.judged() == 2
        assert there.found() >= found
        (run,) = there.store.runs()
        stored = there.store.run(run["run_id"])
        assert stored is not None
        assert any("too large" in note for note in stored.run.coverage.notes)
        assert len(stored.steps) < 20


def test_a_late_span_does_not_withdraw_what_was_found_before_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as there:
        there.send(call(2, command=EVIL), agent())
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        found = there.found()
    with running(tmp_path) as there:
        assert len(there.assembler) == 0, "it was judged, and nothing came since"
        there.send(call(3))
        there.pass_time(TIMES.idle)
        assert there.judged() == 1
        assert there.found() == found
        (run,) = there.store.runs()
        assert run["steps"] == 2


def test_a_run_that_was_judged_on_its_way_is_taken_up_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    with running(tmp_path, clock=clock) as there:
        there.send(call(2, command=EVIL))
        there.pass_time(TIMES.checkpoint)
        assert there.judged() == 1
        found = there.found()
        there.send(call(3, command=EVIL))
        there.send(call(2, trace=2, command=EVIL), agent(2))
    with running(tmp_path, clock=clock) as there:
        assert len(there.assembler) == 2
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        assert len(there.store.runs()) == 2, "the one that had ended"
        there.pass_time(TIMES.idle)
        assert there.judged() == 2
        assert there.found() > found
        assert len(there.store.runs()) == 2
