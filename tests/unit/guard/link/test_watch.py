"""The subscription of an agent, with a service that says what the test wants."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import pytest

from sentric.events import AgentState
from sentric.guard.link import Link, Watch
from sentric.guard.link import watch as watches
from sentric.guard.link.answer import read_answer
from sentric.policy.risk import STRIKES
from support.linking import Counted, Linked
from support.serving import poll
from support.standin import STREAM, Request, answer, chunk, decision, event, state


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(watches, "LONGEST_PAUSE", 0.05)


class Telling:
    """Tells what it is given to every connection, beginning anew with each."""

    def __init__(self, *told: bytes) -> None:
        self.told = list(told)
        self.changed = threading.Condition()
        self.ends = False

    def __call__(self, request: Request) -> None:
        request.line.sendall(STREAM)
        given = 0
        while told := self.next(given):
            request.line.sendall(b"".join(told))
            given += len(told)

    def next(self, given: int) -> list[bytes]:
        """What is told after so much; nothing at the end."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.told) > given or self.ends, 10)
            return self.told[given:]

    def tell(self, *told: bytes) -> None:
        with self.changed:
            self.told += told
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ends = True
            self.changed.notify_all()


@pytest.fixture
def telling() -> Iterable[Telling]:
    found = Telling(event("state", state(risk=20)))
    yield found
    found.end()


def heard(link: Link) -> Watch:
    watch = link.watch("buyer", "shopper")
    assert watch.wait(30)
    return watch


def test_the_state_is_heard_and_the_lease_held(linked: Linked, telling: Telling) -> None:
    link, service = linked(telling, project="shop")
    watch = heard(link)
    assert watch.state() == AgentState(risk=20, enforced=True)
    assert watch.has_lease
    assert service.requests[0].path == "/v1/guard/stream?agent_id=buyer&agent_name=shopper&project=shop"
    watch.close()


def test_a_stop_is_known_at_once(linked: Linked, telling: Telling) -> None:
    link, _ = linked(telling)
    watch = heard(link)
    begun = time.monotonic()
    telling.tell(event("state", state(state="stopped", reason="pays twice")))
    poll(lambda: watch.state() == AgentState(enforced=True, stopped="pays twice"))
    assert time.monotonic() - begun < 1
    telling.tell(event("state", state()))
    poll(lambda: watch.state() == AgentState(enforced=True))
    watch.close()


def test_nothing_is_known_before_something_is_heard(linked: Linked) -> None:
    link, _ = linked(lambda request: None)
    watch = link.watch("buyer", "shopper")
    assert (watch.state(), watch.has_lease, watch.wait(0.05)) == (None, False, False)
    poll(lambda: "nothing answers" in watch.failure)
    watch.close()


def test_a_lease_runs_out_where_nothing_is_heard(linked: Linked, telling: Telling, counted: Counted) -> None:
    telling.tell(event("lease", {"lease_seconds": 0.3}))
    link, service = linked(telling)
    watch = heard(link)
    poll(lambda: not watch.has_lease)
    assert watch.state() == AgentState(risk=20, enforced=True)
    poll(lambda: len(service.requests) > 1)  # a silent connection is given up
    assert counted("stream_failed")
    watch.close()


def test_comments_are_no_lease(linked: Linked, telling: Telling) -> None:
    telling.tell(event("lease", {"lease_seconds": 0.3}))
    link, _ = linked(telling)
    watch = heard(link)

    def lost() -> bool:
        telling.tell(chunk(b": the control store does not answer\n\n"))
        return not watch.has_lease

    poll(lost)
    watch.close()


def test_a_lease_before_the_state_is_none(linked: Linked) -> None:
    telling = Telling(event("lease", {"lease_seconds": 10}), event("other", {}), chunk(b": hello\n\n"))
    link, _ = linked(telling)
    watch = link.watch("buyer", "")
    assert not watch.wait(0.3)
    assert not watch.has_lease
    telling.tell(event("state", state()))
    assert watch.wait(30)
    assert watch.has_lease
    watch.close()
    telling.end()


def test_a_connection_that_ends_is_begun_anew_and_the_lease_holds_meanwhile(linked: Linked, counted: Counted) -> None:
    def handle(request: Request) -> bytes:
        return STREAM + event("state", state(risk=len(service.requests))) + b"0\r\n\r\n"

    link, service = linked(handle)
    watch = heard(link)
    leases = []

    def known() -> bool:
        leases.append(watch.has_lease)
        return (watch.state() or AgentState()).risk > 3

    poll(known)
    assert all(leases)
    assert counted("stream_ended") >= 3
    watch.close()


