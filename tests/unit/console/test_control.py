"""Approvals, agents, decisions and incidents in a terminal: what somebody must know, and nothing that acts on them."""

import io
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from sentric_analyzer.console.approvals import render_approval, render_approvals
from sentric_analyzer.console.control import render_agent, render_agents, render_decisions, render_incidents
from sentric_analyzer.console.lines import block, moment, time_left, when

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
HOSTILE = "[bold]x[/bold] \x1b[2J\x1b]0;owned\x07 \u202eevil\u202c \u200b\u200b\nrisk            0\r\x9b31m"
RULE = {
    "id": "payment-unapproved",
    "title": "Payment without an approval",
    "severity": "high",
    "decision": "ask",
    "risk": 40,
    "evidence": {"signals.amount": "900"},
}
APPROVAL: dict[str, Any] = {
    "approval_id": "3da49030255bcaa46413f176793a23c6",
    "project": "shop",
    "agent_id": "bot-1",
    "state": "pending",
    "used": False,
    "tier": "high",
    "needed": 2,
    "approvals_so_far": 1,
    "requester": "key:43a6233c6643",
    "created": "2026-11-01T11:58:00Z",
    "expires": "2026-11-01T12:04:30Z",
    "request": {
        "tool": "pay",
        "server": "bank",
        "kind": "payment",
        "effects": ["pay", "send"],
        "arguments": {"to": "ACME", "amount": 900, "lines": ["a", {"b": 1}]},
        "url": "https://bank.example/pay",
        "element": {"name": "Pay now"},
        "reasoning": "The invoice is due.",
        "task": "Pay what is due.",
        "seen": [{"source": "tool_result", "origin": "read_mail", "excerpt": "Invoice 7 is due"}],
        "score": {"risk": 72, "decision": "ask", "explanation": "The account is new.", "model": "some-model"},
        "asserted": {"ticket": "T-1"},
        "agent_name": "payer",
        "run_id": "r1",
        "rules": [RULE, {**RULE, "title": "Broken", "error": "no such name"}],
        "risk": 40,
    },
    "attempts": [
        {
            "step": 0,
            "channel": "duty-phone",
            "person": "ab",
            "state": "failed",
            "created": "2026-11-01T11:58:00Z",
            "sent": None,
            "ended": "2026-11-01T11:58:30Z",
            "detail": "busy",
        }
    ],
    "answers": [
        {"approver": "person:ab", "answer": "approve", "note": "ok", "channel": "cli", "time": "2026-11-01T11:59:00Z"}
    ],
}
AGENT: dict[str, Any] = {
    "project": "shop",
    "agent_id": "bot-1",
    "name": "payer",
    "state": "shut_down",
    "risk": 70,
    "risk_budget": 100,
    "strikes": 3,
    "strikes_to_shut_down": 3,
    "decisions": {"allow": 5, "warn": 1, "ask": 2, "block": 3},
    "first_seen": "2026-11-01T11:00:00Z",
    "last_seen": "2026-11-01T11:59:00Z",
    "reset": "2026-11-01T10:00:00Z",
    "stops": [
        {"by": "name", "target": "payer", "reason": "odd", "actor": "person:ab", "since": "2026-11-01T11:30:00Z"}
    ],
    "refusals": [
        {"decision_id": "d" * 32, "time": "2026-11-01T11:10:00Z", "action": "shell", "reasons": ["Runs a program"]}
    ],
}
DECISION: dict[str, Any] = {
    "request": {"tool": "shell"},
    "answer": {
        "decision_id": "e" * 32,
        "time": "2026-11-01T11:10:00Z",
        "decision": "block",
        "agent_id": "bot-1",
        "action": "shell",
        "reasons": ["Runs a program", "Twice"],
        "risk": 90,
        "cumulative_risk": 10,
    },
}
INCIDENT: dict[str, Any] = {
    "incident_id": "f" * 32,
    "project": "shop",
    "kind": "agent_stopped",
    "agent_id": "",
    "opened": "2026-11-01T11:30:00Z",
    "closed": None,
    "closed_by": "",
    "summary": "stopped by an operator: odd",
    "detail": {"name": "payer"},
}


