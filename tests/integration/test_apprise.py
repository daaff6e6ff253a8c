"""The channel of Apprise, with the real library, against what stands in for chats, push services and mail servers."""

import json
import logging
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme
from apprise.plugins.slack import NotifySlack

from sentric.errors import SettingError
from sentric_analyzer.approvals import apprise as channels
from sentric_analyzer.approvals.apprise import APPRISE, AppriseChannel
from sentric_analyzer.approvals.channel import ChannelError, Notice
from sentric_analyzer.approvals.configuration import ChannelStated
from sentric_analyzer.approvals.shown import Shown
from support.mailing import mail_server, text_of
from support.serving import poll
from support.standin import Request, StandIn, answer, standing_in

LINK = "https://sentric.example.org/approve/c3VjaC1hLXNlY3JldC1fLX4"
CLAIM = "WHY      | All is well! <!channel> <at>Ann</at> [Approve](https: //evil.example) <b>`Sentric`</b> _now_"
NOTICE = Notice(
    attempt_id="ab" * 16,
    approval_id="cd" * 16,
    project="shop",
    person="ef" * 6,
    shown=Shown(title='Sentric asks: may "buyer" pay? (high risk)', text=f"Sentric asks.\n{CLAIM}", spoken="May it?"),
    link=LINK,
    seconds=60.0,
)
SLACK = "TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc"
BOT = "slack://xoxb-123456789012-123456789012-secretsecretsecretsecret/ops"


def channel(url: str, seconds: float = 10.0) -> AppriseChannel:
    """A channel of one URL, as the service makes it, with its patience as it suits a test."""
    stated = ChannelStated(name="ops", kind="apprise", person="ann", where="channels.ops", secrets={"url": url})
    surroundings: Any = None
    (made,) = APPRISE.factory([stated], surroundings)
    assert isinstance(made, AppriseChannel)
    made._seconds = seconds
    return made


@contextmanager
def taking(content: bytes = b"ok", status: int = 200) -> Iterator[StandIn]:
    """A service that answers everything alike."""
    with standing_in(lambda request: answer(content, status)) as found:
        yield found


def test_a_webhook_is_told_title_text_and_link() -> None:
    with taking() as service:
        assert channel(f"json://user:secret@127.0.0.1:{service.port}/hook").notify(NOTICE) == ""
    (request,) = service.requests
    told = request.json()
    assert told["title"] == NOTICE.shown.title
    assert told["message"] == f"Look and answer: {LINK}\n\n{NOTICE.shown.text}"


def test_a_form_is_told_the_same() -> None:
    with taking() as service:
        channel(f"form://127.0.0.1:{service.port}/hook").notify(NOTICE)
    told = parse_qs(service.requests[0].body.decode())
    assert told["message"] == [f"Look and answer: {LINK}\n\n{NOTICE.shown.text}"]


def test_a_push_service_is_told_the_same() -> None:
    with taking(b"{}") as service:
        channel(f"ntfy://127.0.0.1:{service.port}/alerts").notify(NOTICE)
    told = service.requests[0].json()
    assert (told["topic"], told["title"]) == ("alerts", NOTICE.shown.title)
    assert told["message"].startswith(f"Look and answer: {LINK}\n\nSentric asks.")


def test_in_slack_the_link_can_be_clicked_and_nothing_else_is_more_than_text(monkeypatch: pytest.MonkeyPatch) -> None:
    with taking() as service:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{service.url}/services")
        channel(f"slack://{SLACK}").notify(NOTICE)
    (request,) = service.requests
    assert request.path == f"/services/{SLACK}"
    (attachment,) = request.json()["attachments"]
    text = attachment["text"]
    assert text.startswith(f"<{LINK}|Look and answer>")
    rest = text.partition("|Look and answer>")[2]
    assert "<" not in rest
    assert "&lt;!channel&gt;" in rest


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate of 127.0.0.1 that clients of this test take."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return context


def test_in_teams_the_link_can_be_clicked_and_nobody_else_is_called(trusted: ssl.SSLContext) -> None:
    with standing_in(lambda request: answer(b"", 202), trusted) as service:
        channel(f"workflows://127.0.0.1:{service.port}/{'a' * 32}/{'b' * 43}").notify(NOTICE)
    (request,) = service.requests
    (card,) = request.json()["attachments"]
    title, body = (block["text"] for block in card["content"]["body"] if block["type"] == "TextBlock")
    assert title == NOTICE.shown.title
    assert body.startswith(f"[Look and answer]({LINK})")
    assert "\\[Approve\\]\\(https\\: \\/\\/evil\\.example\\)" in body
    assert not card["content"].get("msteams", {}).get("entities")


