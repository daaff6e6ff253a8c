"""What was decided while the service was away is delivered: all of it, in order, and nothing holds up the rest."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentric.guard.link import Spool
from sentric.guard.link import delivery as deliveries
from sentric.guard.link.delivery import Delivery
from sentric.guard.link.errors import LinkError
from support.linking import Counted, Linked
from support.serving import poll
from support.standin import STREAM, Request, answer, decision, event, state


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(deliveries, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "guard"


@pytest.fixture
def spool(place: Path) -> Iterator[Spool]:
    found = Spool(str(place), served=True)
    yield found
    found.close()


def record(number: int, **more: Any) -> dict[str, Any]:
    return {"agent_id": "buyer", "action": "pay", "settled": "done", "call_id": str(number), **more}


class Service:
    """Takes records while it is there."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.is_there = True
        self.bad: dict[str, bytes] = {}

    def __call__(self, request: Request) -> bytes | None:
        if not self.is_there:
            return None
        wish = request.json()
        if (refusal := self.bad.get(wish["call_id"])) is not None:
            return refusal
        self.taken.append(wish)
        return answer(decision())

    @property
    def numbers(self) -> list[str]:
        return [wish["call_id"] for wish in self.taken]


def test_what_is_kept_is_delivered_the_oldest_first(
    linked: Linked, spool: Spool, place: Path, counted: Counted
) -> None:
    service = Service()
    service.is_there = False
    link, _ = linked(service)
    left = Spool(str(place), served=True)
    left.keep(record(0))
    left.close()
    link.deliver(spool)
    link.deliver(spool)
    for number in (1, 2):
        spool.keep(record(number))
    poll(lambda: counted("spool_retried") > 1)
    service.is_there = True
    poll(lambda: counted("spool_delivered") == 3)
    assert service.numbers == ["0", "1", "2"]
    assert [wish["settled"] for wish in service.taken] == ["done"] * 3
    assert len({wish["idempotency_key"] for wish in service.taken}) == 3
    poll(lambda: [path.stat().st_size for path in place.iterdir()] == [0])
    spool.keep(record(3))
    poll(lambda: service.numbers[3:] == ["3"])


def test_a_torn_tail_is_passed_over(linked: Linked, spool: Spool, place: Path, counted: Counted) -> None:
    left = Spool(str(place), served=True)
    left.keep(record(0))
    left.close()
    (path,) = place.iterdir()
    with path.open("ab") as file:
        file.write(b'0000beef {"agent_id":')
    service = Service()
    link, _ = linked(service)
    link.deliver(spool)
    poll(lambda: not path.exists())
    assert service.numbers == ["0"]
    assert counted("spool_torn") == 1


def test_what_the_service_refuses_for_good_does_not_hold_up_others(
    linked: Linked, spool: Spool, place: Path, counted: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service()
    for number, status in enumerate((400, 404, 409, 413, 422)):
        service.bad[str(number)] = answer({"detail": "canary", "decision": "block", "allowed": False}, status)
    link, _ = linked(service)
    with caplog.at_level(logging.WARNING, "sentric"):
        for number in range(7):
            spool.keep(record(number))
        link.deliver(spool)
        poll(lambda: counted("spool_delivered") == 2)
    assert service.numbers == ["5", "6"]
    assert counted("spool_rejected") == 5
    lines = (place / "rejected").read_text().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["400", "404", "409", "413", "422"]
    assert json.loads(lines[0].split(" ", 1)[1])["call_id"] == "0"
    assert len(caplog.messages) == 1
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "refusal",
    [
        answer({"allowed": False}, 401),
        answer({"allowed": False}, 403),
        answer({"allowed": False}, 429),
        answer({"allowed": False}, 503),
        answer({"detail": "Not Found"}, 404),
        answer(b"<html>", 400),
        answer({}),
        answer({"decision_id": None}),
        answer(b"[]"),
        answer({}, 302, Location="http://127.0.0.1"),
    ],
)
def test_what_can_be_mended_is_no_reason_to_give_a_record_up(
    linked: Linked, spool: Spool, place: Path, counted: Counted, refusal: bytes
) -> None:
    service = Service()
    service.bad["1"] = refusal
    link, _ = linked(service)
    spool.keep(record(1))
    link.deliver(spool)
    poll(lambda: counted("spool_retried") > 1)
    assert not (place / "rejected").exists()
    service.bad.clear()
    poll(lambda: counted("spool_delivered") == 1)


