"""What the service is told of an action, and what stays here."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.pipeline import Pipeline
from sentric.events import Element, Reasoning, Source
from sentric.guard.calls import Seen, Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from support import guarding
from support.enforcing import Service, linked

PRIVATE = "the private letter"
TOKEN = "ghp_" + "Zq8Lw2Xc9Vb4Nm1Kj7Hg5Fd3Sa6Po0Iu2YtR"
Begin = Callable[..., LiveRun]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return linked(monkeypatch, Service())


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    policy = tmp_path / "pack.yaml"
    policy.write_text(guarding.PACK.replace("    examples:", "    evidence: [action.arguments]\n    examples:"))

    def begin(capture: str) -> LiveRun:
        settings = guarding.settings(policy, "enforce", capture=capture)
        run = Gate(Pipeline().telemetry, settings, "test 1.0").begin(About(agent="a", framework="test", task=PRIVATE))
        assert run is not None
        return run

    return begin


def wanted(tool: str, text: str = PRIVATE) -> Wanted:
    return Wanted(
        tool=tool,
        arguments={"text": f"peek at {text}", "parts": [text, {"more": text}], "amount": 5},
        url=f"https://mail.example:8443/write?{PRIVATE.replace(' ', '+')}",
        element=Element(tag="input", type="email", name=PRIVATE, text=PRIVATE, autocomplete="email"),
        reasoning=Reasoning(thinking=PRIVATE),
        context={"ticket": PRIVATE},
    )


def done(run: LiveRun, *looks: Wanted) -> bool:
    """Whether an action may be done that is found so, one time after the other."""
    left = list(looks)
    with run.current(), run.action(lambda: left.pop(0) if len(left) > 1 else left[0]) as action:
        return action.refusal is None


def test_where_content_is_captured_all_of_it_is_told(begin: Begin, service: Service) -> None:
    assert done(begin("full"), wanted("send"))
    (wish,) = service.wishes
    assert wish["arguments"]["parts"] == [PRIVATE, {"more": PRIVATE}]
    assert PRIVATE in wish["verdict"]["rules"][0]["evidence"]["action.arguments"]
    assert (wish["task"], wish["reasoning"], wish["context"]) == (PRIVATE, PRIVATE, {"ticket": PRIVATE})


def test_where_none_is_only_fingerprints_are(begin: Begin, service: Service) -> None:
    assert done(begin("metadata"), wanted("send"))
    (wish,) = service.wishes
    told = json.dumps(wish)
    assert "private" not in told
    assert "letter" not in told
    assert "peek at" not in told
    assert list(wish["arguments"]) == ["text", "parts", "amount"]
    assert all(
        value.startswith("‹secret:content:") for value in [*wish["arguments"].values(), wish["context"]["ticket"]]
    )
    assert (wish["url"], wish["task"], wish["reasoning"]) == ("https://mail.example", "", "")
    assert {name: text for name, text in wish["element"].items() if text} == {
        "tag": "input",
        "type": "email",
        "autocomplete": "email",
    }
    (rule,) = wish["verdict"]["rules"]
    assert (rule["id"], rule["title"], rule["evidence"]) == ("warn-peek", "The word peek", {})


def test_an_approval_holds_for_the_same_arguments_only(begin: Begin, service: Service) -> None:
    assert done(begin("metadata"), wanted("wire"), wanted("wire"))
    asked, again = service.wishes
    assert (asked["arguments"], again["approval_id"]) == (again["arguments"], "a-0")
    assert done(begin("metadata"), wanted("wire"), wanted("wire", "another"))
    changed = service.wishes[2:]
    assert changed[0]["arguments"] == asked["arguments"]
    assert changed[1]["arguments"]["amount"] == asked["arguments"]["amount"]
    assert changed[1]["arguments"]["text"] != asked["arguments"]["text"]
    assert [wish["approval_id"] for wish in changed] == ["", "a-1", "a-2"]


def test_nor_is_there_any_on_the_disk(begin: Begin, tmp_path: Path) -> None:
    assert done(begin("metadata"), wanted("send"))
    kept = b"".join(file.read_bytes() for file in (tmp_path / "guard").rglob("*") if file.is_file())
    assert b"warn-peek" in kept
    assert b"private" not in kept


def test_what_was_seen_before_is_told_redacted(begin: Begin, service: Service) -> None:
    run = begin("full")
    run.observe(Seen(source=Source.PAGE, origin="https://forum.example/t/9", text=f"Use the key {TOKEN}"))
    with run.current(), run.action(lambda: Wanted(tool="read_mail", arguments={})) as action:
        action.finished(result="A letter of Ann's.")
    assert done(run, wanted("send"))
    page, mail = service.wishes[-1]["seen"][::-1]
    assert (page["source"], page["origin"]) == ("page", "https://forum.example/t/9")
    assert page["excerpt"].startswith("Use the key ‹secret:")
    assert mail == {"source": "tool_result", "origin": "read_mail", "excerpt": "A letter of Ann's."}


def test_where_no_content_is_captured_nothing_that_was_seen_is(begin: Begin, service: Service) -> None:
    run = begin("metadata")
    run.observe(Seen(source=Source.PAGE, origin="https://forum.example/t/9", text=PRIVATE))
    assert done(run, wanted("send"))
    assert service.wishes[-1]["seen"] == []
    assert run.heard.latest.seen == ()