@pytest.mark.parametrize(
    "junk",
    [
        event("state", state(agent_id="other", state="stopped")),
        event("state", state(state="fine")),
        event("state", b"{"),
        event("state", b"[" * 50_000),
        event("lease", {"lease_seconds": True}),
        event("lease", {}),
        chunk(b"data: " + b"x" * 70_000),
        chunk((b"data: " + b"x" * 60_000 + b"\n") * 3),
        b"zz\r\nno chunk",
    ],
)
def test_junk_ends_the_connection_and_changes_nothing(
    linked: Linked, telling: Telling, counted: Counted, junk: bytes
) -> None:
    telling.tell(junk)
    link, service = linked(telling)
    watch = heard(link)
    poll(lambda: len(service.requests) > 2)
    assert watch.state() == AgentState(risk=20, enforced=True)
    assert counted("stream_failed") > 1
    assert counted("stream_ended") == 0
    watch.close()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer({}, 401), "SENTRIC_API_KEY"),
        (answer({}, 403), "scope decide"),
        (answer({}, 404), "SENTRIC_PROJECT"),
        (answer({}, 302, Location="http://127.0.0.1/"), "redirects"),
        (answer(state()), "does not tell events"),
        (b"garbage\r\n\r\n", "cannot be read"),
    ],
)
def test_who_tells_no_events_is_tried_again_and_it_is_known_why(linked: Linked, said: bytes, words: str) -> None:
    link, service = linked(lambda request: said)
    watch = link.watch("buyer", "")
    poll(lambda: len(service.requests) > 1 and words in watch.failure)
    assert not watch.has_lease
    watch.close()


def test_one_subscription_serves_all_who_watch_an_agent(linked: Linked, telling: Telling) -> None:
    link, service = linked(telling)
    first, second = heard(link), link.watch("buyer", "shopper")
    assert first is second
    other = link.watch("buyer", "another name")
    assert other is not first
    first.close()
    assert not first._closed.is_set()
    thread = first._thread
    second.close()
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()
    second.close()
    poll(lambda: len(service.requests) == 2)
    again = link.watch("buyer", "shopper")
    assert again is not first
    first.close()
    assert again._thread is not None
    for watch in (again, other):
        watch.close()


def test_closing_ends_a_watch_that_cannot_connect(linked: Linked) -> None:
    link, service = linked(lambda request: bytes(request.line.recv(1)) or None)
    watch = link.watch("buyer", "")
    poll(lambda: service.requests)
    watch.close()
    assert watch._thread is not None
    watch._thread.join(5)
    assert not watch._thread.is_alive()


def test_answers_tell_newer_sums(linked: Linked, telling: Telling) -> None:
    link, service = linked(telling)
    watch = heard(link)
    watch.told(read_answer(decision(cumulative_risk=70, strikes=2)))
    watch.told(read_answer(decision(cumulative_risk=40, strikes=1)))  # it was made before the other
    assert watch.state() == AgentState(risk=70, strikes=2, enforced=True)
    assert len(service.requests) == 1
    watch.close()


@pytest.mark.parametrize("said", ["stopped", "shut_down"])
def test_an_answer_that_tells_of_a_stop_holds_until_the_state_is_heard_afresh(
    linked: Linked, telling: Telling, counted: Counted, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    link, service = linked(telling)
    watch = heard(link)
    go_on, begin = threading.Event(), watch._client.stream

    def stream(*args: Any, **more: Any) -> Any:
        go_on.wait(10)
        return begin(*args, **more)

    monkeypatch.setattr(watch._client, "stream", stream)
    watch.told(read_answer(decision(decision="block", allowed=False, agent_state=said)))
    found = watch.state()
    assert found is not None
    assert found.stopped if said == "stopped" else found.strikes == STRIKES
    go_on.set()
    poll(lambda: watch.state() == AgentState(risk=20, enforced=True))
    assert len(service.requests) == 2
    assert counted("stream_begun_anew") == 1
    watch.close()


def test_an_answer_is_something_heard(linked: Linked) -> None:
    link, _ = linked(lambda request: None)
    watch = link.watch("buyer", "")
    watch.told(read_answer(decision()))
    assert watch.wait(0)
    assert watch.state() == AgentState(risk=40, strikes=1, enforced=True)
    assert not watch.has_lease
    watch.close()


def test_changes_of_the_policy_are_told(linked: Linked, telling: Telling, counted: Counted) -> None:
    link, _ = linked(telling)
    told: list[int] = []

    def fail() -> None:
        raise ValueError

    link.on_policy(fail)
    link.on_policy(lambda: told.append(1))
    watch, other = heard(link), link.watch("buyer", "another name")
    assert other.wait(30)
    poll(lambda: len(told) == 1)
    telling.tell(event("state", state(risk=21)), event("state", state(risk=22)))
    poll(lambda: watch.state() == AgentState(risk=22, enforced=True))
    assert len(told) == 1
    other.close()
    assert other._thread is not None
    other._thread.join(5)
    telling.tell(event("state", state(policy_number=2)), event("state", state(policy_number=2, policy_digest="d2")))
    poll(lambda: len(told) == 3)
    assert counted("listener_failed") == 3
    late: list[int] = []
    link.on_policy(lambda: late.append(1))
    assert late == [1]
    assert watch.has_lease
    watch.close()


def test_where_no_thread_can_be_started_there_is_no_lease(
    linked: Linked, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    link, _ = linked(telling)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        watch = link.watch("buyer", "")
        assert not watch.has_lease
    assert watch.wait(30)  # begun with the next use
    assert watch.has_lease
    watch.close()


def test_a_bug_of_ours_ends_no_subscription(linked: Linked, telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    link, service = linked(telling)
    with monkeypatch.context() as patched:
        patched.setattr(watches, "read_standing", None)
        watch = link.watch("buyer", "")
        poll(lambda: len(service.requests) > 1)
        assert not watch.has_lease
    assert watch.wait(30)
    watch.close()
