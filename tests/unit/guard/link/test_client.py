import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from sentric.guard.link import client as clients
from sentric.guard.link.client import ANSWER_LIMIT, Client
from sentric.guard.link.errors import GivenUp, LinkError
from support.standin import Request, answer, standing_in

KEY = "sk-canary"


def ask(client: Client, seconds: float = 30.0) -> dict[str, object]:
    try:
        return client.ask("POST", "/v1/decisions", b'{"secret":"hunter2"}', seconds=seconds)
    finally:
        client.close()


def failure(handler: Callable[[Request], bytes | None], seconds: float = 30.0) -> LinkError:
    """How asking fails; in one line, and without anything that was sent."""
    with standing_in(handler) as service:
        begun = time.monotonic()
        with pytest.raises(LinkError) as caught:
            ask(Client(service.url, KEY), seconds)
        assert time.monotonic() - begun < seconds + 5
        told = str(caught.value)
        assert service.url in told
        assert not [each for each in ("\n", KEY, "hunter2", "canary") if each in told]
        return caught.value


def test_a_request_is_sent_with_its_key_and_its_answer_read() -> None:
    with standing_in(lambda request: answer({"path": request.path})) as service:
        client = Client(service.url + "/behind/", KEY)
        assert ask(client) == {"path": "/behind/v1/decisions"}
        assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert service.requests[0].headers["content-type"] == "application/json"
        assert service.requests[0].headers["host"] == f"127.0.0.1:{service.port}"


def test_a_connection_is_used_again_unless_the_other_side_closed_it() -> None:
    with standing_in(lambda request: answer({})) as service:
        client = Client(service.url, KEY)
        for _ in range(3):
            client.ask("GET", "/", seconds=30)
        assert len(service.lines) == 1
        service.lines[0].shutdown(socket.SHUT_RDWR)
        client.ask("GET", "/", seconds=30)
        assert len(service.lines) == 2
        client.close()


def test_a_connection_that_is_closed_when_it_is_used_again_is_replaced() -> None:
    with standing_in(lambda request: answer({}) if request.number != 2 else None) as service:
        client = Client(service.url, KEY)
        client.ask("GET", "/", seconds=30)
        client.ask("GET", "/", seconds=30)
        assert len(service.requests) == 3
        client.close()


def test_a_connection_that_was_idle_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.0)
    with standing_in(lambda request: answer({})) as service:
        client = Client(service.url, KEY)
        client.ask("GET", "/", seconds=30)
        client.ask("GET", "/", seconds=30)
        assert len(service.lines) == 2
        client.close()


def test_an_answer_that_closes_its_connection_is_read_whole() -> None:
    with standing_in(lambda request: answer({"a": 1}, Connection="close")) as service:
        client = Client(service.url, KEY)
        assert [client.ask("GET", "/", seconds=30) for _ in range(2)] == [{"a": 1}] * 2
        assert len(service.lines) == 2


def test_only_so_many_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_IDLE", 2)
    gate = threading.Barrier(4, timeout=10)

    def meet(request: Request) -> bytes:
        gate.wait()
        return answer({})

    with standing_in(meet) as service:
        client = Client(service.url, KEY)
        threads = [threading.Thread(target=lambda: client.ask("GET", "/", seconds=10)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(client._idle) == len(client._open) == 2
        client.close()
        assert not client._open


@pytest.mark.parametrize(
    ("status", "words", "again"),
    [
        (401, "SENTRIC_API_KEY", False),
        (403, "scope decide", False),
        (404, "SENTRIC_PROJECT", False),
        (409, "asked before", False),
        (413, "too large", False),
        (418, "status 418", False),
        (422, "version", False),
        (429, "status 429", True),
        (500, "status 500", True),
        (503, "status 503", True),
        (204, "status 204", False),
    ],
)
def test_a_refusal_names_the_cure_and_repeats_nothing(status: int, words: str, again: bool) -> None:
    refused = failure(lambda request: answer({"detail": "canary", "allowed": False}, status, Retry_After="3"))
    assert words in str(refused)
    assert (refused.again, refused.after, refused.status) == (again, 3.0, status)
    assert refused.refused or status == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with standing_in(lambda request: answer({"allowed": True})) as elsewhere:
        refused = failure(lambda request: answer({}, status, Location=elsewhere.url))
        assert "redirects" in str(refused)
        assert not elsewhere.requests


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\x01\x02 garbage\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n",
        answer(b'{"allowed": false, "allowed": true}'),
    ],
)
def test_what_is_no_answer_is_an_error_for_good(said: bytes) -> None:
    def tell(request: Request) -> None:
        request.line.sendall(said)

    assert not failure(tell).again


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
    ],
)
def test_an_answer_that_breaks_off_is_none(said: bytes) -> None:
    def tell(request: Request) -> None:
        request.line.sendall(said)

    failure(tell)


def test_an_answer_that_is_too_large_is_none() -> None:
    many = b'{"a":"' + b"x" * ANSWER_LIMIT + b'"}'
    assert "bytes" in str(failure(lambda request: answer(many)))


