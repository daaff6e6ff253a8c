"""A back-test for reading: what is said, and that hostile text in it stays text."""

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from fixtures.agent_runs import opens, policy, rule, run, sends
from sentric_analyzer.backtest import Comparison, backtest_document
from sentric_analyzer.console import render_backtest, render_backtest_html
from sentric_analyzer.console.backtest import read_backtest
from sentric_analyzer.console.backtest_terminal import in_lines

HOSTILE = "<script>alert(1)</script> [bold]x[/bold] \x1b[2J\x1b]0;owned\x07 \u202e\u200b\u200b"
TODAY = policy(rule("mails", 'action.kind == "message"', evidence=("action.arguments", "action.tool")))
TRIED = policy(
    rule("mails", 'action.kind == "message"', decision="block", severity="high", evidence=("action.tool",)),
    rule("opens", 'action.kind == "navigate"', decision="warn"),
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    compared = Comparison(TODAY, TRIED)
    compared.add(run(sends(f"a@example.com {HOSTILE}"), opens("https://example.com"), agent=HOSTILE, task=HOSTILE))
    compared.add(run(("other", {}, ""), run_id="quiet", agent=""))
    return backtest_document(compared, (f"today {HOSTILE}", "tried.yaml"), [f"a file {HOSTILE}"])


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_headline_says_how_many_actions_are_decided_otherwise(document: dict[str, Any]) -> None:
    backtest = read_backtest(document)

    assert backtest.headline == "2 of 3 actions would be decided otherwise: 2 stricter"
    assert backtest.scope == "2 runs of 2 agents, 3 actions, 2026-11-19"
    assert [(row.name, row.before, row.after) for row in backtest.decisions] == [
        ("allow", 2, 1),
        ("warn", 0, 1),
        ("ask", 1, 0),
        ("block", 0, 1),
    ]
    assert [row.difference for row in backtest.decisions] == ["-1", "+1", "-1", "+1"]


def test_where_nothing_changes_it_says_so() -> None:
    compared = Comparison(TODAY, TODAY)
    compared.add(run(sends("a@example.com")))

    assert read_backtest(backtest_document(compared, ("a", "b"))).headline == (
        "All 1 action would be decided as they are today"
    )


def test_rules_and_agents_are_compared_with_the_runs_they_would_hold_up(document: dict[str, Any]) -> None:
    backtest = read_backtest(document)

    mails, opened = backtest.rules
    assert (mails.rule_id, mails.severity, mails.changed, mails.examples) == ("mails", "high", 1, (1,))
    assert [(one.name, one.before, one.after) for one in mails.counts] == [
        ("warn", 0, 0),
        ("ask", 1, 0),
        ("block", 0, 1),
        ("runs", 1, 1),
    ]
    assert [(one.before, one.after) for one in opened.counts] == [(0, 1), (0, 0), (0, 0), (0, 0)]
    assert [(row.agent[:8], row.runs, row.changed) for row in backtest.agents] == [
        ("<script>", 1, 2),
        ("(without", 1, 0),
    ]


def test_an_example_shows_its_arguments_once(document: dict[str, Any]) -> None:
    example = read_backtest(document).examples[0]

    assert example.heading == "step 1: send_email"
    assert example.content.startswith('{"to": "a@example.com')
    assert [fact.name for fact in example.sides[0].matches[0].evidence] == ["action.tool"]
    assert [side.decision for side in example.sides] == ["ask", "block"]


def test_nothing_in_the_page_is_markup_or_fetched(document: dict[str, Any]) -> None:
    text = render_backtest_html(document)
    page = Page(text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)

    assert style is not None
    digest = base64.b64encode(sha256(style[1].encode()).digest()).decode()
    policies = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "\x1b" not in text
    assert "\u202e" not in text
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "onclick"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in style[1]


def test_every_link_of_the_page_leads_to_an_example(document: dict[str, Any]) -> None:
    page = Page(render_backtest_html(document))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = {(attributes["href"] or "")[1:] for tag, attributes in page.tags if tag == "a"}

    assert links == {"example-1", "example-2"}
    assert links <= set(names)
    assert len(names) == len(set(names))


def test_the_page_says_what_was_decided_before_and_after_and_what_was_not_read(document: dict[str, Any]) -> None:
    text = Page(render_backtest_html(document)).text

    for said in ("Today: ask", "Tried: block", "what follows a refusal would not have happened", "a file <script>"):
        assert said in " ".join(text.split())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_of_any_width_shows_rules_agents_and_changes(document: dict[str, Any], width: int) -> None:
    text = printed(document, width)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert all(len(line) <= width for line in text.splitlines())
    if width >= 80:
        for said in ("2 of 3 actions would be decided otherwise", "mails", "ask → block  step 1: send_email"):
            assert said in text


def printed(document: dict[str, Any], width: int, *, is_terminal: bool = True) -> str:
    out = StringIO()
    render_backtest(document, Console(file=out, width=width, force_terminal=is_terminal, color_system=None))
    return out.getvalue()


LONG = "hesitation-before-irreversible-actions-of-agents"


@pytest.fixture(scope="module")
def many() -> dict[str, Any]:
    """A back-test with a long rule id and wide numbers."""
    compared = Comparison(policy(rule(LONG)), policy(rule(LONG, decision="block")))
    for number in range(12):
        compared.add(run(*[opens("https://example.com")] * 100, run_id=str(number)))
    return backtest_document(compared, ("today", "tried"))


def test_the_id_of_a_rule_is_broken_after_hyphens_only(many: dict[str, Any]) -> None:
    lines = printed(many, 80).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("hesitation"))
    pieces = [line.split()[0] for line in lines[start : start + 4]]

    assert "".join(pieces).startswith(LONG)
    assert set(LONG.split("-")) <= {word for piece in pieces for word in piece.split("-")}
    assert LONG not in lines[start]


def test_nothing_is_wrapped_where_there_is_no_terminal(many: dict[str, Any]) -> None:
    lines = printed(many, 40, is_terminal=False).splitlines()
    (row,) = [line for line in lines if line.startswith(LONG)]

    assert row.split()[1:] == ["·", "1,200", "→", "0", "0", "→", "1,200", "12", "1,200"]


@pytest.mark.parametrize("name", ["", "-", "a", "--x-", "a-b" * 30, "ab" * 50, "ü-茶-" * 9])
def test_a_name_in_lines_is_the_same_name(name: str) -> None:
    lines = in_lines(name, 10).split("\n")

    assert "".join(lines) == name
    assert all(len(line) <= 10 or "-" not in line[:-1].rstrip("-") for line in lines)
