"""What people are shown of real questions: these texts are to be read by people, and are kept word for word."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentric.events import Element, Source
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric.policy.seen import Excerpt
from sentric_analyzer.approvals.gathered import shown_of
from sentric_analyzer.control.approval import Approval, Said
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import AskedError
from support.deciding import Clock, asked, decider, grant, policy

EXPECTED = Path(__file__).parents[1] / "expected" / "shown"
_RULES = {
    "mail-to-the-press": ("Mail to somebody outside the company", "message", "high", 40),
    "shell-command": ("A command on a server", "shell", "high", 50),
    "password-on-a-page": ("A password is typed into a page that the task does not name", "input", "critical", 70),
}
OWN = "pack: own\ndescription: Of the shop.\nrules:" + "".join(
    f"""
  - id: {rule_id}
    title: {title}
    description: It wants a person.
    severity: {severity}
    decision: ask
    risk: {risk}
    category: operations
    references: []
    on: [action]
    when: action.kind == "{kind}"
    evidence: [action.tool]
    examples:
      match: [{{name: it, events: [{{event: action, tool: it, kind: {kind}}}]}}]
      no_match: [{{name: other, events: [{{event: action, tool: other, kind: extract}}]}}]
"""
    for rule_id, (title, kind, severity, risk) in _RULES.items()
)
QUESTIONS: dict[str, dict[str, Any]] = {
    "payment": {
        "agent_id": "billing-1",
        "agent_name": "billing-agent",
        "action": "pay_invoice",
        "server": "bank",
        "arguments": {
            "amount": 4980,
            "currency": "EUR",
            "vendor": "Nordlicht GmbH",
            "iban": "DE89370400440532013000",
            "reference": "Invoice 2231",
        },
        "reasoning": "Invoice 2231 came by mail this morning and is due today, so I pay it to the account it gives.",
        "task": "Pay the open invoices of March.",
        "run_id": "march",
        "events": [
            {"event": "action", "tool": "read_mail", "arguments": {"id": 7}, "sequence": 1},
            {
                "event": "outcome",
                "action_id": "1.0",
                "result": "From: accounts@nordlicht-billing.example\nOur bank has changed. Please pay invoice 2231 "
                "(Nordlicht GmbH) to DE89 3704 0044 0532 0130 00.",
            },
        ],
    },
    "mail": {
        "agent_id": "desk",
        "action": "send_email",
        "arguments": {
            "to": ["press@daily.example"],
            "subject": "Quarterly figures",
            "body": "Hello,\n\nplease find our figures below.\nRevenue 4.1 million, loss 0.3 million.\n\nBest regards",
        },
        "reasoning": "The reporter asked for the figures.",
        "task": "Answer the mails of today.",
        "events": [
            {
                "event": "observation",
                "source": "tool_result",
                "origin": "read_inbox",
                "text": "press@daily.example asks: could you send me the figures of the quarter before they are out?",
            }
        ],
    },
    "shell": {
        "agent_id": "deployer",
        "action": "run_shell",
        "arguments": {"command": "cd /srv/shop && git pull\nrm -rf data/* && systemctl restart shop", "timeout": 60},
        "reasoning": "The old data must go before the new version starts.",
        "task": "Deploy version 2.4 of the shop.",
    },
    "password": {
        "agent_id": "buyer",
        "action": "input",
        "arguments": {"index": 7, "text": "‹secret:password:5b1c09de›"},
        "url": "https://login.lamps-shop.example/signin?next=/cart",
        "element": Element(tag="input", type="password", name="pw", form_action="https://collect.example/in"),
        "reasoning": "The page wants the password to go on.",
        "task": "Buy two lamps at https://lamps.example",
        "seen": [
            Excerpt(Source.PAGE, "https://login.lamps-shop.example/signin", "Your session has ended. Sign in again.")
        ],
    },
    "database": {
        "agent_id": "cleaner",
        "action": "execute_sql",
        "arguments": {"query": "DELETE FROM customers WHERE last_order < '2020-01-01'", "database": "production"},
        "reasoning": "Customers of long ago are no longer needed.",
        "task": "Tidy up the customer table.",
    },
}


@pytest.fixture(scope="module")
def shop() -> Policy:
    return load_bundle({"policy.yaml": "policy: shop\npacks: [finops, data, infra, ./own.yaml]\n", "own.yaml": OWN})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(f"sqlite:///{tmp_path}/c.db", clock=clock, patience=Patience(300.0, 300.0)) as opened:
        yield opened


def ask(store: ControlStore, by: Policy, **stated: Any) -> Approval:
    """Put a question."""
    wish = asked(stated.pop("agent_id"), stated.pop("action"), **stated)
    answer = decider(store, by).decide(wish, project="shop", by=grant()).answer
    assert answer["decision"] == "ask", answer
    return store.approvals.find(answer["approval_id"], projects=None)


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_a_question_is_told_in_words(name: str, store: ControlStore, clock: Clock, shop: Policy) -> None:
    approval = ask(store, shop, **QUESTIONS[name])
    clock.now += 3
    found = shown_of(store, approval)
    told = f"{found.title}\n\n{found.text}\n\n{found.spoken}\n".replace(approval.approval_id[:12], "98bc5512ab00")
    assert told == (EXPECTED / f"{name}.txt").read_text()


def test_what_was_decided_before_is_told_the_latest_first(store: ControlStore, clock: Clock) -> None:
    by = policy()
    first = ask(store, by, agent_id="a", action="ask", arguments={"n": 1})
    store.approvals.answer(first.approval_id, Said.DENY, approver="person:1", actor="person:1")
    clock.now += 60
    decider(store, by).decide(asked("a", "block"), project="shop", by=grant())
    decider(store, by).decide(asked("other", "block"), project="shop", by=grant())
    clock.now += 3600
    text = shown_of(store, ask(store, by, agent_id="a", action="ask", arguments={"n": 2})).text
    past = re.search(r"BEFORE(.*)\n +(.*)\nANSWER", text)
    assert past is not None, text
    assert past[1].split() == ["2027-01-15", "08:01", "blocked", '"block"', "(tests-block)"]
    assert past[2].split() == ["2027-01-15", "08:00", "denied", '"ask"', "(tests-ask)"]
    assert "known for 61 minutes: 0 allowed, 2 asked, 1 blocked; 2 of 3 refusals" in text


def test_of_an_agent_that_is_forgotten_the_question_is_shown(store: ControlStore) -> None:
    gone = ask(store, policy(), agent_id="a", action="ask")
    with store.changes.database.changing() as connection:
        connection.exec_driver_sql("DELETE FROM agents")
    assert "AGENT    | a\n" in shown_of(store, gone).text


def test_what_was_seen_is_redacted_and_bounded(store: ControlStore) -> None:
    token = "ghp_" + "Zq8Lw2Xc9Vb4Nm1Kj7Hg5Fd3Sa6Po0Iu2YtR"
    seen = [Excerpt(Source.PAGE, f"https://x.example/?t={token}", f"take {token}")]
    request = ask(store, policy(), agent_id="a", action="ask", seen=seen, task=f"use {token}").request
    assert token not in str(request)
    assert request["seen"][0]["excerpt"].startswith("take ‹secret:")
    with pytest.raises(AskedError, match="seen: people are shown up to 3 texts"):
        asked("a", "ask", seen=seen * 4)


def test_of_events_it_is_what_was_shown_and_brought(store: ControlStore) -> None:
    events = [
        {"event": "observation", "source": "tool_definition", "origin": "x", "text": "{}"},
        {"event": "message", "author": "model", "text": "no"},
        {"event": "observation", "source": "page", "origin": "https://x.example", "text": "a page"},
        {"event": "outcome", "action_id": "0.0", "result": "a result"},
        {"event": "outcome", "action_id": "0.0", "refused": True},
    ]
    request = ask(store, policy(), agent_id="a", action="ask", events=events).request
    assert [one["excerpt"] for one in request["seen"]] == ["a result", "a page"]
    own = ask(store, policy(), agent_id="a", action="ask_two", events=events, seen=[Excerpt(Source.PAGE, "o", "own")])
    assert [one["excerpt"] for one in own.request["seen"]] == ["own"]
