"""The feed tells what happens, in order and once, whatever becomes of the database."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sentric_analyzer.control import changes as all_changes
from sentric_analyzer.control import feed as feeds
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.store import ControlStore
from support.postgres import Postgres
from support.serving import poll


@pytest.fixture
def store(control_url: str) -> Iterator[ControlStore]:
    with ControlStore.open(control_url) as opened:
        yield opened


def note(store: ControlStore, *subjects: str) -> None:
    with store.changes.changing("local") as change:
        for subject in subjects:
            change.record("agent.seen", project="shop", subject=subject)


class Listener:
    def __init__(self) -> None:
        self.told: list[Record] = []

    def __call__(self, records: Sequence[Record]) -> None:
        self.told += records

    @property
    def subjects(self) -> list[str]:
        return [record.subject for record in self.told]


def test_what_happens_here_and_elsewhere_is_told_once_and_in_order(store: ControlStore, control_url: str) -> None:
    note(store, "before")
    listener = Listener()
    with Feed(store.changes) as feed, ControlStore.open(control_url) as elsewhere:
        leave = feed.listen(listener)
        for number in range(20):
            note(store if number % 2 else elsewhere, str(number))
        poll(lambda: len(listener.told) == 20)
        leave()
        leave()
        note(store, "after")
        poll(lambda: feed.sequence == 22)
    assert listener.subjects == [str(number) for number in range(20)]
    assert [record.sequence for record in listener.told] == list(range(2, 22))


def test_more_than_is_read_at_once_is_told_whole(store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (feeds, all_changes):
        monkeypatch.setattr(module, "MOST_RECORDS", 3)
    limited = store.changes.records
    monkeypatch.setattr(store.changes, "records", lambda after: limited(after=after, limit=3))
    listener, feed = Listener(), Feed(store.changes)
    feed.listen(listener)
    note(store, *map(str, range(10)))
    feed.look()
    assert listener.subjects == [str(number) for number in range(10)]


def test_a_listener_that_fails_holds_up_no_other(store: ControlStore, caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()

    def bad(records: Sequence[Record]) -> None:
        raise ZeroDivisionError

    with Feed(store.changes) as feed:
        feed.listen(bad)
        feed.listen(listener)
        note(store, "one")
        poll(lambda: len(listener.told) == 1)
        note(store, "two")
        poll(lambda: len(listener.told) == 2)
        assert feed.failure() == ""
    assert "a listener of the feed failed" in caplog.text
    assert not feed._thread.is_alive()


def test_a_feed_that_cannot_read_says_so_and_misses_nothing(
    store: ControlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener, records = Listener(), store.changes.records

    def failing(**how: object) -> list[Record]:
        raise ControlError("it is away")

    with Feed(store.changes, interval=0.01) as feed:
        feed.listen(listener)
        monkeypatch.setattr(store.changes, "records", failing)
        note(store, "meanwhile")
        poll(feed.failure)
        monkeypatch.setattr(store.changes, "records", records)
        poll(lambda: listener.subjects == ["meanwhile"])
        poll(lambda: not feed.failure())
    assert caplog.text.count("the audit cannot be read on: it is away") == 1


def test_a_server_that_hangs_is_noticed_before_it_is_given_up(
    postgresql: Postgres, postgresql_url: str, tmp_path: Path
) -> None:
    listener = Listener()
    with ControlStore.open(postgresql_url) as store:
        with Feed(store.changes) as feed:
            feed.listen(listener)
            with postgresql.paused():
                poll(feed.failure, 4.0)
            note(store, "after")
            poll(lambda: listener.subjects == ["after"])
            poll(lambda: not feed.failure())
        assert not feed._thread.is_alive()