def test_who_never_answers_holds_nobody_up() -> None:
    def hang(request: Request) -> None:
        request.line.recv(1)

    late = failure(hang, 0.3)
    assert "no answer in time" in str(late)
    assert late.again


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_who_answers_a_byte_at_a_time_holds_nobody_up(begin: bytes) -> None:
    over = threading.Event()

    def drip(request: Request) -> None:
        request.line.sendall(begin)
        while not over.wait(0.05):
            request.line.sendall(b"x")

    try:
        assert "no answer in time" in str(failure(drip, 0.5))
    finally:
        over.set()


def test_who_takes_nothing_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        client = Client(f"http://127.0.0.1:{deaf.getsockname()[1]}", KEY)
        with pytest.raises(LinkError, match="in time"):
            client.ask("POST", "/", b"x" * (16 << 20), seconds=0.4)


def test_nobody_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(LinkError, match="nothing answers") as caught:
        ask(Client(f"http://localhost:{port}", KEY))
    assert caught.value.again


def test_an_address_that_swallows_everything_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        with pytest.raises(LinkError, match="in time"):
            ask(Client(f"http://127.0.0.1:{port}", KEY), 0.4)
        with pytest.raises(GivenUp):
            Client(f"http://127.0.0.1:{port}", KEY).ask("GET", "/", seconds=5, given_up=iter([False, True]).__next__)
        for each in waiting:
            each.close()


def test_a_name_without_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", no_such)
    with pytest.raises(LinkError, match="resolved"):
        ask(Client("https://nowhere.invalid", KEY))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises(LinkError, match="nothing answers"):
        ask(Client("https://nowhere.invalid", KEY))


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(lambda request: answer({"a": 1})) as service, socket.create_server(("127.0.0.1", 0)) as closed:
        unused = closed.getsockname()
        closed.close()
        usual = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*usual, unused), (*usual, ("127.0.0.1", service.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert ask(Client(service.url, KEY)) == {"a": 1}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com:4319", "without TLS"),
        ("http://10.0.0.8:4319", "without TLS"),
        ("ftp://127.0.0.1", "no base URL"),
        ("127.0.0.1:4319", "no base URL"),
        ("https://user:pw@127.0.0.1", "no base URL"),
        ("https://127.0.0.1/?a=b", "no base URL"),
        ("https://127.0.0.1/#a", "no base URL"),
        ("https://127.0.0.1:99999", "no base URL"),
        ("https://[::1", "no base URL"),
        ("https://exa mple.com", "no base URL"),
        ("https://example.com/\r\nX: y", "no base URL"),
        ("https://", "no base URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_whenever_it_would_be(url: str, words: str) -> None:
    with pytest.raises(LinkError, match=words) as caught:
        ask(Client(url, KEY))
    assert KEY not in str(caught.value)
    assert not caught.value.again


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.9:1", "http://[::1]:1", "https://example.com"])
def test_a_key_goes_to_this_machine_or_over_tls(url: str) -> None:
    assert Client(url, KEY).fault == ""
    assert Client("http://example.com", "").fault == ""


@pytest.mark.parametrize("key", ["sk canary", "sk\ncanary", "sk-kanarié"])
def test_a_key_that_is_none_is_not_sent(key: str) -> None:
    with pytest.raises(LinkError, match="SENTRIC_API_KEY") as caught:
        ask(Client("http://127.0.0.1:1", key))
    assert key not in str(caught.value)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def served(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls_is_spoken_with_whom_the_system_or_a_file_trusts(
    authority: trustme.CA, served: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with standing_in(lambda request: answer({"a": 1}), served) as service:
        with pytest.raises(LinkError, match=r"not trusted.*SSL_CERT_FILE") as caught:
            ask(Client(service.url, KEY))
        assert not caught.value.again
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        client = Client(service.url, KEY)
        assert [client.ask("GET", "/", seconds=30) for _ in range(3)] == [{"a": 1}] * 3
        assert len(service.requests) == 3
        assert len(service.lines) == 2
        client.close()


def test_who_does_not_speak_tls_is_told(served: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def refuse() -> None:
            line, _ = plain.accept()
            with line:
                line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                line.recv(4096)

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(LinkError, match="TLS fails"):
            ask(Client(f"https://127.0.0.1:{plain.getsockname()[1]}", KEY))
        thread.join()
    with standing_in(lambda request: answer({}), served) as service, pytest.raises(LinkError):
        ask(Client(service.url.replace("https:", "http:"), KEY))


def test_waiting_is_given_up_soon() -> None:
    given_up = threading.Event()

    def hang(request: Request) -> None:
        given_up.set()
        request.line.recv(1)

    with standing_in(hang) as service:
        begun = time.monotonic()
        with pytest.raises(GivenUp):
            Client(service.url, KEY).ask("GET", "/", seconds=30, given_up=given_up.is_set)
        assert time.monotonic() - begun < 5


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(lambda request: answer({"proxy": True})) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with standing_in(lambda request: answer({})) as service:
            assert ask(Client(service.url, KEY)) == {}
        assert not proxy.requests
