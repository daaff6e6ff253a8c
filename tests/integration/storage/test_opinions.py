"""What models think of runs, in the store: beside what rules found, and not touched when rules judge again."""

from dataclasses import replace
from typing import Any

from fixtures.replays import SECOND, STARTED, TRACE, judged_run, without_findings
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding, Replay, finding_id
from sentric_analyzer.detection import stored_fixture, with_former
from sentric_analyzer.storage import RunRows, Store, StoredRun


def opinion(
    replay: Replay, severity: Severity = Severity.HIGH, *, name: str = "off-task", event: int = 2, **more: Any
) -> Finding:
    run, rule_id = replay.run, f"judge/{name}"
    anchor = run.events[event]
    return replace(
        replay.findings[0],
        finding_id=finding_id(run.project, run.run_id, rule_id, anchor.event_id),
        run_id=run.run_id,
        rule_id=rule_id,
        event_id=anchor.event_id,
        severity=severity,
        model="small",
        **more,
    )


def found(store: Store, run_id: str = "run-1") -> list[tuple[str, str]]:
    replay = store.run(run_id)
    assert replay
    return [(one.rule_id, one.severity.value) for one in replay.findings]


RULES = [("credential-over-http", "high"), ("asks", "low")]


def test_an_opinion_stands_behind_what_rules_found_and_is_read_back(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    said = opinion(replay)
    assert store.insert_opinions(replay.run, [said]) == 1
    stored = store.run("run-1")
    assert stored
    assert stored.findings == (*replay.findings, said)
    assert said in store.findings(severity=Severity.HIGH)
    assert store.findings(rule="judge/off-task") == [said]


def test_rules_that_judge_again_leave_it_and_take_back_only_their_own(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    store.insert_opinions(replay.run, [opinion(replay)])
    store.insert_runs([RunRows.of([without_findings(replay, "asks")], [("shop", TRACE)])])
    assert found(store) == [RULES[0], ("judge/off-task", "high")]
    store.insert_runs([RunRows.of([replay])])
    assert found(store) == [*RULES, ("judge/off-task", "high")]


def test_what_was_found_in_a_part_that_is_no_longer_read_does_not_double_it(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    store.insert_opinions(replay.run, [opinion(replay)])
    late = replace(replay, run=replace(replay.run, events=()), steps=(), findings=())
    store.insert_replays([with_former(late, store.former("shop", "run-1"))])
    assert sorted(found(store)) == sorted([*RULES, ("judge/off-task", "high")])
    (listed,) = store.runs()
    assert listed["counts"]["high"] == 2


def test_a_fixture_expects_what_rules_say_alone(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    expected = [event.get("expect") for event in stored_fixture(store, replay)["events"]]
    store.insert_opinions(replay.run, [opinion(replay, event=1)])
    stored = store.run("run-1")
    assert stored
    assert [event.get("expect") for event in stored_fixture(store, stored)["events"]] == expected


def test_it_goes_with_its_run(store: Store) -> None:
    part, whole = judged_run("part"), judged_run("whole")
    store.insert_runs([RunRows.of([part])])
    store.insert_opinions(part.run, [opinion(part)])
    store.insert_runs([RunRows.of([whole], [("shop", TRACE)])])
    assert store.run("part") is None
    assert not [one for one in store.findings() if one.model]
    assert store.insert_opinions(part.run, [opinion(part)]) == 0
    assert not [one for one in store.findings() if one.model]


def test_a_graver_opinion_of_the_same_stays(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    store.insert_opinions(replay.run, [opinion(replay, Severity.MEDIUM)])
    assert store.insert_opinions(replay.run, [opinion(replay, Severity.LOW), opinion(replay, name="other")]) == 1
    assert dict(found(store)[2:]) == {"judge/off-task": "medium", "judge/other": "high"}
    assert store.insert_opinions(replay.run, [opinion(replay, Severity.HIGH)]) == 1
    assert dict(found(store)[2:]) == {"judge/off-task": "high", "judge/other": "high"}
    assert store.insert_opinions(replay.run, []) == 0


def test_lists_count_it_with_the_others(store: Store) -> None:
    replay, other = judged_run(), judged_run("run-2", started=STARTED + SECOND)
    store.insert_replays([replay, without_findings(other, "credential-over-http", "asks")])
    for said in (opinion(replay, Severity.LOW), opinion(replay, name="other")):
        store.insert_opinions(replay.run, [said])
    store.insert_opinions(other.run, [opinion(other, Severity.MEDIUM)])

    listed = {run["run_id"]: (run["highest_severity"], run["counts"]) for run in store.runs()}
    assert listed == {
        "run-1": ("high", {"critical": 0, "high": 2, "medium": 0, "low": 2}),
        "run-2": ("medium", {"critical": 0, "high": 0, "medium": 1, "low": 0}),
    }
    (session,) = store.sessions()
    assert session["counts"] == {"critical": 0, "high": 2, "medium": 1, "low": 2}
    assert (session["runs"], session["highest_severity"], session["risk"]) == (2, "high", 120)


def test_pages_of_findings_neither_lose_nor_repeat_any(store: Store) -> None:
    replay = judged_run()
    store.insert_replays([replay])
    for name in ("off-task", "other", "deception", "data-exposed"):
        store.insert_opinions(replay.run, [opinion(replay, name=name)])
    listed: list[str] = []
    page = store.findings(limit=1)
    while page:
        listed += [one.finding_id for one in page]
        page = store.findings(limit=1, after=page.next) if page.next else []  # type: ignore[assignment]
    assert len(listed) == len(set(listed)) == 6


def test_runs_that_are_over_are_told(store: Store) -> None:
    over, quiet = judged_run("over"), without_findings(judged_run("quiet"), "credential-over-http", "asks")
    open_run = judged_run("open")
    open_run = replace(
        open_run, run=replace(open_run.run, coverage=replace(open_run.run.coverage, ended=False), trace_id="b")
    )
    for revision, replay in enumerate((over, quiet, open_run), start=1000):
        store.insert_runs([RunRows.of([replay])], as_of=revision)

    def told(*, since: int = 0, silent: int = 0, with_findings: bool = False, limit: int = 9) -> list[str]:
        runs = store.over_runs(since=since, silent=silent, with_findings=with_findings, limit=limit)
        assert all(isinstance(run, StoredRun) and run.project == "shop" for run in runs)
        return [run.run_id for run in runs]

    assert told() == ["quiet", "over"]
    assert told(with_findings=True) == ["over"]
    assert told(since=1001) == ["quiet"]
    assert told(silent=1003) == ["open", "quiet", "over"]
    assert told(silent=1002, limit=1) == ["quiet"]
