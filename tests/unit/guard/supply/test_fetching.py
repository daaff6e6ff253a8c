"""The policy over the link: asked for with its ETag, and no answer but the service's own is one."""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sentric.errors import PolicyError, SentricError
from sentric.guard.link import Link
from sentric.guard.link.client import Client
from sentric.guard.link.errors import LinkError
from sentric.guard.supply.fetching import from_service
from sentric.guard.supply.service import FromService
from sentric.settings import Settings
from support.serving import poll
from support.standin import Request, StandIn, answer, standing_in
from support.supplying import pack, rules, stated

ETAG = 'W/"1"'
PATH = "/v1/policies/active?project=a%20shop%26"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[[StandIn], FromService]]:
    """The policy of a service that is stood in for."""
    links: list[Link] = []

    def make(service: StandIn) -> FromService:
        settings = Settings(
            mode="enforce", url=service.url, api_key="sk-canary", project="a shop&", guard_dir=str(tmp_path)
        )
        link = Link.of(settings)
        assert link is not None
        links.append(link)
        return from_service(settings)

    yield make
    for link in links:
        link.close()


def policy(name: str, number: int = 1) -> bytes:
    return stated(pack(name), number=number, project="a shop&")


def test_it_is_asked_for_with_the_etag_of_what_is_known(asked: Callable[[StandIn], FromService]) -> None:
    def handler(request: Request) -> bytes:
        if "if-none-match" in request.headers:
            return b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
        return answer(policy("one"), ETag=ETAG)

    with standing_in(handler) as service:
        source = asked(service)
        first = source.current()
        source.told()
        poll(lambda: len(service.requests) > 1)
        assert source.current() is first
        assert rules(first) == ["one"]
        head = service.requests[0]
        assert (head.method, head.path, head.headers["authorization"]) == ("GET", PATH, "Bearer sk-canary")
        assert [request.headers.get("if-none-match") for request in service.requests[:2]] == [None, ETAG]
        assert len(service.lines) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer({}, 401), "set SENTRIC_API_KEY"),
        (answer({}, 404), "look at SENTRIC_PROJECT"),
        (answer({}, 302, Location="http://elsewhere/"), "redirects are not followed"),
        (answer({}, 304), "tells no change of what is not known"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "tells no change of what is not known"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "nothing answers|no answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + bytes(1000), "nothing answers|no answer"),
        (b"nonsense\r\n\r\n", "cannot be read"),
        (answer(b"[" * 1000), "the policy that was sent is no JSON"),
    ],
)
def test_no_other_answer_is_a_policy(said: bytes, why: str, asked: Callable[[StandIn], FromService]) -> None:
    def handler(request: Request) -> None:
        request.line.sendall(said)  # and then closed

    with standing_in(handler) as service:
        with pytest.raises(PolicyError, match=why) as caught:
            asked(service).current()
        assert "canary" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_policy_that_is_too_large_is_not_read_to_its_end() -> None:
    with standing_in(lambda request: answer(bytes(1001))) as service:
        client = Client(service.url, "")
        with pytest.raises(LinkError, match="an answer of more than 1000 bytes is none of ours"):
            client.get("/", "", seconds=5, limit=1000)
        assert client.get("/", "", seconds=5, limit=1001) == ("", bytes(1001))
        client.close()


@pytest.mark.parametrize("etag", ["x" * 257, "", " "])
def test_an_etag_that_cannot_be_sent_back_is_none(etag: str) -> None:
    with standing_in(lambda request: answer({}, ETag=etag)) as service:
        client = Client(service.url, "")
        assert client.get("/", "", seconds=5, limit=1000) == ("", b"{}")
        client.close()


def test_who_answers_a_byte_at_a_time_is_given_up() -> None:
    def dripping(request: Request) -> None:
        request.line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not service.over.wait(0.02):
            request.line.sendall(b" ")

    with standing_in(dripping) as service:
        client, begun = Client(service.url, ""), time.monotonic()
        with pytest.raises(LinkError, match="no answer in time"):
            client.get("/", "", seconds=0.2, limit=1000)
        assert time.monotonic() - begun < 5
        client.close()


def test_the_link_does_not_keep_what_nobody_else_needs(asked: Callable[[StandIn], FromService]) -> None:
    with standing_in(lambda request: answer(policy("one"))) as service:
        source = asked(service)
        source.current()
        link = Link.of(source._settings)
        assert link is not None
        link._on_state(1, "another")
        poll(lambda: len(service.requests) > 1)
        del source
        gc.collect()
        link._on_state(2, "another")
        assert link._listeners


def test_where_there_is_no_service_its_address_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SentricError, match="the policy is that of the service: set SENTRIC_URL to its address"):
        from_service(Settings(mode="enforce", policy="service", guard_dir=str(tmp_path))).current()