def test_a_mail_holds_the_link_and_all_else_as_text() -> None:
    with mail_server() as server:
        channel(f"mailto://ann:secret@127.0.0.1:{server.port}?from=sentric@mail.test&to=ann@mail.test").notify(NOTICE)
    (mail,) = server.mails
    assert server.logins
    assert "ann@mail.test" in str(mail["To"])
    html = text_of(mail, "text/html")
    assert f'<a href="{LINK}">Look and answer</a>' in html
    assert "&lt;b&gt;`Sentric`&lt;/b&gt;" in html
    assert "<b>" not in html


def test_an_agent_calls_nobody_by_its_name() -> None:
    named = replace(NOTICE, shown=replace(NOTICE.shown, title='Sentric asks: may "@channel" pay?'))
    with taking() as service:
        channel(f"json://127.0.0.1:{service.port}").notify(named)
    assert service.requests[0].json()["title"] == 'Sentric asks: may "@ channel" pay?'


def test_without_a_link_it_says_how_else_to_answer() -> None:
    with taking() as service:
        channel(f"json://127.0.0.1:{service.port}").notify(replace(NOTICE, link=""))
    assert service.requests[0].json()["message"].startswith(f"To answer: sentric approvals approve {'cd' * 16}")


def test_what_is_too_long_for_a_service_loses_its_end_and_not_the_link() -> None:
    long = replace(NOTICE, shown=replace(NOTICE.shown, text="x" * 20_000))
    with taking(b"{}") as service:
        channel(f"ntfy://127.0.0.1:{service.port}/alerts").notify(long)
    (request,) = service.requests
    assert LINK in request.json()["message"]
    assert len(request.json()["message"]) <= 7800


def test_withdrawing_sends_another_message_without_a_link() -> None:
    with taking() as service:
        channel(f"json://127.0.0.1:{service.port}").withdraw(NOTICE, "", "it was denied")
    told = service.requests[0].json()
    assert told["title"] == f"Over: {NOTICE.shown.title}"
    assert told["message"] == "Nobody need answer any more: it was denied."


def failure(url: str, seconds: float = 10.0) -> str:
    """Why somebody cannot be told through a URL: in one line, soon, without its secrets."""
    begun = time.monotonic()
    with pytest.raises(ChannelError) as raised:
        channel(url, seconds).notify(NOTICE)
    assert time.monotonic() - begun < seconds + 5
    said = str(raised.value)
    assert "\n" not in said
    for secret in ("secret", "127.0.0.1", "hook", LINK):
        assert secret not in said
    return said


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (500, "answers 500: it has trouble of its own"),
        (403, "answers 403: the token is not accepted: it may have been revoked"),
        (404, "answers 404: there is no such address"),
        (410, "answers 410: there is no such address any more"),
        (429, "answers 429: too many messages"),
        (302, "answers 302: it was refused"),
    ],
)
def test_a_service_that_does_not_take_it_is_a_failure_that_says_so(status: int, why: str) -> None:
    with taking(b"", status) as service:
        assert why in failure(f"json://user:secret@127.0.0.1:{service.port}/hook")


def test_a_redirection_is_not_followed_with_the_token() -> None:
    with (
        taking() as other,
        standing_in(lambda request: answer(b"", 307, Location=f"{other.url}/hook")) as service,
    ):
        assert "answers 307" in failure(f"json://user:secret@127.0.0.1:{service.port}/hook")
    assert not other.requests


def test_an_answer_that_no_plugin_expects_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(lambda request: answer([1])) as service:
        monkeypatch.setattr(NotifySlack, "api_url", f"{service.url}/api/{{}}")
        assert "does not take the message" in failure(BOT)


