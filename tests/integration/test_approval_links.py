"""Links at which people answer, over HTTP, as those use them who were sent one, and those who would do harm."""

import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric.settings import Section
from sentric_analyzer.api import create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.approvals.links import PATH, digest_of, form_token, new_link
from sentric_analyzer.control.approval import Approval, Said
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import control_url
from sentric_analyzer.receiver.rates import Buckets
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.mailing import mail_server, text_of
from support.serving import poll
from support.standin import answer as answered
from support.standin import standing_in

NAMES = iter(f"agent-{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as store:
        yield store


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, runs: Store) -> Iterator[Plane]:
    directory = tmp_path_factory.mktemp("control")
    if request.param == "sqlite":
        with plane(directory, control_url(directory), runs) as found:
            yield found
        return
    with request.getfixturevalue("postgresql").database() as url, plane(directory, url, runs) as found:
        yield found


@dataclass
class Sent:
    """A question, and the link that somebody was sent."""

    served: Plane
    approval_id: str
    attempt_id: str
    secret: str

    @property
    def path(self) -> str:
        return f"{PATH}{self.secret}"

    def look(self, method: str = "GET", **headers: str) -> httpx.Response:
        return self.served.ask(method, self.path, headers={name.replace("_", "-"): of for name, of in headers.items()})

    def answer(self, said: str = "approve", note: str = "", *, token: str | None = None, **more: Any) -> httpx.Response:
        form = {"token": form_token(self.secret) if token is None else token, "answer": said, "note": note}
        return self.served.ask("POST", self.path, data=form, **more)

    def approval(self) -> Approval:
        return self.served.store.approvals.find(self.approval_id, projects=None)


def asked(served: Plane, action: str = "ask", agent: str = "", **more: Any) -> str:
    """The id of a question that an agent has put."""
    decided = served.decide(agent or next(NAMES), action, **more)
    assert decided["decision"] == "ask"
    return str(decided["approval_id"])


def sent(served: Plane, approval_id: str = "", *, person: str = "ann", step: int = 0) -> Sent:
    """Somebody is asked, and sent a link."""
    approval = served.store.approvals.find(approval_id or asked(served), projects=None)
    channel = f"chat-{approval.approval_id[:8]}"  # none is told of many questions at once
    attempt = served.store.attempts.begin(approval, step, channel=channel, person=person, wait=None)
    assert attempt is not None
    link = new_link(served.store.links, "https://sentric.example.org", attempt.attempt_id, approval.expires)
    start = f"https://sentric.example.org{PATH}"
    assert link.startswith(start)
    return Sent(served, approval.approval_id, attempt.attempt_id, link.removeprefix(start))


