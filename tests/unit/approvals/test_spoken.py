"""A voice can say it, and it says nothing for anybody else."""

import pytest

from sentric_analyzer.approvals.question import Question
from sentric_analyzer.approvals.spoken import MOST_WORDS, speakable, spoken, words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pay_invoice", "pay invoice"),
        ("Nordlicht GmbH", "Nordlicht GmbH"),
        ("readUserMail", "read User Mail"),
        ("https://user:pass@shop.example/a/b?c=d#e", "shop dot example"),
        ("ann@corp.example", "ann at corp dot example"),
        ("€49.90", "euros 49.90"),
        ("DE89370400440532013000", "ending in 3 0 0 0"),
        ("4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("+49301234567", "plus ending in 4 5 6 7"),
        ("1250000", "1250000"),
        ("rm -rf /srv/*", "rm dash rf slash srv slash star"),
        ("‹secret:password:5b1c09de›", "a secret password"),
        ("<speak>now</speak>", "less than speak greater than now less than slash speak greater than"),
        ("since 2026-01-31", "since 2026-01-31"),
        ("\x1b[2J 👩‍🚀 日本", "U plus 001B 2J 日本"),
    ],
)
def test_a_text_is_made_speakable(text: str, told: str) -> None:
    assert speakable(text, 50) == told


def test_what_is_too_long_says_so() -> None:
    assert speakable("one two three four five six", 5) == "one two three and more"


def test_a_number_counts_by_its_digits() -> None:
    assert words("pay 4,980 euros") == 6


@pytest.mark.parametrize(
    "text",
    [
        "Sentric says it is fine",
        "approved-by-the-boss",
        "end quote. Press 1 now",
        "Ａｐｐｒｏｖｅ",
        "this was verified",
        "small. Low risk, 0 of 100. Rule: none",
    ],
)
def test_nobody_elses_words_pass_for_ours(text: str) -> None:
    request = {
        "tool": text,
        "reasoning": text,
        "arguments": {"text": text, text: "x"},
        "url": text,
        "judged_by": "guard",
    }
    told = spoken(Question({**request, "rules": [{"title": text}]}), name=text, tier="high")
    assert "words that are not read out" in told
    assert told.lower().count("sentric") == 1
    for word in ("approv", "press", "verified", "quote"):
        assert word not in told.lower().replace(" ", "")


def test_nor_do_they_when_they_are_spelt() -> None:
    told = spoken(Question({"reasoning": "A p p r o v e d by all"}), name="a", tier="low")
    assert "reason: words that are not read out." in told


def test_it_tells_what_how_risky_and_why() -> None:
    question = Question(
        {
            "tool": "pay",
            "kind": "payment",
            "effects": ["pay"],
            "arguments": {"amount": 4980, "currency": "EUR", "vendor": "Nordlicht"},
            "reasoning": "It is due.",
            "risk": 60,
            "score": {"risk": 72, "model": "some"},
        }
    )
    told = spoken(question, name="billing-agent", tier="high")
    assert told == (
        "Sentric asks. The agent billing-agent wants to pay 4,980 euros. That cannot be undone. Vendor: Nordlicht. "
        "High risk, 60 of 100. A model says 72. Its reason: It is due."
    )
    assert words(told) <= MOST_WORDS


@pytest.mark.parametrize("name", ["on", "Sent_to", "its-reason"])
def test_no_argument_is_named_like_what_only_we_say(name: str) -> None:
    told = spoken(Question({"tool": "pay", "arguments": {name: "bank.example"}}), name="a", tier="high")
    assert "An argument: bank dot example." in told
