import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.replays import STARTED, TRACE, judged_run, replay_of
from sentric.events import Action
from sentric.policy.verdict import Replay
from sentric_analyzer.document import (
    DEPTH_LIMIT,
    LATEST,
    TOO_DEEP,
    clamp_time,
    finding_document,
    json_safe,
    run_document,
    steps_document,
    timestamp,
)


def strict_json(document: Any) -> Any:
    return json.loads(json.dumps(document, allow_nan=False, ensure_ascii=False).encode("utf-8"))


def test_a_run_document_has_every_part_of_the_run() -> None:
    document = run_document(judged_run())

    assert document["run"] == {
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
    }
    assert document["risk"] == {
        "total": 60,
        "highest_severity": "high",
        "counts": {"critical": 0, "high": 1, "medium": 0, "low": 1},
    }
    assert document["policy"] == {"digest": "d1", "loosened": ["allow_loopback"]}
    assert document["coverage"] == {
        "guarded": 0,
        "seen": 2,
        "blind": 0,
        "without_arguments": 0,
        "without_results": 1,
        "unheard": 0,
        "lost": 0,
        "truncated": 1,
        "has_task": True,
        "ended": True,
        "notes": ["A plain sentence."],
    }
    assert list(document) == ["run", "risk", "policy", "coverage", "not_evaluated", "timeline", "steps", "findings"]
    assert document["not_evaluated"] == [
        {"rule": "injected-instructions-shown", "needs": ["results"], "steps": 1, "of": 2},
        {"rule": "tool-poisoned", "needs": ["definitions"], "steps": 4, "of": 4},
    ]


def test_the_timeline_keeps_the_order_and_shows_verdicts_on_actions_only() -> None:
    timeline = run_document(judged_run())["timeline"]

    assert [event["event"] for event in timeline] == ["message", "observation", "action", "outcome", "action"]
    assert [event["event_id"] for event in timeline] == ["1.0", "c1.0", "a1.0", "a1.1", "a2.0"]
    assert timeline[2]["verdict"] == {"decision": "block", "rules": ["credential-over-http", "asks"], "risk": 60}
    assert timeline[4]["verdict"] == {"decision": "allow", "rules": [], "risk": 0}
    assert all("verdict" not in timeline[place] for place in (0, 1, 3))


def test_a_step_holds_its_reasoning_element_and_outcome() -> None:
    first, second = run_document(judged_run())["steps"]

    assert first["effects"] == ["send", "write"]
    assert first["duration_ms"] == 1.235
    assert first["reasoning"]["next_goal"] == "be logged in"
    assert first["element"]["type"] == "password"
    assert (first["result"], first["decision"], first["rules"][0]) == ("typed", "block", "credential-over-http")
    assert (second["result"], second["duration_ms"], second["element"]) == ("", None, None)


def test_a_finding_document_holds_what_reports_need() -> None:
    document = finding_document(judged_run().findings[0])

    assert set(document) == {
        *("finding_id", "trace_id", "run_id", "rule_id", "title", "severity", "decision", "risk", "category"),
        *("references", "description", "evidence", "event_id", "span_id", "sequence", "time", "error", "would"),
        "model",
    }
    assert document["evidence"][0] == {"name": "action.url", "value": "a", "event_id": "a1.0", "span_id": "a1"}
    assert document["time"] == "2026-11-18T11:06:42.123456Z"


def test_the_steps_document_is_the_run_in_the_common_vocabulary() -> None:
    document = steps_document(judged_run())

    assert list(document)[:4] == ["trace_id", "run_id", "parent", "dialect"]
    assert list(document)[4:] == ["agent", "model", "session", "task", "coverage", "not_evaluated", "steps"]
    assert (document["agent"], document["session"]) == ("buyer", "conversation-3")
    assert list(document["steps"][0]) == [
        *("span_id", "tool", "kind", "effects", "arguments", "result", "reasoning", "url")
    ]
    assert document["steps"][0]["reasoning"] == "I log in\nbe logged in"


def hostile_run() -> Replay:
    nested: Any = "end"
    for _ in range(900):
        nested = [nested]
    arguments: Any = {
        "surrogate \udc80": "\ud83d",
        "bytes": b"\xff",
        "nan": math.nan,
        "huge": 10**6000,
        "nested": nested,
        "set": {2, 1},
        "object": ValueError("x"),
    }
    action = Action(sequence=1, time=2**64 - 1, tool="to\udfffol", span_id="a1", arguments=arguments, url="\udc00")
    return replay_of(
        replace(judged_run().run, events=(action,), started=2**64 - 1, ended=-5, task="\udcff", agent="\ud800")
    )


def test_a_document_is_strict_json_whatever_is_in_the_run() -> None:
    document = run_document(hostile_run())

    assert strict_json(document) == document
    assert document["run"]["started"] == timestamp(LATEST)
    assert document["run"]["ended"] is None
    assert document["steps"][0]["arguments"]["bytes"] == "ff"
    assert document["steps"][0]["arguments"]["huge"].startswith("0x")
    assert TOO_DEEP in json.dumps(document, ensure_ascii=False)
    assert strict_json(steps_document(hostile_run()))["agent"] == "\ufffd"


def test_nesting_is_kept_down_to_the_limit() -> None:
    value: Any = "end"
    for _ in range(DEPTH_LIMIT):
        value = {"a": value}

    assert json_safe(value) == value
    assert json_safe({"a": value}) != {"a": value}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.lists))
def test_making_a_value_safe_twice_changes_nothing_more(value: Any) -> None:
    once = json_safe(value)

    assert strict_json(once) == once
    assert json_safe(once) == once


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (0, None),
        (-1, None),
        (STARTED, "2026-11-18T11:06:40.123456Z"),
        (1_000_000_000, "1970-01-01T00:00:01.000000Z"),
        (2**80, "2106-02-07T06:28:15.000000Z"),
    ],
)
def test_times_are_rfc_3339_within_what_a_store_can_hold(nanoseconds: int, shown: str | None) -> None:
    assert timestamp(nanoseconds) == shown
    assert 0 <= clamp_time(nanoseconds) <= LATEST
