"""The page at which people answer, in a real Chromium: its buttons answer, and pages of others cannot."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from e2e.browser_agent.program import chromium
from sentric_analyzer.approvals.links import form_token, new_link
from sentric_analyzer.control.approval import Approval
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.serving import poll
from support.standin import answer, standing_in

NAMES = iter(f"agent-{number}" for number in range(1_000_000))


class Tab:
    """A tab of a browser, as its DevTools have it."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = count(1)
        self.said: list[str] = []
        """What the browser has logged: what a page was refused, too."""
        for what in ("Page.enable", "Log.enable", "Network.enable"):
            self.call(what)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._line.recv(timeout=30))
            if told.get("method") == "Log.entryAdded":
                self.said.append(str(told["params"]["entry"]["text"]))
            if told.get("id") == number:
                found: dict[str, Any] = told.get("result", {})
                return found

    def run(self, script: str) -> Any:
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        poll(lambda: self.run("document.readyState") == "complete" and self.run("location.href") != "about:blank")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    directory = tmp_path_factory.mktemp("control")
    with (
        Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as runs,
        plane(directory, control_url(directory), runs) as found,
    ):
        yield found


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with chromium(tmp_path) as url:
        (found,) = (one for one in httpx.get(f"{url}/json", trust_env=False).json() if one["type"] == "page")
        with connect(found["webSocketDebuggerUrl"], max_size=None, proxy=None) as line:
            yield Tab(line)


def sent(served: Plane) -> tuple[str, str]:
    """The id of a question, and the link that somebody was sent."""
    decided = served.decide(next(NAMES), "ask", reasoning="because </p><script>document.title = 'mine'</script>")
    approval = served.store.approvals.find(decided["approval_id"], projects=None)
    attempt = served.store.attempts.begin(approval, 0, channel="chat", person="ann", wait=None)
    assert attempt is not None
    link = new_link(served.store.links, f"http://{served.address}", attempt.attempt_id, approval.expires)
    return approval.approval_id, link


def approval(served: Plane, approval_id: str) -> Approval:
    return served.store.approvals.find(approval_id, projects=None)


def test_a_button_answers_and_another_page_cannot(served: Plane, tab: Tab) -> None:
    approval_id, link = sent(served)
    tab.open(link)
    assert "Sentric" in tab.run("document.title")
    assert tab.run("document.querySelectorAll('script').length") == 0
    assert tab.said == []  # the policy of the page has refused nothing that it needs
    tab.run("document.querySelector('textarea').value = 'fine\\nby me'")
    tab.run("document.querySelector('button.approve').click()")
    poll(lambda: tab.run("document.title") == "Approved")
    found = approval(served, approval_id)
    assert found.state == "approved"
    assert [(one.note, one.channel) for one in found.answers] == [("fine\nby me", "link")]

    approval_id, link = sent(served)  # whoever has seen the page can have others send its form, and yet cannot
    token = form_token(link.rpartition("/")[2])
    form = f'<form method=post action="{link}"><input name=token value={token}><input name=answer value=approve></form>'
    page = f"<!doctype html>{form}<iframe src={link}></iframe><script>document.forms[0].submit()</script>".encode()
    with standing_in(lambda request: answer(page).replace(b"application/json", b"text/html")) as other:
        tab.open(other.url.replace("127.0.0.1", "localhost"))
        poll(lambda: tab.run("document.title") == "Nothing to answer")
    assert approval(served, approval_id).state == "pending"
