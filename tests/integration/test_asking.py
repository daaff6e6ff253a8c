"""People are asked in their turn, whatever channels, services and databases do."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sentric_analyzer.approvals import escalation, telling
from sentric_analyzer.approvals.channel import ChannelError, Notice
from sentric_analyzer.approvals.lane import THREADS
from sentric_analyzer.control.approval import Said, State
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.attempts import MOST_OF_AGENT
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore
from support.asking import Channels, Notify, TestChannel, ask, asking
from support.serving import poll


@pytest.fixture
def store(control_url: str) -> Iterator[ControlStore]:
    with ControlStore.open(control_url) as opened:
        yield opened


def ok(notice: Notice) -> str:
    return f"ref-{notice.attempt_id[:4]}"


def raising(error: BaseException) -> Notify:
    def notify(notice: Notice) -> str:
        raise error

    return notify


def states(store: ControlStore, approval_id: str) -> list[str]:
    return [attempt.state.value for attempt in store.attempts.of(approval_id)]


def until(store: ControlStore, approval_id: str, *wanted: str) -> None:
    poll(lambda: states(store, approval_id) == list(wanted))


def all_withdrawn(number: int, *channels: TestChannel) -> bool:
    return sum(len(channel.withdrawn) for channel in channels) == number


def test_somebody_is_told_promptly_and_told_again_when_it_is_over(store: ControlStore) -> None:
    channels = Channels(ann=ok)
    with asking(store, channels, ("ann", None), interval=3600.0):  # nobody looks again and again: it is heard of
        approval = ask(store)
        poll(lambda: channels["ann"].told)
        ((_, notice),) = channels["ann"].told
        (attempt,) = store.attempts.of(approval.approval_id)
        assert (notice.attempt_id, notice.person) == (attempt.attempt_id, store.people.find("ann").person_id)
        assert notice.link == f"https://sentric.example/approve/{attempt.attempt_id}"
        assert (notice.project, notice.shown.title) == ("shop", "clerk asks")
        assert 0 < notice.seconds <= 300
        until(store, approval.approval_id, "sent")
        store.approvals.answer(approval.approval_id, Said.DENY, approver="key:x", actor="key:x")
        poll(lambda: channels["ann"].withdrawn == [(f"ref-{attempt.attempt_id[:4]}", "it was denied")])
        assert states(store, approval.approval_id) == ["withdrawn"]


def test_who_answers_through_a_channel_is_not_told_that_it_is_over(store: ControlStore) -> None:
    channels = Channels(ann=ok, bob=ok)
    with asking(store, channels, ("ann", 1.0), ("bob", None)):
        approval = ask(store)
        until(store, approval.approval_id, "unanswered", "sent")
        first, _ = store.attempts.of(approval.approval_id)
        store.attempts.answer(first.attempt_id, Said.APPROVE, channel="link")
        poll(lambda: channels["bob"].withdrawn)
        assert states(store, approval.approval_id) == ["answered", "withdrawn"]
        assert channels["bob"].withdrawn[0][1] == "it was approved"
        assert channels["ann"].withdrawn == []


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ChannelError("the other side says no"), "the other side says no"),
        (ChannelError(""), "the channel does not say why"),
        (ChannelError("POST https://h/s3cret refused"), "POST https://h/… refused"),
        (ChannelError("x" * 1_000_000), "x" * 511 + "…"),
        (ValueError("https://h/s3cret"), "the channel has failed: ValueError"),
        (SystemExit(3), "the channel has failed: SystemExit"),
        (KeyboardInterrupt(), "the channel has failed: KeyboardInterrupt"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_after_a_channel_that_fails_the_next_has_its_turn_at_once(
    store: ControlStore, caplog: pytest.LogCaptureFixture, error: BaseException, why: str
) -> None:
    channels = Channels(ann=raising(error), bob=ok)
    with asking(store, channels, ("ann", 250.0), ("bob", None)):
        approval = ask(store)
        until(store, approval.approval_id, "failed", "sent")
    assert store.attempts.of(approval.approval_id)[0].detail == why
    assert "s3cret" not in caplog.text
    assert "s3cret" not in json.dumps([record.detail for record in store.changes.records()])


def test_a_failure_tells_no_link(store: ControlStore) -> None:
    def notify(notice: Notice) -> str:
        raise ChannelError(f"{notice.link} is refused")

    with asking(store, Channels(ann=notify), ("ann", None)):
        approval = ask(store)
        until(store, approval.approval_id, "failed")
    assert store.attempts.of(approval.approval_id)[0].detail == "… is refused"


def test_what_a_channel_raised_is_not_told_with_what_fails_next(
    store: ControlStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(attempt_id: str, why: str) -> None:
        raise ControlError("the database is away")

    monkeypatch.setattr(telling, "PATIENCE", 0.0)
    monkeypatch.setattr(store.attempts, "failed", failed)
    with asking(store, Channels(ann=raising(ValueError("https://h/s3cret"))), ("ann", None)):
        ask(store)
        poll(lambda: "a task failed" in caplog.text)
    assert "the database is away" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_channel_that_hangs_delays_neither_the_next_nor_others_nor_the_end(
    store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalation, "TELLING_SECONDS", 0.5)
    hanging = threading.Event()

    def hang(notice: Notice) -> str:
        hanging.wait()
        return "late"

    channels = Channels(ann=hang, bob=ok)
    with asking(store, channels, ("ann", 250.0), ("bob", None)):
        asked = [ask(store, f"agent-{number}") for number in range(12)]  # more than a lane has threads
        for approval in asked:
            until(store, approval.approval_id, "unanswered", "sent")
        assert "could not be told in time" in store.attempts.of(asked[0].approval_id)[0].detail
        store.approvals.answer(asked[0].approval_id, Said.APPROVE, approver="key:x", actor="key:x")
        until(store, asked[0].approval_id, "withdrawn", "withdrawn")
        assert len(channels["ann"].told) == THREADS
        hanging.set()  # what is told only now is taken back; those who waited behind it are not told at all
        poll(lambda: channels["ann"].withdrawn == [("late", "it was approved")])
        poll(
            lambda: (
                sum(attempt.sent is not None for one in asked for attempt in store.attempts.of(one.approval_id)) == 20
            )
        )
        assert len(channels["ann"].told) == 8
    begun = time.monotonic()
    with asking(store, Channels(ann=hang, bob=ok), ("ann", None)):
        pass
    assert time.monotonic() - begun < 5


def test_silence_ends_in_a_denial_and_everybody_is_told(control_url: str) -> None:
    channels = Channels(ann=ok, bob=ok)
    with (
        ControlStore.open(control_url, patience=Patience(3.0)) as store,
        asking(store, channels, ("ann", 1.0), ("bob", None), patience=3.0),
    ):
        approval = ask(store)
        until(store, approval.approval_id, "unanswered", "sent")
        poll(lambda: channels["ann"].withdrawn and channels["bob"].withdrawn)
        assert store.approvals.find(approval.approval_id, projects=None).state is State.EXPIRED
        assert channels["bob"].withdrawn[0][1] == "nobody has answered in time"
        assert states(store, approval.approval_id) == ["withdrawn", "withdrawn"]


def test_of_two_people_the_second_is_asked_when_the_first_has_approved(store: ControlStore) -> None:
    channels = Channels(ann=ok, bob=ok)
    with asking(store, channels, ("ann", 250.0), ("bob", None)):
        approval = ask(store, action="ask_two")
        until(store, approval.approval_id, "sent")
        (first,) = store.attempts.of(approval.approval_id)
        store.attempts.answer(first.attempt_id, Said.APPROVE, channel="link")
        until(store, approval.approval_id, "answered", "sent")
        second = store.attempts.of(approval.approval_id)[1]
        after = store.attempts.answer(second.attempt_id, Said.APPROVE, channel="link")
        assert after.state is State.APPROVED


def test_somebody_who_is_not_there_is_left_out(store: ControlStore) -> None:
    channels = Channels(ann=ok, bob=ok)
    with asking(store, channels, ("ann", 250.0), ("bob", None)):
        store.people.set_role("ann", Role.VIEWER, actor="local")
        approval = ask(store)
        until(store, approval.approval_id, "failed", "sent")
    assert channels["ann"].told == []


def test_who_could_not_be_asked_is_said_at_the_start(store: ControlStore, caplog: pytest.LogCaptureFixture) -> None:
    channels = Channels(ann=ok, bob=ok, joe=ok)
    store.people.add("joe", Role.VIEWER, actor="local")
    with asking(store, channels, ("ann", None)):
        store.people.remove("bob", actor="local")
    assert [record.message for record in caplog.records] == [
        "sentric.yaml: approvals.channels.joe.person: 'joe' is a viewer: `sentric people role` lets them approve"
    ]
    caplog.clear()
    with asking(store, channels, ("ann", None)):
        pass
    assert "channels.bob.person: 'bob' was removed: name somebody else" in caplog.text


def test_an_agent_that_is_shut_down_is_nobodys_question(store: ControlStore) -> None:
    channels = Channels(ann=ok)
    with asking(store, channels, ("ann", None)):
        approval = ask(store)
        until(store, approval.approval_id, "sent")
        store.approvals.cancel(approval.approval_id, actor="local")
        poll(lambda: channels["ann"].withdrawn)
        assert channels["ann"].withdrawn[0][1] == "it was withdrawn"


def test_a_withdrawal_that_fails_is_counted_and_said(
    store: ControlStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, channels = list[Any](), Channels(ann=ok)
    with asking(store, channels, ("ann", None), on_count=lambda *what: counted.append(what)):

        def withdraw(notice: Notice, reference: str, why: str) -> None:
            raise ChannelError("gone: s3cret")

        monkeypatch.setattr(channels["ann"], "withdraw", withdraw)
        approval = ask(store)
        until(store, approval.approval_id, "sent")
        store.approvals.cancel(approval.approval_id, actor="local")
        poll(lambda: counted == [("sentric_approval_attempts", ("ann", "not_withdrawn"), 1)])
    assert "channel ann: not withdrawn: gone: …" in caplog.text


def test_while_the_database_is_away_nothing_is_lost(store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_AGAIN_SECONDS", 0.05)
    channels, away = Channels(ann=ok), threading.Event()

    def away_at_times(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            if away.is_set():
                raise ControlError("the database is away")
            return call(*arguments, **named)

        return called

    for name in ("begin", "of", "find", "sent"):
        monkeypatch.setattr(store.attempts, name, away_at_times(getattr(store.attempts, name)))
    with asking(store, channels, ("ann", None)):
        away.set()
        approval = ask(store)
        time.sleep(0.3)  # it is tried meanwhile
        assert channels["ann"].told == []
        away.clear()
        until(store, approval.approval_id, "sent")
        assert len(channels["ann"].told) == 1


def test_what_waited_before_the_start_is_asked_about(store: ControlStore) -> None:
    waiting, channels = ask(store), Channels(ann=ok)
    with asking(store, channels, ("ann", None)):
        until(store, waiting.approval_id, "sent")


def test_what_is_asked_now_does_not_wait_for_all_that_was_asked_before_the_start(store: ControlStore) -> None:
    channels = Channels(ann=ok)
    for number in range(30):
        ask(store, f"before-{number}", key_id=f"{number:012}")
    with asking(store, channels, ("ann", None)):
        poll(lambda: channels["ann"].told)
        now = ask(store, "now")
        until(store, now.approval_id, "sent")
        poll(lambda: len(channels["ann"].told) == 31)
    told = [notice.approval_id for _, notice in channels["ann"].told]
    assert told.index(now.approval_id) < len(told) - 1


def test_a_flood_of_one_agent_reaches_nobody_and_holds_up_no_other(store: ControlStore) -> None:
    channels = Channels(ann=ok, bob=ok)
    with asking(store, channels, ("ann", 60), ("bob", None)):
        flood = [ask(store, "flooder", arguments={"number": number}) for number in range(MOST_OF_AGENT * 4)]
        other = ask(store, "other")
        until(store, other.approval_id, "sent")
        until(store, flood[-1].approval_id, "failed", "failed")
        assert len(channels["ann"].told) == MOST_OF_AGENT + 1
        assert len(channels["bob"].told) == MOST_OF_AGENT
    assert store.attempts.of(flood[-1].approval_id)[1].detail.startswith("left out: 5 questions of this agent")


def test_a_service_that_was_killed_is_gone_on_from_and_nobody_is_told_twice(control_url: str, tmp_path: Path) -> None:
    marker = tmp_path / "told"
    program = [sys.executable, "-m", "support.asking", control_url, str(marker)]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with ControlStore.open(control_url) as store, subprocess.Popen(program, env=environ) as process:
        try:
            poll(lambda: {person.name for person in store.people.list()} == {"ann", "bob"})
            approval = ask(store)
            poll(lambda: marker.exists() and marker.read_text())
        finally:
            process.kill()
        assert states(store, approval.approval_id) == ["begun"]
        channels = Channels(ann=ok, bob=ok)
        with asking(store, channels, ("ann", 2.0), ("bob", None)):
            until(store, approval.approval_id, "unanswered", "sent")
            assert channels["ann"].told == []
            store.approvals.answer(approval.approval_id, Said.APPROVE, approver="key:x", actor="key:x")
            until(store, approval.approval_id, "withdrawn", "withdrawn")
            poll(lambda: len(channels["bob"].withdrawn) == 1)
            assert channels["ann"].withdrawn == []  # nobody knows that they were told


def test_of_several_services_one_tells_each(postgresql_url: str) -> None:
    ours, theirs = Channels(ann=ok, bob=ok), Channels(ann=ok, bob=ok)
    steps = ("ann", 1.0), ("bob", None)
    with (
        ControlStore.open(postgresql_url) as store,
        ControlStore.open(postgresql_url) as elsewhere,
        asking(store, ours, *steps),
        asking(elsewhere, theirs, *steps),
    ):
        approvals = [ask(store if number % 2 else elsewhere, f"agent-{number}") for number in range(10)]
        for approval in approvals:
            until(store, approval.approval_id, "unanswered", "sent")
        for approval in approvals:
            store.approvals.answer(approval.approval_id, Said.APPROVE, approver="key:x", actor="key:x")
        for name in ("ann", "bob"):
            poll(partial(all_withdrawn, 10, ours[name], theirs[name]))
            told = [notice.approval_id for channels in (ours, theirs) for _, notice in channels[name].told]
            assert sorted(told) == sorted(approval.approval_id for approval in approvals)
