"""Connections to the API that are slow, or too many."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel

from sentric_analyzer.api import ApiServer
from sentric_analyzer.api import connection as connection_module
from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.needs import OPEN
from sentric_analyzer.api.problems import add_problems
from sentric_analyzer.api.routes import Routes
from support.access import problem
from support.receiving import read_all, until

GET = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with ApiServer(FastAPI(), "127.0.0.1:0") as server:
        host, _, port = server.address.partition(":")
        yield host, int(port)


def is_served(address: tuple[str, int]) -> bool:
    with socket.create_connection(address, 20) as connection:
        connection.sendall(GET)
        return connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "sent",
    [b"", GET[:-2], b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx", GET + GET[:-2]],
    ids=["nothing", "head", "body", "second head"],
)
def test_a_slow_connection_is_closed(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection_module, "HEAD_SECONDS", 0.2)
    with socket.create_connection(address, 4) as connection:  # less than uvicorn waits for another request
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            read_all(connection)
    assert is_served(address)


class Wish(BaseModel):
    value: str


@contextmanager
def taking_bodies() -> Iterator[tuple[str, int]]:
    app = FastAPI()
    add_problems(app)

    @Routes(app, "tests", "Tests.").post("/take", OPEN, gives=Wish)
    async def take(wish: Wish) -> Response:
        return json_answer({"value": wish.value})

    with ApiServer(app, "127.0.0.1:0") as server:
        host, _, port = server.address.partition(":")
        yield host, int(port)


POST = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent", [POST + b"Content-Length: 10\r\n\r\n{", CHUNKED + b'1\r\n"\r\n'], ids=["length", "chunked"]
)
def test_a_body_that_is_waited_for_and_slow_ends_its_connection(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection_module, "BODY_SECONDS", 0.2)
    with taking_bodies() as address, socket.create_connection(address, 20) as connection:
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            assert read_all(connection) == b""
        assert is_served(address)


def test_a_body_without_an_end_is_refused_before_it_ends() -> None:
    with taking_bodies() as address, socket.create_connection(address, 20) as connection:
        connection.sendall(CHUNKED)
        with suppress(ConnectionError):
            for _ in range(5):
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_whoever_leaves_before_the_body_is_all_there_leaves_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with taking_bodies() as address:
        with socket.create_connection(address, 20) as connection:
            connection.sendall(CHUNKED + b'1\r\n"\r\n')
        assert is_served(address)
    assert not caplog.records


def answer_to(address: tuple[str, int], *pieces: bytes) -> httpx.Response:
    with socket.create_connection(address, 20) as connection:
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return httpx.Response(int(status.split()[1]), headers=dict(line.split(": ", 1) for line in lines), content=body)


def test_what_is_no_http_is_answered_with_a_problem(address: tuple[str, int]) -> None:
    assert problem(answer_to(address, b"\x16\x03\x01 hello\r\n\r\n")).status == 400
    assert is_served(address)


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (GET[:-2], b"X: " + b"x" * 5000 + b"\r\n"),
        (GET[:-2] + b"X: ", b"x" * 5000),
        (b"GET /", b"x" * 5000),
        (CHUNKED + b"1\r\n1\r\n0\r\n", b"X: " + b"x" * 5000 + b"\r\n"),
        (CHUNKED, b"1\r\n1\r\n" * 500),
    ],
    ids=["many headers", "one header", "address", "trailers", "chunks"],
)
def test_a_head_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch, beginning: bytes, more: bytes) -> None:
    monkeypatch.setattr(connection_module, "HEAD_LIMIT", 20_000)
    with taking_bodies() as address:
        just_over = more * (26_000 // len(more) + 1)  # what is never read would reset the connection, and its answer
        assert problem(answer_to(address, beginning, just_over)).status == 431
        assert is_served(address)


def test_a_long_body_is_no_long_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "HEAD_LIMIT", 1000)
    with taking_bodies() as address, httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client:
        for _ in range(20):
            assert client.post("/take", json={"value": "x" * 100_000}).status_code == 200


def test_connections_that_wait_for_a_body_make_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MOST_CONNECTIONS", 5)
    with taking_bodies() as address, ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(address, 20)) for _ in range(20)]
        for connection in slow:
            connection.sendall(CHUNKED)
            connection.setblocking(False)
        until(lambda: sum(map(has_ended, slow)) == 15)
        assert is_served(address)


def test_slow_connections_push_out_each_other_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MOST_CONNECTIONS", 5)
    with ApiServer(FastAPI(), "127.0.0.1:0") as server, ExitStack() as stack:
        host, _, port = server.address.partition(":")
        slow = [stack.enter_context(socket.create_connection((host, int(port)), 20)) for _ in range(20)]
        for connection in slow:
            connection.setblocking(False)
        until(lambda: sum(map(has_ended, slow)) == 15)
        assert is_served((host, int(port)))
