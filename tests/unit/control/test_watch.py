import logging
import threading
from typing import Any, cast

import pytest

from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.keyring import digest
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control.watch import KeyWatch
from support.serving import poll

GRANT = Grant("k", ("shop",), frozenset({Scope.INGEST}))


class Keys:
    """A store as the watch sees it."""

    def __init__(self) -> None:
        self.number = 1
        self.valid = {digest("a"): GRANT}
        self.error: Exception | None = None
        self.read = 0

    def generation(self) -> int:
        if self.error:
            raise self.error
        return self.number

    @property
    def keys(self) -> "Keys":
        return self

    def ring(self) -> KeyRing:
        self.read += 1
        return KeyRing(self.valid)


class Watched:
    """A watch whose looks and clock the test moves."""

    def __init__(self) -> None:
        self.keys, self.now, self.given = Keys(), 0.0, list[KeyRing | None]()
        self.watch = KeyWatch(
            cast(ControlStore, self.keys), self.given.append, interval=3600.0, patience=60.0, clock=lambda: self.now
        )

    def look(self, after: float = 0.5) -> bool:
        """Whether the key `a` is valid after a look."""
        self.now += after
        self.watch.look()
        ring = self.watch.ring()
        return ring is not None and ring.find("a", 0.0) is not None


@pytest.fixture
def watched() -> Any:
    made = Watched()
    with made.watch:
        yield made


def test_keys_are_there_on_entering_and_read_again_only_when_they_have_changed(watched: Watched) -> None:
    assert watched.look()
    assert watched.look()
    assert (watched.keys.read, len(watched.given)) == (1, 1)

    watched.keys.number, watched.keys.valid = 2, {}
    assert not watched.look()
    assert (watched.keys.read, len(watched.given)) == (2, 2)
    assert watched.given[-1] is watched.watch.ring()


def test_without_an_answer_the_last_keys_hold_for_a_while_and_it_is_said_at_once(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.keys.error = ControlError("/data/control.db: disk I/O error")
    assert watched.look()
    assert "a revoked key may not be known as such" in watched.watch.failure()
    assert watched.look(59.0)
    assert not watched.look(1.0)
    assert watched.watch.ring() is None
    assert watched.given[-1] is None
    assert not watched.look(100.0)
    assert len(watched.given) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "the keys cannot be read: /data/control.db: disk I/O error",
        "no key is accepted until the control store answers again",
    ]


def test_when_it_answers_again_the_keys_are_read_anew_though_nothing_has_changed(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.keys.error = ControlError("gone")
    watched.look(100.0)
    watched.keys.error = None

    assert watched.look()
    assert watched.watch.failure() == ""
    assert watched.keys.read == 2
    assert caplog.records[-1].levelno == logging.WARNING
    assert watched.look(59.0)


def test_another_store_in_its_place_is_read_though_its_number_is_the_same(watched: Watched) -> None:
    watched.keys.error = ControlError("gone")
    assert watched.look()
    watched.keys.error, watched.keys.valid = None, {}
    assert not watched.look()


def test_a_bug_of_ours_does_not_end_the_watch(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.keys.error = RuntimeError("bug")
    assert watched.look()
    assert caplog.records[-1].exc_info is not None
    watched.keys.error, watched.keys.number, watched.keys.valid = None, 2, {}
    assert not watched.look()


def test_who_could_not_be_told_is_told_again() -> None:
    keys, told = Keys(), list[int]()

    def tell(ring: KeyRing | None) -> None:
        told.append(keys.number)
        if keys.number == 2 and len(told) == 2:
            raise BrokenPipeError

    with KeyWatch(cast(ControlStore, keys), tell, interval=3600.0) as watch:
        keys.number = 2
        watch.look()
        assert watch.failure()
        watch.look()
        assert not watch.failure()
    assert told == [1, 2, 2]


def test_a_store_that_does_not_answer_at_the_start_is_an_error() -> None:
    keys = Keys()
    keys.error = ControlError("gone")
    with pytest.raises(ControlError), KeyWatch(cast(ControlStore, keys)):
        pass


def test_a_store_that_hangs_is_told_of_before_it_is_given_up_and_does_not_hold_up_the_end() -> None:
    class Hanging(Keys):
        asked, released = threading.Event(), threading.Event()

        def generation(self) -> int:
            if threading.current_thread() is not threading.main_thread():
                self.asked.set()
                self.released.wait(60)
            return self.number

    keys, now = Hanging(), [0.0]
    watch = KeyWatch(cast(ControlStore, keys), interval=0.001, clock=lambda: now[0])
    with watch:
        assert keys.asked.wait(60)
        assert watch.failure() == ""
        now[0] = 2.1
        assert "a revoked key may not be known as such" in watch.failure()
    assert watch._thread.is_alive()
    keys.released.set()
    watch._thread.join()
    assert watch.failure() == ""


def test_it_looks_by_itself() -> None:
    keys = Keys()
    with KeyWatch(cast(ControlStore, keys), interval=0.001) as watch:
        keys.number, keys.valid = 2, {}
        poll(lambda: (ring := watch.ring()) is not None and len(ring) == 0)
