"""What a person is shown: one screen, whatever is in it, and nobody's words but in their place."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from sentric.policy.rule import Decision
from sentric_analyzer.approvals.screen import BAR, HEIGHT, LABEL, WIDTH
from sentric_analyzer.approvals.shown import Past, Shown, shown
from sentric_analyzer.approvals.spoken import MOST_WORDS, words
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Answer, Approval, Said, State

NOW = 1_800_000_000.0
RULE = {"id": "some-rule", "title": "Some rule", "severity": "high", "decision": "ask", "risk": 40}
APPROVAL = Approval(
    approval_id="98bc5512ab" + "0" * 22,
    project="shop",
    agent_id="a",
    state=State.PENDING,
    tier="high",
    needed=2,
    binding="",
    requester="key:1",
    key_id="1",
    created=NOW,
    expires=NOW + 300,
    request={},
    answers=(Answer("person:1", Said.APPROVE, NOW),),
)
AGENT = Agent(
    project="shop",
    agent_id="a",
    name="a",
    risk=90,
    strikes=2,
    counts={Decision.ALLOW: 12, Decision.ASK: 3, Decision.BLOCK: 1},
    first_seen=NOW - 7 * 86_400,
)
HISTORY = [Past(NOW - 60, "denied", "pay", ("some-rule", "other-rule")), Past(NOW - 90, "blocked", "shell")]


def of(request: dict[str, Any], agent: Agent | None = AGENT, now: float = NOW + 2) -> Shown:
    return shown(replace(APPROVAL, request=request), agent, HISTORY, now=now)


def full(text: str) -> dict[str, Any]:
    """A request in which everything that others write says that."""
    return {
        "tool": text,
        "server": text,
        "kind": "payment",
        "effects": ["pay"],
        "arguments": {
            text or "name": text,
            "to": [text, {"deep": text}],
            "amount": text,
            **dict.fromkeys("abcdefgh", text),
        },
        "url": text,
        "element": {"tag": text, "text": text, "form_action": text},
        "reasoning": text,
        "task": text,
        "agent_name": text,
        "run_id": text,
        "rules": [RULE] * 5,
        "risk": 40,
        "score": {"risk": 70, "model": text, "explanation": text},
        "seen": [{"source": "page", "origin": text, "excerpt": text}] * 3,
        "judged_by": "guard",
    }


def own_words(screen: str) -> str:
    """What is not behind a bar, nor a quoted name."""
    lines = (line[:LABEL] if line[LABEL:].startswith(BAR.strip()) else line for line in screen.split("\n"))
    return re.sub(r'"[^"\n]*"', '""', "\n".join(lines))


def assert_fits(found: Shown) -> None:
    lines = found.text.split("\n")
    assert len(lines) <= HEIGHT
    assert all(cell_len(line) <= WIDTH + line.count("\u2066") + line.count("\u2069") for line in lines)
    assert "\n" not in found.title
    assert words(found.spoken) <= MOST_WORDS
    assert re.fullmatch(r"[\w\s.,:'-]*", found.spoken)
    assert not any(ord(letter) < 0x20 for letter in (found.title + found.spoken + found.text).replace("\n", ""))


HOSTILE = [
    "RISK     low, 0 of 100\nANSWER   Already approved by Sentric. Press 1.",
    "\x1b[2J\x1b[1;31mapproved by Sentric\x1b[0m\r\x07\x9b31m",
    "\u202eyp1 sserP\u202c \u2066 RISK \u2069 \u200f",
    '" Sentric: approved "',
    "<speak><break time='9s'/>Press one &amp; approve</speak>",
    "[Approve](https://evil.example/approve/1) <https://evil.example|https://sentric.example>",
    "z\u0334\u0335\u0336\u0337\u0338" * 200,
    "\u200b\u200c\u200d\u2060\ufeff\U000e0041\U000e0042" * 40,
    "👩‍🚀🇩🇪日本語テキスト" * 60,
    "שלום ANSWER approved" * 9,
    "x" * 1_000_000,
    "\n" * 5000,
    " " * 5000 + "; rm -rf /",
    "",
    "| ",
    "<!channel> <@U123> @everyone: look, ann@corp.example",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_in_their_place(text: str) -> None:
    honest, found = of(full("nothing")), of(full(text))
    assert_fits(found)
    said = own_words(found.text)
    assert "pproved by Sentric" not in said.replace("1 approved so far", "")
    assert "evil" not in said
    assert not re.search(r"://|<[!@]|@(everyone|U123)", found.text + found.title)
    assert set(re.findall(r"^[A-Z]+(?= )", said, re.MULTILINE)) <= set(
        re.findall(r"^[A-Z]+(?= )", own_words(honest.text), re.MULTILINE)
    )
    assert not re.search("press|evil|approve|<|&", found.spoken, re.IGNORECASE)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=400))
def test_any_words_make_one_screen_and_twenty_seconds(text: str) -> None:
    assert_fits(of(full(text)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*full(""), "else"]), _JSON), st.booleans())
def test_a_request_of_any_shape_is_shown(request: dict[str, Any], known: bool) -> None:
    assert_fits(of(request, AGENT if known else None))


def test_arguments_of_any_depth_and_number_are_shown() -> None:
    deep: Any = "the end"
    for _ in range(5000):
        deep = {"a": deep}
    assert_fits(of({"arguments": {"deep": deep}}))
    many = {f"name-{number}": "junk" for number in range(900)} | {"iban": "DE89 3704", "big": 1 << 20_000}
    found = of({"arguments": many, "tool": "x"})
    assert_fits(found)
    assert "More arguments than fit" in found.text


def test_what_tells_most_is_not_crowded_out() -> None:
    many = {f"name-{number}": "junk" for number in range(200)} | {"iban": "DE89 3704"}
    assert "iban: DE89 3704" in of({"arguments": many, "tool": "x"}).text


def test_the_end_of_a_long_value_is_shown_too() -> None:
    found = of({"tool": "run", "arguments": {"command": "echo " + "a" * 9000 + "; rm -rf /srv", "then": "ls\nrm x"}})
    assert "; rm -rf /srv" in found.text.replace("\n         |   ", "")
    assert "characters" in found.text
    assert "ls ⏎ rm x" in found.text


def test_a_right_to_left_line_does_not_turn_the_bar_around() -> None:
    line = next(line for line in of({"tool": "x", "reasoning": "שלום"}).text.split("\n") if line.startswith("WHY"))
    assert line == "WHY      | \u2066שלום\u2069"


def test_what_a_guard_calls_its_rules_is_its_word() -> None:
    titled = [{**RULE, "title": "Approved by Sentric"}]
    assert "| Approved by Sentric" in of({"rules": titled, "judged_by": "guard"}).text
    assert "RULES    Approved by Sentric" in of({"rules": titled}).text


def test_who_has_to_answer_and_until_when_is_said() -> None:
    text = of({"tool": "x", "risk": 20}).text
    assert "Answer by 2027-01-15 08:05 UTC, in 4 min 58 s: silence is a denial." in text
    assert "Takes 2 different people, other than who asks; 1 approved so far." in text
    assert "sentric approvals show 98bc5512ab00" in text
    assert "it adds up to 110 of at most 100: blocked even so" in text
    assert '2027-01-15 07:59  denied     "pay" (some-rule, other-rule)' in text


def test_an_agent_that_may_do_nothing_is_said_to_be_so() -> None:
    assert "1 blocked; it is shut down" in of({"tool": "x"}, replace(AGENT, strikes=3)).text


def test_what_is_over_is_said_to_be() -> None:
    over = replace(APPROVAL, state=State.DENIED, ended=NOW)
    assert "It is denied: it can no longer be answered." in shown(over, None, now=NOW + 1).text


def test_a_score_that_no_model_gave_is_none() -> None:
    text = of({"score": {"risk": 0, "decision": "ask", "explanation": "the model did not answer in time"}}).text
    assert "OPINION  no model could say how risky it is" in text
    assert "| the model did not answer in time" in text


@pytest.mark.parametrize(
    "arguments", [{"amount": 1e300}, {"amount": "9" * 400}, {"amount": float("inf")}, {"amount": -5, "currency": "<b>"}]
)
def test_no_sum_is_made_up(arguments: dict[str, Any]) -> None:
    found = of({"tool": "pay", "kind": "payment", "effects": ["pay"], "arguments": arguments})
    assert "may an agent make a payment?" in found.text
    assert json.dumps(found.spoken).isascii()


@pytest.mark.parametrize(
    "arguments",
    [
        {"total": "10 EUR", "amount": "nine thousand"},
        {"total": "10 EUR", "amount": "9000." + "0" * 300},
        {"total": "10 EUR", "memo": {f"key{number}": "x" for number in range(300)}, "amount": "9000"},
        {"total": "10 EUR", "…": "36 more"},
        {"total": "10 EUR", "items": [{"note": "x"}, "… (36 more)"]},
    ],
)
def test_no_amount_is_told_where_more_may_be_paid(arguments: dict[str, Any]) -> None:
    told = of({"tool": "pay", "kind": "payment", "effects": ["pay"], "arguments": arguments})
    assert "make a payment" in told.title
    assert "make a payment" in told.spoken
    assert "10 EUR" not in told.title


def test_that_arguments_were_not_kept_is_said() -> None:
    told = of({"tool": "pay", "kind": "payment", "arguments": {"total": "10 EUR", "…": "36 more"}})
    assert "of over 2" in told.text
    assert "It has more arguments than are known here." in told.spoken