def printed(render: Callable[[Console], None], width: int = 120) -> str:
    output = io.StringIO()
    render(Console(file=output, width=width, color_system=None))
    return output.getvalue()


def approval_of(document: dict[str, Any], width: int = 120) -> str:
    return printed(lambda console: render_approval(document, console, NOW), width)


def all_of(change: Callable[[dict[str, Any]], Any], width: int) -> str:
    """Everything, from documents that were changed."""
    lists: list[tuple[Callable[[Sequence[Any], Console], None], dict[str, Any]]] = [
        (render_agents, AGENT), (render_decisions, DECISION), (render_incidents, INCIDENT)
    ]  # fmt: skip
    parts = [printed(lambda console, r=render, d=one: r([change(d)], console), width) for render, one in lists]
    parts.append(printed(lambda console: render_agent(change(AGENT), console), width))
    parts.append(printed(lambda console: render_approvals([change(APPROVAL)], console, NOW), width))
    parts.append(approval_of(change({**APPROVAL, "agent": AGENT}), width))
    return "".join(parts)


def with_texts(value: Any, text: str) -> Any:
    """The same document with every text replaced."""
    match value:
        case str():
            return text
        case dict():
            return {name: with_texts(item, text) for name, item in value.items()}
        case list():
            return [with_texts(item, text) for item in value]
        case _:
            return value


def test_a_models_score_is_shown_as_an_opinion() -> None:
    score: dict[str, Any] = {"risk": 72, "decision": "ask", "explanation": "Odd.\nrule  fine", "model": "m-1"}
    request = {"tool": "pay", "score": score}
    shown = approval_of({**APPROVAL, "request": request})
    assert "72 of 100, in the opinion of the model m-1:" in shown
    assert not any(line.startswith("rule") for line in shown.splitlines()), "its words do not look like ours"
    score.update(risk=0, explanation="the model m-1 answered with status 500", model="")
    shown = approval_of({**APPROVAL, "request": request})
    assert "none, so that a person is asked: the model m-1 answered" in shown


def test_an_approval_says_what_where_why_with_which_risk_and_who_must_answer() -> None:
    text = approval_of({**APPROVAL, "agent": AGENT})
    for line in (
        "approval   3da49030255bcaa46413f176793a23c6  pending",
        "time left  4 min 30 s: without an answer it is denied",
        "action     pay of bank  (payment, pay, send)",
        "where      https://bank.example/pay",
        "element    name Pay now",
        'lines  ["a", {"b": 1}]',
        "The invoice is due.",
        "Pay what is due.",
        "ticket T-1",
        "score      72 of 100, in the opinion of the model some-model:",
        "The account is new.",
        "seen before  tool result read_mail",
        "Invoice 7 is due",
        "Payment without an approval  payment-unapproved, policy says ask, risk 40",
        "signals.amount 900",
        "could not be evaluated and counts as matched: no such name",
        "40: with it the agent has 110 of 100, over the budget: it will be blocked all the same",
        "bot-1 (payer) of project shop, run r1",
        "asked by   key:43a6233c6643 on 2026-11-01 11:58 UTC",
        "2 different people, other than who asked (high); 1 approval so far",
        "person:ab through duty-phone failed 2026-11-01 11:58 UTC: busy",
        "approved by person:ab (cli) 2026-11-01 11:59 UTC: ok",
    ):
        assert re.search(re.escape(line).replace(r"\ ", " +"), text), line


def test_an_approval_without_a_reason_or_an_agent_says_so() -> None:
    request = {**APPROVAL["request"], "reasoning": " "}
    text = approval_of({**APPROVAL, "request": request, "state": "expired", "needed": 1})
    assert "the agent gives no reason" in text
    assert "40 is added to the agent's when it is done" in text
    assert "one person, other than who asked" in text
    assert "time left" not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_hostile_text_acts_on_nothing_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = all_of(lambda document: with_texts(document, HOSTILE), width)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text)
    assert max(map(len, text.splitlines())) <= width
    assert "[bold]" in text.replace("\n", "")


