"""Calls in the control store: every event of one is taken once, whichever service gets it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sentric_analyzer.control.calls import KEPT_SECONDS, KeptCall
from sentric_analyzer.control.store import ControlStore
from support.deciding import Clock, asked, decider, grant, policy


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock) as opened:
        yield opened


def kept(**more: str) -> KeptCall:
    about = {"attempt_id": "a" * 32, "approval_id": "b" * 32, "person": "c" * 12, "digest": "d" * 64}
    return KeptCall(**{**about, **more}, document={"steps": 0})


def onward(call: KeptCall) -> KeptCall:
    return replace(call, reference="v3:call", document={"steps": call.document["steps"] + 1})


def steps(store: ControlStore) -> int:
    seen: list[KeptCall] = []
    assert not store.calls.step("a" * 32, seen.append)  # type: ignore[arg-type]  # it gives None, which is no step
    return int(seen[0].document["steps"])


def test_an_event_is_taken_once(store: ControlStore) -> None:
    store.calls.open(kept())

    assert store.calls.step("a" * 32, onward, event=("telnyx", "1"))
    assert not store.calls.step("a" * 32, onward, event=("telnyx", "1"))
    assert store.calls.step("a" * 32, onward, event=("other", "1"))
    assert steps(store) == 2


def test_an_event_that_is_refused_is_not_used_up(store: ControlStore) -> None:
    store.calls.open(kept())

    assert not store.calls.step("a" * 32, lambda call: None, event=("telnyx", "1"))
    assert store.calls.step("a" * 32, onward, event=("telnyx", "1"))


def test_there_is_no_step_in_a_call_that_is_not_known(store: ControlStore) -> None:
    assert not store.calls.step("a" * 32, onward, event=("telnyx", "1"))


def test_steps_at_once_are_taken_one_after_the_other(store: ControlStore) -> None:
    store.calls.open(kept())
    with ThreadPoolExecutor(8) as threads:
        taken = list(
            threads.map(lambda number: store.calls.step("a" * 32, onward, event=("t", str(number // 4))), range(32))
        )

    assert taken.count(True) == steps(store) == 8


def test_calls_and_events_are_forgotten(store: ControlStore, clock: Clock) -> None:
    store.calls.open(kept())
    store.calls.step("a" * 32, onward, event=("telnyx", "1"))
    assert (store.calls.forget(), store.webhooks.forget()) == (0, 0)
    clock.now += KEPT_SECONDS + 1

    assert (store.calls.forget(), store.webhooks.forget()) == (1, 1)
    assert not store.calls.step("a" * 32, onward)


def test_the_audit_says_what_was_asked_and_answered(store: ControlStore) -> None:
    decided = decider(store, policy()).decide(asked("clerk", "ask"), project="shop", by=grant())
    call = kept(approval_id=decided.answer["approval_id"])
    store.calls.questioned(call, "why\x00\n now?", "x" * 10_000)

    (record,) = store.changes.records(what="approval.question")
    assert (record.actor, record.project, record.subject) == (f"person:{call.person}", "shop", call.approval_id)
    assert '"why\\ufffd now?"' in record.detail
    assert len(record.detail) < 1000
