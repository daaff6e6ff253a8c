"""Deciding, waiting and withdrawing, with a service that does as the test says."""

import threading
import time
from typing import Any

import pytest

from sentric.guard.link import Link, LinkError
from sentric.guard.link import link as links
from sentric.settings import Settings
from support.linking import Counted, Linked
from support.serving import poll
from support.standin import Request, answer, decision

WISH = {"agent_id": "buyer", "action": "pay", "arguments": {"iban": "canary"}}
ASKED = "cd" * 16


def approval(state: str = "pending", **changed: Any) -> dict[str, Any]:
    return {"approval_id": ASKED, "state": state} | changed


def hang(request: Request) -> None:
    request.line.recv(1)


def test_a_wish_is_sent_with_a_key_of_its_own_and_answered(linked: Linked) -> None:
    link, service = linked(lambda request: answer(decision()), project="shop")
    assert link.decide(WISH).allowed
    assert link.decide(WISH | {"idempotency_key": "mine", "project": "other"}).cumulative_risk == 40
    first, second = (request.json() for request in service.requests)
    assert first.items() > WISH.items()
    assert len(first["idempotency_key"]) == 32
    assert first["project"] == "shop"
    assert (second["idempotency_key"], second["project"]) == ("mine", "other")
    assert {(request.method, request.path) for request in service.requests} == {("POST", "/v1/decisions")}


def test_the_default_project_is_left_to_the_key(linked: Linked) -> None:
    link, service = linked(lambda request: answer(decision()))
    link.decide(WISH)
    assert "project" not in service.requests[0].json()


def test_a_service_that_is_killed_meanwhile_is_asked_the_same_again(linked: Linked, counted: Counted) -> None:
    link, service = linked(lambda request: answer(decision()) if request.number > 2 else None)
    assert link.decide(WISH).allowed
    assert len({request.body for request in service.requests}) == 1
    assert counted("decision_retried") == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502])
def test_a_service_that_cannot_is_asked_again(linked: Linked, status: int) -> None:
    link, _ = linked(lambda request: answer(decision()) if request.number > 1 else answer({}, status))
    assert link.decide(WISH).allowed


def test_a_service_says_when_it_is_asked_again(linked: Linked) -> None:
    times: list[float] = []

    def handle(request: Request) -> bytes:
        times.append(time.monotonic())
        return answer(decision()) if len(times) > 1 else answer({}, 503, Retry_After="1")

    link, _ = linked(handle)
    assert link.decide(WISH).allowed
    assert times[1] - times[0] > 0.95


def test_a_service_that_wants_to_be_left_alone_for_long_is(linked: Linked) -> None:
    link, service = linked(lambda request: answer({}, 503, Retry_After="3600"))
    begun = time.monotonic()
    with pytest.raises(LinkError, match="no decision within 30 s"):
        link.decide(WISH)
    assert time.monotonic() - begun < 10
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_refusal_is_final(linked: Linked, counted: Counted, status: int) -> None:
    link, service = linked(lambda request: answer({"detail": "canary"}, status))
    with pytest.raises(LinkError) as caught:
        link.decide(WISH)
    assert "canary" not in str(caught.value)
    assert len(service.requests) == 1
    assert (counted("decision_failed"), counted("decision_retried")) == (1, 0)


@pytest.mark.parametrize("said", [decision(allowed=1), decision(decision="ask"), {}, {"allowed": True}])
def test_an_answer_that_cannot_be_used_is_never_an_allow(linked: Linked, said: Any) -> None:
    link, service = linked(lambda request: answer(said))
    with pytest.raises(LinkError, match="cannot be used"):
        link.decide(WISH)
    assert len(service.requests) == 1


def test_a_service_that_never_answers_is_given_up_in_time(linked: Linked, counted: Counted) -> None:
    link, _ = linked(hang, seconds=0.8)
    begun = time.monotonic()
    with pytest.raises(LinkError, match=r"no decision within 0.8 s.*no answer in time"):
        link.decide(WISH)
    assert 0.4 < time.monotonic() - begun < 5
    assert counted("decision_retried")