def test_a_record_that_the_service_always_fails_over_does_not_hold_up_others(
    linked: Linked, spool: Spool, counted: Counted
) -> None:
    service = Service()
    service.bad["1"] = answer({"allowed": False}, 500)
    link, _ = linked(service)
    link.deliver(spool)
    for number in (1, 2):
        spool.keep(record(number))
    poll(lambda: service.numbers == ["2"])
    assert counted("spool_rejected") == 1
    assert counted("spool_retried") == deliveries.MOST_FAILURES - 1


def test_nothing_is_tried_while_the_lease_is_lost(linked: Linked, spool: Spool) -> None:
    service, has_lease = Service(), threading.Event()

    def handle(request: Request) -> bytes | None:
        if request.method == "POST":
            return service(request)
        has_lease.wait(10)
        request.line.sendall(STREAM + event("state", state()))
        request.line.recv(1)
        return None

    link, standin = linked(handle)
    watch = link.watch("buyer", "")
    poll(lambda: standin.requests)
    spool.keep(record(1))
    link.deliver(spool)
    assert not watch.wait(0.2)
    assert service.numbers == []
    has_lease.set()
    poll(lambda: service.numbers == ["1"])
    watch.close()


def test_a_directory_that_cannot_be_used_is_tried_again(tmp_path: Path, counted: Counted) -> None:
    place = tmp_path / "guard"
    place.mkdir()
    place.chmod(0o777)
    spool = Spool(str(place), served=True)
    sent: list[bytes] = []
    delivery = Delivery(spool, sent.append, lambda: True)
    delivery.wake()
    poll(lambda: counted("spool_retried") > 1)
    place.chmod(0o700)
    poll(lambda: not delivery._is_working)
    spool.keep(record(1))
    poll(lambda: len(sent) == 1)
    spool.close()


def test_a_bug_of_ours_loses_nothing(spool: Spool) -> None:
    tried: list[bytes] = []

    def send(told: bytes) -> None:
        tried.append(told)
        if len(tried) < 3:
            raise ZeroDivisionError

    delivery = Delivery(spool, send, lambda: True)
    spool.keep(record(1))
    poll(lambda: len(tried) == 3)
    poll(lambda: not delivery._is_working)
    assert len(set(tried)) == 1
    assert spool.first() is None


def test_where_no_thread_can_be_started_it_is_for_the_next_time(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    sent: list[bytes] = []
    Delivery(spool, sent.append, lambda: True)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        spool.keep(record(1))
    spool.keep(record(2))
    poll(lambda: len(sent) == 2)


def test_files_left_behind_are_searched_for_only_now_and_then(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[None] = []
    monkeypatch.setattr(spool, "take", lambda: searched.append(None))
    delivery = Delivery(spool, lambda told: None, lambda: True)
    for _ in range(5):
        delivery.wake()
        poll(lambda: not delivery._is_working)
    assert len(searched) == 1


def test_a_record_that_comes_meanwhile_is_not_forgotten(spool: Spool) -> None:
    sent: list[bytes] = []

    def send(told: bytes) -> None:
        sent.append(told)
        if len(sent) < 20:
            spool.keep(record(len(sent)))
        if len(sent) == 5:
            raise LinkError("not now", again=True)

    Delivery(spool, send, lambda: True)
    spool.keep(record(0))
    poll(lambda: len(sent) == 21)