class Page(HTMLParser):
    """What a browser would act on, and what is read."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def form(self) -> dict[str, str]:
        """What the form sends besides the answer."""
        return {
            str(attributes["name"]): attributes.get("value") or ""
            for tag, attributes in self.tags
            if tag in {"input", "textarea"}
        }

    def buttons(self) -> list[str | None]:
        return [attributes.get("value") for tag, attributes in self.tags if tag == "button"]


def gone(answer: httpx.Response) -> str:
    """The page of a link that is good for nothing: always the same."""
    assert answer.status_code == 404
    return answer.text


def test_a_link_shows_the_question_and_a_second_click_answers_it(served: Plane) -> None:
    one = sent(served, asked(served, arguments={"sum": "400 EUR"}))
    page = Page(one.look())
    assert "ask" in page.text
    assert "400 EUR" in page.text
    assert "ann" in page.text
    assert page.buttons() == ["deny", "approve"]
    answer = served.ask("POST", one.path, data={**page.form(), "answer": "approve", "note": "fine by me"})
    assert answer.status_code == 200
    assert "Approved" in Page(answer).text
    document = served.got(f"/v1/approvals/{one.approval_id}")
    assert document["state"] == "approved"
    (given,) = document["answers"]
    assert (given["approver"], given["channel"]) == (f"person:{served.people['ann']}", "link")
    assert (given["answer"], given["note"]) == ("approve", "fine by me")


def test_a_denial_reaches_the_agent_with_its_note(served: Plane) -> None:
    one = sent(served)
    assert "Denied" in Page(one.answer("deny", "not\r\nnow")).text
    assert one.approval().state == "denied"
    assert one.approval().answers[0].note == "not\nnow"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_looking_in_whatever_way_changes_nothing(served: Plane, method: str) -> None:
    one = sent(served)
    before = served.store.changes.head()
    for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"User-Agent": "Slackbot 1.0"}):
        answer = one.look(method, **headers)
        assert answer.status_code == (200 if method == "GET" else 405)
    assert served.store.changes.head() == before
    assert one.approval().state == "pending"
    assert one.answer().status_code == 200  # the link is as good as it was


def test_the_page_runs_nothing_fetches_nothing_and_tells_nobody_its_address(served: Plane) -> None:
    answer = sent(served).look()
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["x-robots-tag"].startswith("noindex")
    assert "set-cookie" not in headers
    page = Page(answer)
    (policy,) = (attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes)
    assert policy is not None
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'", policy)
    assert not {"script", "img", "iframe", "object", "link", "a"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "style", "action", "formaction", "onclick", "href"} & set(attributes)


HOSTILE = (
    "</p></section><form action=https://evil.example><button>Approve</button></form><script>alert(1)</script>"
    "\u202eevorppa\u202c\u2066\x1b[2J\nANSWER   By 2099. Nothing to see.\nRISK     low"
)


def test_hostile_text_stays_text_in_its_place(served: Plane) -> None:
    one = sent(served, asked(served, reasoning=HOSTILE, arguments={HOSTILE: HOSTILE * 300}))
    answer = one.look()
    assert len(answer.content) < 100_000
    assert not set("\u202e\u202c\u2066\x1b") & set(answer.text)
    page = Page(answer)
    assert page.buttons() == ["deny", "approve"]
    assert [tag for tag, _ in page.tags if tag in {"form", "script"}] == ["form"]
    ours = re.findall(r'<p class="ours"><bdi>(.*?)</bdi>', answer.text)
    assert not [line for line in ours if "2099" in line or "Nothing to see" in line]


def test_wrong_used_expired_and_withdrawn_links_are_told_alike(served: Plane) -> None:
    used, withdrawn, elsewhere, removed = (sent(served) for _ in range(4))
    assert used.answer().status_code == 200
    served.store.attempts.withdraw(withdrawn.attempt_id, "it was answered")
    served.post(f"/v1/approvals/{elsewhere.approval_id}/deny", "bob")
    person = served.store.people.add(next(NAMES), Role.APPROVER, actor="local")
    gone_one = sent(served, person=person.name)
    served.store.people.remove(person.name, actor="local")
    viewer = served.store.people.add(next(NAMES), Role.APPROVER, actor="local")
    demoted = sent(served, person=viewer.name)
    served.store.people.set_role(viewer.name, Role.VIEWER, actor="local")
    failed = sent(served)
    served.store.attempts.failed(failed.attempt_id, "out of reach")
    short = Sent(served, "", "", "abc")
    strange = Sent(served, "", "", "%F0%9F%98%80%0A%22")
    altered = Sent(served, "", "", removed.secret[:-1] + ("A" if removed.secret[-1] != "A" else "B"))
    digest = Sent(served, "", "", digest_of(removed.secret))
    before = served.store.changes.head()
    bad = (used, withdrawn, elsewhere, gone_one, demoted, failed, short, strange, altered, digest)
    pages = {gone(ask()) for one in bad for ask in (one.look, one.answer, one.answer)}
    assert len(pages) == 1
    assert "No answer was taken" in pages.pop()
    assert served.store.changes.head() == before
    assert removed.answer().status_code == 200


def test_an_expired_link_is_good_for_nothing(tmp_path: Path, runs: Store) -> None:
    with plane(tmp_path, control_url(tmp_path), runs) as served:
        one = sent(served)
        with served.store.changes.database.changing() as connection:
            connection.exec_driver_sql("UPDATE approval_links SET expires = expires - 1000")
        gone(one.look())
        gone(one.answer())
        assert one.approval().state == "pending"
        assert served.store.links.forget() == 1
        assert served.store.links.forget() == 0


def test_silence_is_a_denial_whatever_is_answered_later(tmp_path: Path, runs: Store) -> None:
    with plane(tmp_path, control_url(tmp_path), runs, approval_timeout=1.0) as served:
        one = sent(served)
        with served.store.changes.database.changing() as connection:
            connection.exec_driver_sql("UPDATE approvals SET expires = expires - 1000")
        gone(one.answer())
        assert one.approval().state == "expired"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}]
)
def test_the_page_of_somebody_else_cannot_answer(served: Plane, headers: dict[str, str]) -> None:
    one = sent(served)
    gone(one.answer(headers=headers))
    assert one.approval().state == "pending"


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "a" * 128])
def test_without_what_the_page_told_nothing_is_answered(served: Plane, token: str) -> None:
    one = sent(served)
    gone(one.answer(token=token))
    gone(one.answer(token=form_token(sent(served).secret)))
    assert one.approval().state == "pending"
    assert one.answer().status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 422),
        (b"a", "application/x-www-form-urlencoded", 400),
        (b"token=%ff&answer=approve", "application/x-www-form-urlencoded", 400),
        (b"\xff=a", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=b"] * 30), "application/x-www-form-urlencoded", 400),
        (b"token=T&answer=maybe", "application/x-www-form-urlencoded", 422),
        (b"token=T&answer=approve&answer=deny", "application/x-www-form-urlencoded", 422),
        (b"token=T&answer=approve&more=1", "application/x-www-form-urlencoded", 422),
        (b"token=T", "application/x-www-form-urlencoded", 422),
        (b"token=T&answer=approve&note=%00", "application/x-www-form-urlencoded", 422),
        (b"token=T&answer=approve&note=" + b"n" * 501, "application/x-www-form-urlencoded", 422),
        (b"token=T&answer=approve&note=" + b"n" * 20_000, "application/x-www-form-urlencoded", 413),
        (b'{"token":"T","answer":"approve"}', "application/json", 415),
        (b"token=T&answer=approve", "text/plain", 415),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
    ],
)
def test_what_no_form_of_ours_sends_is_refused_in_a_page(
    served: Plane, body: bytes, content_type: str, status: int
) -> None:
    one = sent(served)
    content = body.replace(b"T", form_token(one.secret).encode())
    answer = served.ask("POST", one.path, content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert Page(answer).buttons() == []
    assert one.approval().state == "pending"


def both(ask: Callable[[], httpx.Response], count: int = 6) -> list[int]:
    """The statuses of the answers to as many that ask at once."""
    ready = threading.Barrier(count)

    def one(_: int) -> int:
        ready.wait()
        return ask().status_code

    with ThreadPoolExecutor(count) as threads:
        return sorted(threads.map(one, range(count)))


def test_of_many_at_once_one_answers(served: Plane) -> None:
    one = sent(served)
    assert both(one.answer) == [200, 404, 404, 404, 404, 404]
    assert len(one.approval().answers) == 1
    records = served.store.changes.records(subject=one.approval_id, what="approval.approve")
    assert len(records) == 1


def test_of_two_links_to_one_question_the_first_answer_counts(served: Plane) -> None:
    first = sent(served)
    second = sent(served, first.approval_id, person="bob", step=1)
    statuses = {said: one.answer(said).status_code for one, said in ((first, "deny"), (second, "approve"))}
    assert statuses == {"deny": 200, "approve": 404}
    assert first.approval().state == "denied"


def test_where_two_must_approve_two_people_do(served: Plane) -> None:
    approval_id = asked(served, "ask_two")
    first = sent(served, approval_id)
    again = sent(served, approval_id, step=1)
    other = sent(served, approval_id, person="bob", step=2)
    assert "Somebody else must, too" in Page(first.answer()).text
    assert first.approval().state == "pending"
    refused = again.answer()
    assert refused.status_code == 403
    assert "somebody else must, too" in Page(refused).text
    assert "Approved" in Page(other.answer()).text
    assert first.approval().state == "approved"


def test_nobody_answers_what_they_asked_for_themselves(served: Plane) -> None:
    person = served.store.people.add(next(NAMES), Role.APPROVER, actor="local")
    one = sent(served, person=person.name)
    with served.store.changes.database.changing() as connection:
        requester = f"person:{person.person_id}"
        connection.exec_driver_sql(
            f"UPDATE approvals SET requester = '{requester}' WHERE id = '{one.approval_id}'"  # noqa: S608  # of this test
        )
    assert one.answer().status_code == 403
    assert one.approval().state == "pending"


def test_no_secret_of_a_link_is_kept_logged_counted_or_told(
    served: Plane, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        one = sent(served)
        one.look()
        one.answer(token="wrong")
        one.answer("deny")
        gone(one.answer())
    token = form_token(one.secret)
    told = [served.ask("GET", "/metrics", "reader").text, repr(served.store.changes.records(newest_first=True))]
    told.append(served.ask("GET", "/v1/approvals", "reader").text)
    with served.store.changes.database.reading() as connection:
        told += [
            repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608  # of this test
            for table in ("approval_links", "approval_attempts", "audit")
        ]
    access_log = logging.getLogger("uvicorn.access")  # goes nowhere, but pytest listens there
    assert not access_log.propagate
    lines = [one.getMessage() for one in caplog.records if one.name.partition(".")[0] not in {"httpx", "httpcore"}]
    lines = [line for line in lines if not re.fullmatch(r'127.0.0.1:\d+ - "\w+ \S+ HTTP/1.1" \d+', line)]
    written = "".join([*told, *lines, *capfd.readouterr()])
    assert one.secret not in written
    assert token not in written


def test_the_page_of_an_unknown_path_beside_it_is_a_page(served: Plane) -> None:
    for path in (PATH, f"{PATH}a/b", f"{PATH}%00"):
        answer = served.ask("GET", path, "reader")
        assert answer.status_code == 404
        assert Page(answer).buttons() == []


def test_a_head_that_is_no_http_tells_nothing(served: Plane) -> None:
    host, _, port = served.address.rpartition(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(b"POST /approve/\x00 HTTP/9\r\n\r\n")
        assert b"400" in line.recv(100)


async def test_links_are_asked_by_any_name_where_reading_takes_no_key_and_not_too_often(
    served: Plane, runs: Store
) -> None:
    times = iter(range(1_000_000))
    access = Access(lambda: None, key_needed=False, rates=Buckets(0.001, 3, lambda: next(times) / 1e6))
    app = create_app(runs, str, access=access, plane=served.control)
    one = sent(served)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sentric.example.org") as client:
        assert (await client.get("/v1/runs")).status_code == 421
        answers = [await client.get(one.path) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert "Retry-After" in answers[-1].headers
        assert Page(answers[-1]).buttons() == []


def test_the_whole_way_from_the_question_to_two_messages_and_one_answer(tmp_path: Path, runs: Store) -> None:
    with standing_in(lambda request: answered(b"ok")) as chat, mail_server() as mails:
        channels = {
            "chat": {"type": "apprise", "url": f"json://127.0.0.1:{chat.port}/hook", "person": "ann"},
            "mail": {
                "type": "apprise",
                "url": f"mailto://127.0.0.1:{mails.port}?from=sentric@mail.test&to=bob@mail.test&mode=insecure",
                "person": "bob",
            },
        }
        steps = [{"channel": "chat", "wait": 1}, {"channel": "mail"}]
        stated = {"public_url": "https://sentric.example.org", "channels": channels, "routes": [{"steps": steps}]}
        section = Section("sentric.yaml: approvals", stated)
        with plane(tmp_path, control_url(tmp_path), runs, approvals=section) as served:
            approval_id = asked(served, arguments={"sum": "400 EUR"})
            poll(lambda: mails.mails)
            by_chat, by_mail = (
                Sent(served, approval_id, "", found[1])
                for text in (chat.requests[0].json()["message"], text_of(mails.mails[0], "text/html"))
                if (found := re.search(r"https://sentric\.example\.org/approve/([\w-]+)", text))
            )
            assert "400 EUR" in Page(by_mail.look()).text
            assert "Denied" in Page(by_mail.answer("deny")).text
            gone(by_chat.answer())
            poll(lambda: len(chat.requests) == 2)
            assert chat.requests[1].json()["message"] == "Nobody need answer any more: it was denied."
            told = [record.what for record in served.store.changes.records(subject=approval_id)]
    assert told.count("approval.sent") == 2
    assert told.count("approval.deny") == 1


def test_links_are_as_random_as_keys() -> None:
    class Kept:
        def __init__(self) -> None:
            self.digests: set[str] = set()

        def add(self, digest: str, attempt_id: str, *, expires: float) -> None:
            self.digests.add(digest)

    kept: Any = Kept()
    links = {new_link(kept, "https://sentric.example.org", "a", 1.0) for _ in range(100)}
    assert len(links) == len(kept.digests) == 100
    assert all(len(link.rpartition("/")[2]) == 43 for link in links)
    assert Said.APPROVE.value not in {link.rpartition("/")[2] for link in links}