def test_a_hanging_answer_is_asked_for_once_more(linked: Linked) -> None:
    link, _ = linked(lambda request: hang(request) if request.number == 1 else answer(decision()), seconds=4)
    assert link.decide(WISH).allowed


@pytest.mark.parametrize("wrong", [{"a": object()}, {"a": float("nan")}, {1: {(1, 2): 3}}])
def test_what_cannot_be_told_is_an_error(linked: Linked, wrong: Any) -> None:
    link, service = linked(lambda request: answer(decision()))
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    for wish in (wrong, {"a": nested}):
        with pytest.raises(LinkError, match="as JSON"):
            link.decide(wish)
    assert not service.requests


def test_many_threads_decide_at_once(linked: Linked) -> None:
    link, service = linked(
        lambda request: answer(decision(decision_id=request.json()["call_id"])) if request.headers else None
    )
    found: list[tuple[str, str]] = []

    def decide(number: int) -> None:
        for each in range(4):
            name = f"call-{number}-{each}"
            found.append((name, link.decide(WISH | {"call_id": name}).decision_id))

    threads = [threading.Thread(target=decide, args=[number]) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 128
    assert all(name == given for name, given in found)
    assert len(service.lines) < 128


def test_there_is_one_link_for_the_same_settings_and_none_without_a_service() -> None:
    url = "http://127.0.0.1:9/one-link"
    assert Link.of(Settings()) is None
    assert Link.of(Settings(url=url)) is Link.of(Settings(url=url, text_limit=100)) is not None
    assert Link.of(Settings(url=url)) is not Link.of(Settings(url=url, project="shop"))


def test_a_url_that_cannot_be_used_is_told_when_it_is_needed() -> None:
    link = Link.of(Settings(url="http://example.com", api_key="sk-canary"))
    assert link is not None
    with pytest.raises(LinkError, match="without TLS"):
        link.decide(WISH)
    with pytest.raises(LinkError, match="without TLS"):
        link.wait(ASKED, threading.Event())


def test_who_waits_is_told_when_it_is_no_longer_pending(linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "POLL_SECONDS", 0.05)

    def handle(request: Request) -> bytes:
        time.sleep(0.06)  # as the service does, which waits as long as it is asked to
        return answer(approval("pending" if request.number < 4 else "approved"))

    link, service = linked(handle)
    link.wait(ASKED, threading.Event())
    assert [request.path for request in service.requests] == [f"/v1/approvals/{ASKED}?wait=0.050"] * 4


def test_who_waits_is_not_fooled_into_asking_without_pause(linked: Linked) -> None:
    end = time.monotonic() + 0.5
    link, service = linked(lambda request: answer(approval("pending" if time.monotonic() < end else "denied")))
    link.wait(ASKED, threading.Event())
    assert len(service.requests) < 15


def test_waiting_goes_on_across_a_restart(linked: Linked, counted: Counted) -> None:
    said = iter([None, answer({}, 503, Retry_After="0"), None, answer(approval("expired"))])
    link, service = linked(lambda request: next(said))
    link.wait(ASKED, threading.Event())
    assert len(service.requests) == 4
    assert counted("wait_retried") == 2  # where only a connection that was kept is closed, that is no failure


@pytest.mark.parametrize(
    "said", [answer({}, 404), answer({}, 401), answer(approval("odd")), answer(approval(approval_id="ef")), answer([])]
)
def test_waiting_ends_where_nothing_can_come_of_it(linked: Linked, counted: Counted, said: bytes) -> None:
    link, _ = linked(lambda request: said)
    with pytest.raises(LinkError):
        link.wait(ASKED, threading.Event())
    assert counted("wait_failed") == 1


def test_waiting_is_given_up_within_a_second(linked: Linked) -> None:
    given_up = threading.Event()
    link, service = linked(hang)
    thread = threading.Thread(target=link.wait, args=[ASKED, given_up])
    thread.start()
    poll(lambda: service.requests)
    given_up.set()
    thread.join(3)
    assert not thread.is_alive()
    link.wait(ASKED, given_up)
    assert len(service.requests) == 1


@pytest.mark.parametrize("said", [None, answer(approval("pending"))])
def test_waiting_ends_when_it_must_have_expired(
    linked: Linked, monkeypatch: pytest.MonkeyPatch, said: bytes | None
) -> None:
    monkeypatch.setattr(links, "EXPIRY_MARGIN", 0.2)
    asked = decision(
        decision="ask",
        allowed=False,
        approval_id=ASKED,
        approval_expires="2026-01-01T00:00:00.100Z",
    )
    link, _ = linked(lambda request: answer(asked) if request.method == "POST" else said)
    assert link.decide(WISH).approval_seconds == 0.1
    begun = time.monotonic()
    with pytest.raises(LinkError, match=f"{ASKED} cannot be learnt"):
        link.wait(ASKED, threading.Event())
    assert time.monotonic() - begun < 10


def test_only_so_many_expiries_are_known(linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_EXPIRIES", 2)
    numbers = iter(range(1, 5))
    link, _ = linked(
        lambda request: answer(
            decision(
                decision="ask",
                allowed=False,
                approval_id=f"{next(numbers)}",
                approval_expires="2026-01-01T00:00:01Z",
            )
        )
    )
    for _ in range(4):
        link.decide(WISH)
    assert list(link._expiries) == ["3", "4"]


def test_an_id_that_would_be_another_path_is_not_asked_about(linked: Linked, counted: Counted) -> None:
    link, service = linked(lambda request: answer(approval("approved")))
    for wrong in ("../agents", "", "AB", "ab?x=1"):
        with pytest.raises(LinkError):
            link.wait(wrong, threading.Event())
        link.withdraw(wrong)
    poll(lambda: counted("withdrawal_failed") == 4)
    assert not service.requests


def test_questions_are_withdrawn_in_the_background(linked: Linked, counted: Counted) -> None:
    link, service = linked(lambda request: answer({}, 409) if "ff" in request.path else answer(approval("cancelled")))
    for wanted in ("aa", "ff", "bb"):
        link.withdraw(wanted)
    poll(lambda: len(service.requests) == 3)
    assert [(request.method, request.path, request.json()) for request in service.requests] == [
        ("POST", f"/v1/approvals/{wanted}/cancel", {}) for wanted in ("aa", "ff", "bb")
    ]
    poll(lambda: counted("withdrawal_failed") == 1)
    poll(lambda: not link._is_withdrawing)
    link.withdraw("cc")
    poll(lambda: len(service.requests) == 4)


def test_withdrawing_is_tried_again_a_few_times(
    linked: Linked, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "FIRST_PAUSE", 0.001)
    link, service = linked(lambda request: None)
    link.withdraw("aa")
    poll(lambda: counted("withdrawal_failed") == 1)
    poll(lambda: len(service.requests) == links.WITHDRAWAL_TRIES)


def test_only_so_many_questions_wait_to_be_withdrawn(
    linked: Linked, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MOST_WITHDRAWALS", 2)
    go_on = threading.Event()

    def handle(request: Request) -> bytes:
        go_on.wait(10)
        return answer(approval("cancelled"))

    link, service = linked(handle)
    link.withdraw("a1")
    poll(lambda: service.requests)
    for wanted in ("a2", "a3", "a4", "a5"):
        link.withdraw(wanted)
    assert counted("withdrawal_dropped") == 2
    go_on.set()
    poll(lambda: len(service.requests) == 3)


def test_where_no_thread_can_be_started_a_question_expires_by_itself(
    linked: Linked, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    link, _ = linked(lambda request: answer(approval("cancelled")))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        link.withdraw("aa")
        assert counted("withdrawal_dropped") == 1
    link.withdraw("bb")
    poll(lambda: not link._is_withdrawing)
