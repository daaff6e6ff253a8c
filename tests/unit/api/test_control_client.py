"""What the commands ask of a service, and what they make of whatever answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric.errors import SentricError, SettingError
from sentric_analyzer.api.control_client import PAGE, ControlClient, control_client
from sentric_analyzer.api.remote import Remote, quoted

BASE = "http://127.0.0.1:4319"


class Service:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.raw_path.decode(), body))
        return self._answer(request)


def client(service: Callable[[httpx.Request], httpx.Response], key: str = "") -> ControlClient:
    return ControlClient(Remote(BASE, key, transport=httpx.MockTransport(service)))


def answering(status: int, content: bytes) -> ControlClient:
    return client(lambda request: httpx.Response(status, content=content))


def test_lists_are_read_page_by_page_up_to_what_is_wanted() -> None:
    entries = [{"agent_id": str(number)} for number in range(2500)]

    def page(request: httpx.Request) -> httpx.Response:
        begin, size = int(request.url.params.get("after", 0)), int(request.url.params["limit"])
        end = begin + size
        return httpx.Response(
            200, json={"agents": entries[begin:end], "next": str(end) if end < len(entries) else None}
        )

    service = Service(page)
    assert client(service).agents(limit=5000) == entries
    assert len(service.asked) == 3
    assert client(page).agents(limit=1200) == entries[:1200]
    assert service.asked[0][1] == f"/v1/agents?limit={PAGE}"


def test_a_list_that_never_ends_ends() -> None:
    service = Service(lambda request: httpx.Response(200, json={"incidents": [], "next": "more"}))
    assert client(service).incidents() == []
    assert service.asked == [("GET", f"/v1/incidents?limit={PAGE}&open=true", None)]


def test_each_wish_has_its_path_and_body() -> None:
    service = Service(lambda request: httpx.Response(200, json={"agents": [], "approvals": [], "decisions": []}))
    asking = client(service)
    asking.stop("../a b", by="name", reason="why", project="shop")
    asking.reset("..", by="id", reason="")
    asking.approval("3d")
    asking.answer("3da4", approve=False, note="no")
    asking.approvals(state="pending", agent_id="a&b", limit=5)
    asking.decisions(decision="block", project="p", limit=5)
    assert service.asked == [
        ("POST", "/v1/agents/..%2Fa%20b/stop", {"reason": "why", "by": "name", "project": "shop"}),
        ("POST", "/v1/agents/%20/reset", {"reason": "", "by": "id"}),
        ("GET", "/v1/approvals/3d", None),
        ("POST", "/v1/approvals/3da4/deny", {"note": "no", "channel": "cli"}),
        ("GET", "/v1/approvals?limit=5&state=pending&agent_id=a%26b", None),
        ("GET", "/v1/decisions?limit=5&project=p&decision=block", None),
    ]


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (409, b'{"title": "Conflict", "detail": "it is\\n past that"}', "it is past that"),
        (500, b"{}", "answered with status 500"),
        (404, b'{"detail": "Not Found"}', "not found: is this the API of `sentric serve`"),
        (404, b'{"detail": "no agent has the id"}', "no agent has the id"),
        (200, b"<html>", "does not answer in JSON"),
        (200, b"\xff\xfe{", "does not answer in JSON"),
        (200, b"[]", "answered with status 200"),
        (200, b"{}", "the service answers without 'agents'"),
        (200, b'{"agents": "all"}', "the service answers without 'agents'"),
        (200, b'{"agents": [1]}', "the service answers without 'agents'"),
        (307, b"{}", "answered with status 307"),
        (503, b'{"detail": "' + b"x" * 9999 + b'"}', "x" * 1000),
    ],
)
def test_whatever_answers_is_an_error_of_one_line(status: int, content: bytes, message: str) -> None:
    with pytest.raises(SentricError) as caught:
        answering(status, content).agent("a")
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 1100


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (httpx.ConnectError("refused"), "nothing answers: start the service"),
        (httpx.ReadTimeout("late"), "no answer in time"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "its certificate is not trusted"),
    ],
)
def test_a_service_that_is_not_there_is_told(error: httpx.HTTPError, message: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(SentricError, match=message):
        client(fail).incidents()


def test_the_key_is_sent_and_one_that_cannot_be_is_not_repeated() -> None:
    seen: list[str] = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization", ""))
        return httpx.Response(200, json={"agents": []})

    client(look, "canary").agents()
    client(look).agents()
    assert seen == ["Bearer canary", ""]
    with pytest.raises(SentricError) as caught:
        Remote(BASE, "canary\n")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:4319",
        "ftp://host",
        "https://",
        "https://host/path",
        "https://host?x=1",
        "https://host#x",
        "https://user:canary@host",
        "https://host:99999",
        "https://host:0",
        "https://[::1",
        "https://ho\x1bst",
        "http://[::1",
    ],
)
def test_what_is_no_url_of_a_service_is_refused_without_being_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match=r"^--url \(SENTRIC_URL\): it must be https://HOST:PORT, and no more$"):
        control_client(tmp_path, url)


def test_a_key_goes_over_the_network_in_clear_only_where_that_is_said(tmp_path: Path) -> None:
    for url in ("http://192.0.2.1", "http://example.com:4319", "http://localhost.example.com"):
        with pytest.raises(SettingError, match="the key would go over the network in clear"):
            control_client(tmp_path, url)
        with control_client(tmp_path, url, insecure=True):
            pass
    for url in ("http://127.0.0.1:4319/", "http://[::1]:4319", "http://localhost", "https://example.com"):
        with control_client(tmp_path, url):
            pass


def test_without_a_service_the_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(SentricError, match="no service runs there: start `sentric serve`, or name one with --url"):
        control_client(tmp_path)


def test_a_selector_is_one_segment_of_a_path() -> None:
    assert [quoted(text) for text in ("a/b", "", ".", "..", "a.b", "é?#")] == [
        "a%2Fb", "%20", "%20", "%20", "a.b", "%C3%A9%3F%23",
    ]  # fmt: skip
