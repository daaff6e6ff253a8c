"""Connections to the API that are slow, or too many."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from fastapi import FastAPI

from sentric_analyzer.api import ApiServer
from sentric_analyzer.api import connection as connection_module
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


def test_slow_connections_push_out_each_other_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MOST_CONNECTIONS", 5)
    with ApiServer(FastAPI(), "127.0.0.1:0") as server, ExitStack() as stack:
        host, _, port = server.address.partition(":")
        slow = [stack.enter_context(socket.create_connection((host, int(port)), 20)) for _ in range(20)]
        for connection in slow:
            connection.setblocking(False)
        until(lambda: sum(map(has_ended, slow)) == 15)
        assert is_served((host, int(port)))
