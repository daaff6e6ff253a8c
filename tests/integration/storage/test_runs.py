import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.replays import SECOND, STARTED, TRACE, judged_run, replay_of, without_findings
from fixtures.spans import span
from fixtures.store_rows import rows
from sentric.events import (
    Action,
    AnyEvent,
    Author,
    Coverage,
    Effect,
    Element,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Run,
    Source,
)
from sentric.policy.rule import Severity
from sentric_analyzer.detection import with_former
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import RunRows, Store, StoredTrace, StoreError
from support.otlp import batch_of


def stored_document(store: Store, selector: str) -> dict[str, Any]:
    replay = store.run(selector)
    assert replay is not None
    return run_document(replay)


def test_a_run_is_read_back_with_the_same_document(store: Store) -> None:
    store.insert_replays([judged_run()], "a")

    assert stored_document(store, "run-1") == run_document(judged_run())


TEXT = st.text(st.characters(), max_size=20)  # lone surrogates too
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)
TIMES = st.integers(0, 2**64 - 1) | st.integers(STARTED, STARTED + SECOND)
MESSAGES = st.builds(Message, sequence=st.just(0), time=TIMES, author=st.sampled_from(Author), text=TEXT)
OBSERVATIONS = st.builds(
    Observation, sequence=st.just(0), time=TIMES, source=st.sampled_from(Source), origin=TEXT, text=TEXT
)
ACTIONS = st.builds(
    Action,
    sequence=st.just(0),
    time=TIMES,
    tool=TEXT,
    server=TEXT,
    arguments=OBJECTS,
    kind=st.sampled_from(Kind),
    effects=st.frozensets(st.sampled_from(Effect)),
    url=TEXT,
    element=st.none() | st.builds(Element, tag=TEXT, text=TEXT),
    reasoning=st.builds(Reasoning, thinking=TEXT, memory=TEXT),
    context=OBJECTS,
    truncated=st.booleans(),
    uncaptured=st.booleans(),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    events: list[AnyEvent] = []
    for sequence, event in enumerate(draw(st.lists(MESSAGES | OBSERVATIONS | ACTIONS, max_size=5))):
        placed = replace(event, sequence=2 * sequence, span_id=f"{sequence:016x}")
        events.append(placed)
        if isinstance(placed, Action) and draw(st.booleans()):
            outcome = Outcome(sequence=2 * sequence + 1, action_id=placed.event_id, result=draw(TEXT), error=draw(TEXT))
            events.append(replace(outcome, span_id=placed.span_id, ordinal=1, duration=draw(st.integers(0, 2**62))))
    texts = {name: draw(TEXT) for name in ("agent", "task", "model", "error", "conversation", "parent")}
    counts = {
        name: draw(st.integers(0, 9)) for name in ("seen", "without_arguments", "without_results", "unheard", "lost")
    }
    coverage = Coverage(**counts, ended=draw(st.booleans()), notes=tuple(draw(st.lists(TEXT))))
    return Run(
        project=draw(TEXT),
        run_id="run",
        started=draw(TIMES),
        ended=draw(TIMES),
        events=tuple(events),
        coverage=coverage,
        **texts,
    )


@given(run=runs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_run_holds_its_document_survives_storing(store: Store, run: Run) -> None:
    run = replace(run, run_id=f"run-{next(NUMBERS)}")
    store.insert_replays([replay_of(run)])

    assert stored_document(store, run.run_id) == run_document(replay_of(run))


NUMBERS: "Iterator[int]" = count()


def test_judging_a_run_again_replaces_it(store: Store) -> None:
    first = judged_run()
    shorter = replace(first.run, events=first.run.events[1:4], error="stopped", started=STARTED + SECOND)
    store.insert_replays([first])
    store.insert_replays([without_findings(replay_of(shorter), "asks")])

    assert stored_document(store, "run-1") == run_document(without_findings(replay_of(shorter), "asks"))
    assert [found.rule_id for found in store.findings()] == ["credential-over-http"]
    assert store.counts() == {
        "otel_traces": 0,
        "otel_logs": 0,
        "agent_runs": 1,
        "agent_events": 3,
        "agent_steps": 1,
        "agent_findings": 1,
    }


def test_a_withdrawn_finding_comes_back_as_the_same_finding(store: Store) -> None:
    whole = judged_run()
    for replay in (whole, without_findings(whole, "asks"), whole):
        store.insert_replays([replay])

    assert stored_document(store, "run-1") == run_document(whole)
    assert len(rows(store, "SELECT DISTINCT FindingId FROM agent_findings")) == 2


def test_a_withdrawal_stays_in_the_record(store: Store) -> None:
    store.insert_replays([judged_run()])
    store.insert_replays([without_findings(judged_run(), "asks", "credential-over-http")])

    assert store.findings() == []
    assert rows(store, "SELECT count(), sum(Withdrawn) FROM agent_findings") == [(4, 2)]


def test_other_runs_and_projects_are_left_alone(store: Store) -> None:
    store.insert_replays([judged_run("run-1"), judged_run("run-2"), judged_run("run-1", project="other")])
    store.insert_replays([without_findings(judged_run("run-1"), "asks")])

    counts = {(row["project"], row["run_id"]): row["counts"]["low"] for row in store.runs()}
    assert counts == {("shop", "run-1"): 0, ("shop", "run-2"): 1, ("other", "run-1"): 1}
    assert len(store.findings(rule="asks")) == 2


def test_a_run_twice_in_one_batch_is_what_it_was_last(store: Store) -> None:
    store.insert_replays([judged_run(), without_findings(judged_run(), "asks")])

    assert stored_document(store, "run-1") == run_document(without_findings(judged_run(), "asks"))


def test_revisions_go_up_even_when_the_clock_goes_back(store: Store, shared_url: str) -> None:
    with Store.open(shared_url, clock=lambda: 1_000) as store:
        store.insert_replays([judged_run()])
        store.insert_replays([without_findings(judged_run(), "asks")])
    with Store.open(shared_url, clock=lambda: 5) as store:
        store.insert_replays([replay_of(replace(judged_run().run, task="later"))])

        assert stored_document(store, "run-1")["run"]["task"] == "later"
        assert rows(store, "SELECT Revision FROM agent_runs ORDER BY Revision") == [(1000,), (1001,), (1002,)]


def test_a_batch_of_runs_that_is_repeated_changes_nothing(store: Store) -> None:
    store.insert_replays([judged_run()], "a")
    store.insert_replays([without_findings(judged_run(), "asks")], "b")
    store.insert_replays([judged_run()], "a")
    store.insert_replays([without_findings(judged_run(), "asks")], "b")

    assert stored_document(store, "run-1") == run_document(without_findings(judged_run(), "asks"))


def test_runs_are_listed_newest_first(store: Store) -> None:
    store.insert_replays([judged_run(f"run-{n}", started=STARTED + n * SECOND) for n in (2, 0, 1)])
    store.insert_replays([judged_run("elsewhere", project="other")])

    assert [row["run_id"] for row in store.runs(projects=["shop"])] == ["run-2", "run-1", "run-0"]
    assert [row["run_id"] for row in store.runs(limit=2)] == ["run-2", "run-1"]
    assert [row["run_id"] for row in store.runs(since=STARTED + SECOND)] == ["run-2", "run-1"]
    assert store.runs(projects=["nobody's"]) == []


def test_a_listed_run_is_a_flat_summary(store: Store) -> None:
    store.insert_replays([judged_run()])

    assert store.runs() == [
        {
            "run_id": "run-1",
            "trace_id": TRACE,
            "project": "shop",
            "agent": "buyer",
            "agent_id": "agent-7",
            "conversation": "conversation-3",
            "parent": "",
            "task": "Buy a “kettle” 🫖",
            "model": "gpt-5",
            "service": "browser-agent",
            "dialect": "sentric",
            "started": "2026-11-18T11:06:40.123456Z",
            "ended": "2026-11-18T11:06:49.123456Z",
            "error": "",
            "steps": 2,
            "risk": 60,
            "highest_severity": "high",
            "counts": {"critical": 0, "high": 1, "medium": 0, "low": 1},
            "not_evaluated": 2,
        }
    ]


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    store.insert_replays([judged_run("abc"), judged_run("abcdef"), judged_run("xyz%", started=STARTED + SECOND)])

    assert stored_document(store, "x")["run"]["run_id"] == "xyz%"
    assert stored_document(store, "abc")["run"]["run_id"] == "abc"
    assert stored_document(store, "latest")["run"]["run_id"] == "xyz%"
    assert [store.run(selector) for selector in ("", "%", "abcdefg", "x' OR 1", "\udc80")] == [None] * 5
    with pytest.raises(StoreError, match="run 'ab' is the beginning of several, abc among them: give more of it"):
        store.run("ab")


def test_a_run_id_in_two_projects_needs_the_project(store: Store) -> None:
    store.insert_replays([judged_run(), judged_run(project="other")])

    with pytest.raises(StoreError, match="run 'run-1' is in the projects other and shop: name one"):
        store.run("run-1")
    found = store.run("run-1", projects=["other"])
    assert found is not None
    assert found.run.project == "other"


def test_findings_are_chosen_by_run_severity_and_rule(store: Store) -> None:
    store.insert_replays([judged_run(f"run-{n}", started=STARTED + n * SECOND) for n in range(3)])

    def found(**wanted: Any) -> list[tuple[str, str]]:
        return [(finding.run_id, finding.rule_id) for finding in store.findings(**wanted)]

    assert found(run="run-1") == [("run-1", "credential-over-http"), ("run-1", "asks")]
    assert found(severity=Severity.MEDIUM, limit=2) == [
        ("run-2", "credential-over-http"),
        ("run-1", "credential-over-http"),
    ]
    assert found(rule="asks", projects=["other", "shop"], run="run-0") == [("run-0", "asks")]
    assert found(projects=["other"]) == []
    assert found(projects=[]) == []
    assert [finding_document(finding) for finding in store.findings(run="run-1")] == [
        finding_document(finding) for finding in judged_run("run-1", started=STARTED + SECOND).findings
    ]


MARKS = ("gen_ai.tool.name",)


def opened(store: Store, marks: Sequence[str] = MARKS, *, within: float = 600, limit: int = 10) -> list[int]:
    return [int(one.trace_id, 16) for one in store.open_traces(marks, within=within, limit=limit)[0]]


def test_a_trace_is_open_until_it_was_judged_with_all_its_spans(store: Store, shared_url: str) -> None:
    ticks, trace = count(1_000_000_000_000), int(TRACE, 16)
    with Store.open(shared_url, clock=lambda: next(ticks)) as store:
        child = replace(span(7, trace=2), parent_span_id="f" * 16)
        store.insert_spans([batch_of([span(1, trace=trace), child])], "a")
        assert sorted(store.open_traces(MARKS, within=600)[0]) == [
            StoredTrace("default", f"{2:032x}", 1, rooted=False),
            StoredTrace("default", TRACE, 1, rooted=True),
        ]
        assert store.judged_traces([("default", TRACE), ("default", f"{2:032x}")]) == set()

        store.insert_replays([judged_run(project="default")])
        assert opened(store) == [2]
        traces = [("default", TRACE), ("other", TRACE), ("default", f"{2:032x}")]
        assert store.judged_traces(traces) == {("default", TRACE)}
        assert store.judged_traces([]) == set()

        store.insert_spans([batch_of([span(2, trace=trace)])], "b")
        assert opened(store) == [2, trace]
        assert opened(store, ["some.other.attribute"]) == []


def test_traces_long_before_the_last_activity_are_not_open(store: Store, shared_url: str) -> None:
    ticks = iter((SECOND, 701 * SECOND))
    with Store.open(shared_url, clock=lambda: next(ticks)) as store:
        store.insert_spans([batch_of([span(1, trace=1)])], "a")
        store.insert_spans([batch_of([span(1, trace=2)])], "b")

        assert opened(store) == [2]
        assert opened(store, within=800) == [1, 2]


def test_of_too_many_open_traces_those_that_had_a_span_last_are_taken(store: Store, shared_url: str) -> None:
    ticks = count(SECOND)
    with Store.open(shared_url, clock=lambda: next(ticks)) as store:
        for trace in range(1, 8):
            store.insert_spans([batch_of([span(1, trace=trace)])], str(trace))

        assert opened(store, limit=3) == [5, 6, 7]
        assert store.open_traces(MARKS, within=600, limit=3)[1] == 4


def test_what_was_found_in_a_part_that_is_no_longer_read_stays(store: Store) -> None:
    whole = judged_run(project="default")
    store.insert_replays([whole])
    events = whole.run.events[-1:]
    later = replace(whole.run, events=events, started=whole.run.started + SECOND)
    rest = replace(whole, run=later, findings=(), steps=())
    kept = with_former(rest, store.former("default", whole.run.run_id))

    present = {event.event_id for event in events}
    expected = {found.finding_id for found in whole.findings if found.event_id not in present}
    assert expected
    assert {found.finding_id for found in kept.findings} == expected
    assert kept.run.started == whole.run.started
    store.insert_replays([kept])
    assert {found.finding_id for found in store.findings()} == expected


def test_threads_read_and_write_at_the_same_time(store: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                store.insert_replays([judged_run(f"run-{number}-{turn}")])
                assert store.run(f"run-{number}-{turn}") is not None
        except BaseException as error:  # noqa: BLE001  # shown below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(store.runs()) == 20


def test_runs_that_turned_out_to_be_parts_of_others_are_withdrawn(store: Store) -> None:
    """A trace that was judged before all of it had come."""
    first = [judged_run("part"), judged_run("whole"), judged_run("elsewhere", trace_id="b" * 32)]
    store.insert_runs([RunRows.of(first, [("shop", TRACE), ("shop", "b" * 32)])])
    store.insert_runs([RunRows.of([judged_run("whole")], [("shop", TRACE), ("other", "b" * 32)])])

    assert {row["run_id"] for row in store.runs()} == {"whole", "elsewhere"}
    assert {finding.run_id for finding in store.findings()} == {"whole", "elsewhere"}
    assert store.run("part") is None
    store.insert_runs([RunRows.of([judged_run("part")])])
    assert {row["run_id"] for row in store.runs()} == {"whole", "elsewhere", "part"}


def test_the_beginning_of_a_traces_id_names_its_outermost_run_and_the_whole_id_of_another_that(store: Store) -> None:
    store.insert_replays([judged_run(TRACE), judged_run(f"{TRACE}-b7ad6b71", parent=TRACE)])

    found = [store.run(selector) for selector in (TRACE[:12], TRACE, f"{TRACE}-b7", f"{TRACE}-b7ad6b71")]
    assert [one and one.run.run_id for one in found] == [TRACE] * 2 + [f"{TRACE}-b7ad6b71"] * 2