def test_no_line_of_what_an_agent_wrote_begins_where_sentrics_own_words_do() -> None:
    request = {**APPROVAL["request"], "reasoning": f"{HOSTILE}\nrisk  0", "arguments": {"a\nrisk 0": "x\nrisk      0"}}
    lines = approval_of({**APPROVAL, "request": request}).splitlines()
    assert [line for line in lines if line.startswith("risk")] == [
        line for line in lines if "40 is added to the agent's" in line
    ]


def test_long_texts_are_cut_and_what_is_left_out_is_told() -> None:
    request = {**APPROVAL["request"], "arguments": {"script": "\n" * 500 + "x" * 5000, "many": "line\n" * 100}}
    text = approval_of({**APPROVAL, "request": request})
    assert "(3,500 more characters)" in text
    assert "more lines)" in text
    assert len(text.splitlines()) < 120


def test_who_is_asked_sees_that_a_guard_has_judged() -> None:
    claimed = {**APPROVAL, "request": APPROVAL["request"] | {"judged_by": "guard"}}
    assert re.search("judged by +its own guard", approval_of(claimed))
    assert "judged by" not in approval_of(APPROVAL)


@pytest.mark.parametrize("broken", [{}, {"request": 1, "answers": "x", "expires": 7, "stops": [1], "decisions": []}])
def test_what_is_missing_or_of_another_kind_is_left_out(broken: dict[str, Any]) -> None:
    assert all_of(lambda document: broken, 80)


def test_agents_decisions_and_incidents_are_listed() -> None:
    text = printed(lambda console: render_agents([AGENT, {**AGENT, "project": "bank"}], console), 160)
    assert re.search(r"shop / bot-1 +payer +shut down +▰{7}▱{3} 70/100 +3 of 3 +2026-11-01 11:59", text)
    assert "bank / bot-1" in text
    text = printed(lambda console: render_decisions([DECISION], console), 160)
    assert re.search(r"11:10 +block +bot-1 +shell +Runs a program, Twice +90 → 10 +e{12}$", text, re.MULTILINE)
    alone = {"answer": DECISION["answer"] | {"settled": "refused", "happened": "2026-11-01T10:05:00Z"}}
    text = printed(lambda console: render_decisions([alone], console), 160)
    assert re.search(r"10:05 +block, refused +bot-1", text)
    closed = {**INCIDENT, "closed": "2026-11-01T11:40:00Z", "agent_id": "bot-1"}
    text = printed(lambda console: render_incidents([INCIDENT, closed], console), 160)
    assert re.search(r"open +agent_stopped +all named payer +stopped by an operator: odd", text)
    assert re.search(r"closed +agent_stopped +bot-1 ", text)


def test_an_agent_is_shown_with_what_led_to_its_end() -> None:
    text = printed(lambda console: render_agent(AGENT, console))
    for line in (
        "strikes    3; 3 shut it down",
        "decisions  5 allow, 1 warn, 2 ask, 3 block",
        "stopped    by its name, by person:ab on 2026-11-01 11:30 UTC: odd",
        "1 refusal since it was made or reset:",
        "2026-11-01 11:10  shell   Runs a program  dddddddddddd",
    ):
        assert line in text
    quiet = {**AGENT, "state": "active", "stops": [], "refusals": [], "reset": None, "risk_budget": 0}
    assert "No refusal counts against it." in printed(lambda console: render_agent(quiet, console))


def test_times_are_told_in_words() -> None:
    at = {"2026-11-01T12:00:09Z": "9 s", "2026-11-01T14:02:00+00:00": "2 h 2 min", "2026-11-01T11:00:00Z": "none"}
    assert {text: time_left(text, NOW) for text in at} == at
    assert (time_left("soon", NOW), when(None), moment("2026-13-01"), moment(7)) == ("", "", None, None)
    assert when("2026-11-01T12:00:00") == "2026-11-01 12:00"
    assert block("a\n\n\n\n\nb\tc").plain == "a\n\nb   c"