@pytest.mark.parametrize("content", [{"ok": False, "error": "token_revoked"}, b"", b"<html>"])
def test_a_revoked_token_of_slack_is_a_failure(content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with standing_in(lambda request: answer(content)) as service:
        monkeypatch.setattr(NotifySlack, "api_url", f"{service.url}/api/{{}}")
        assert "may have been revoked" in failure(BOT)


def test_a_mail_server_that_lets_nobody_in_is_a_failure() -> None:
    with mail_server(refuses=True) as server:
        failure(f"mailto://ann:secret@127.0.0.1:{server.port}?from=sentric@mail.test&to=ann@mail.test")
    assert not server.mails


def test_where_nothing_listens_it_fails() -> None:
    with taking() as service:
        port = service.port
    assert "cannot be reached" in failure(f"json://user:secret@127.0.0.1:{port}/hook")


def test_who_hangs_up_is_a_failure() -> None:
    with standing_in(lambda request: None) as service:
        assert "cannot be reached" in failure(f"json://user:secret@127.0.0.1:{service.port}/hook")


def dribbling(request: Request) -> bytes | None:
    """An answer that goes on for ever, a byte at a time: no timeout of the client's ends it."""
    request.line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    try:
        while True:
            request.line.sendall(b"x")
            if threading.Event().wait(0.05):
                return None
    except OSError:
        return None


def test_who_dribbles_is_waited_for_no_longer_than_said() -> None:
    with standing_in(dribbling) as service:
        assert "in time" in failure(f"json://user:secret@127.0.0.1:{service.port}/hook", 0.3)


def test_as_long_as_it_is_nobody_elses_turn() -> None:
    with standing_in(dribbling) as service, pytest.raises(ChannelError, match="in time"):
        channel(f"json://127.0.0.1:{service.port}/hook", 30).notify(replace(NOTICE, seconds=0.2))


def test_many_that_hang_are_not_joined_by_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MOST_UNDER_WAY", 2)
    with standing_in(dribbling) as service:
        hung = channel(f"json://127.0.0.1:{service.port}/hook", 0.1)
        for _ in range(2):
            with pytest.raises(ChannelError, match="in time"):
                hung.notify(NOTICE)
        with pytest.raises(ChannelError, match="2 messages are under way"):
            hung.notify(NOTICE)
        assert len(service.requests) == 2
    with taking() as service:  # another channel minds none of it
        channel(f"json://127.0.0.1:{service.port}").notify(NOTICE)


def test_one_that_hung_makes_room_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "MOST_UNDER_WAY", 1)
    go_on = threading.Event()

    def handle(request: Request) -> bytes:
        assert go_on.wait(20) or request.number > 1
        return answer(b"ok")

    with standing_in(handle) as service:
        slow = channel(f"json://127.0.0.1:{service.port}/hook", 0.1)
        with pytest.raises(ChannelError, match="in time"):
            slow.notify(NOTICE)
        go_on.set()
        slow._seconds = 20

        def told() -> bool:
            try:
                return slow.notify(NOTICE) == ""
            except ChannelError:
                return False

        assert poll(told)


@pytest.mark.parametrize(
    "url", ["", "nothing", "https://sentric.example.org/hook", "slack://secret", "json://", "mailto://", "x" * 5000]
)
def test_what_is_no_url_of_apprise_is_told_by_its_place_alone(url: str) -> None:
    with pytest.raises(SettingError) as raised:
        channel(url)
    said = str(raised.value)
    assert said.startswith("channels.ops.url: is no URL that Apprise takes")
    assert "secret" not in said.removeprefix("channels.ops.url")


def test_nothing_of_it_is_ever_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG), taking(b"secret", 500) as service:
        failure(f"json://user:secret@127.0.0.1:{service.port}/hook")
        with pytest.raises(SettingError):
            channel("slack://secret")
    written = caplog.text + "".join(capfd.readouterr())
    assert "secret" not in written
    assert "hook" not in written
    assert LINK not in written


def test_what_makes_messages_shows_no_address() -> None:
    assert "secret" not in repr(vars(channel("json://user:secret@127.0.0.1:1/hook")))


def test_several_at_once_are_each_told() -> None:
    with taking() as service:
        ours = channel(f"json://127.0.0.1:{service.port}")
        threads = [threading.Thread(target=ours.notify, args=[NOTICE]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(service.requests) == 8
    assert {json.dumps(request.json()["title"]) for request in service.requests} == {json.dumps(NOTICE.shown.title)}


def guide() -> str:
    """What is written about chat, mail and push."""
    pages = [page.read_text(encoding="utf-8") for page in (Path(__file__).parents[2] / "docs").glob("*.md")]
    (found,) = (page.partition("## Chat, mail and push")[2] for page in pages if "## Chat, mail and push" in page)
    return found.partition("\n## ")[0]


@pytest.mark.parametrize("url", re.findall(r"^\|[^|]+\| `([a-z]+://[^`]+)` \|", guide(), re.MULTILINE))
def test_the_urls_of_the_guide_are_taken(url: str) -> None:
    assert channel(url).name == "ops"


def test_the_guide_names_the_services() -> None:
    for service in ("Slack", "Microsoft Teams", "e-mail", "ntfy", "Pushover"):
        assert f"| {service}" in guide()
