"""The Markdown report: hostile text stays within code."""

import re
from typing import Any

import pytest

from sentric_analyzer.console import render_markdown
from sentric_analyzer.console.markdown import code, fence


@pytest.mark.parametrize("text", ["plain", "`", "``a`b```", "two\nlines", "| pipe", "<b>", "   "])
def test_nothing_leaves_a_code_span(text: str) -> None:
    span = code(text)
    ticks = re.match("`*", span)
    assert ticks is not None
    inside = span[len(ticks[0]) : len(span) - len(ticks[0])]
    assert ticks[0] not in re.findall("`+", inside)
    assert "\n" not in span


def test_nothing_closes_a_fence() -> None:
    first, *lines, last = fence("a\n```\n````\nb").split("\n")

    assert first == "`````text"
    assert last == "`````"
    assert last not in lines


def test_hostile_text_is_only_ever_in_code(document: dict[str, Any]) -> None:
    text = render_markdown(document)
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
    outside = re.sub(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)

    assert "everyone" in text
    for hostile in ("<script>", "@everyone", "evil.example", "\x1b"):
        assert hostile not in outside


def test_it_has_every_section(document: dict[str, Any]) -> None:
    text = render_markdown(document)

    for heading in ("# `shopper run 0af7651916cd`", "## Coverage", "## Findings", "## Timeline"):
        assert f"\n{heading}\n" in f"\n{text}"
    assert "| 1 | 2 | 1 | 1 | 260, over the budget of 100 |" in text
    assert "### High: Credential typed into a page without HTTPS × 2" in text
    assert "- **Gap:** The end of the run was not seen." in text
    assert "Loosened settings: `allow_loopback`" in text


def test_no_finding_is_never_called_safe(quiet_document: dict[str, Any]) -> None:
    assert "not the same as safe" in render_markdown(quiet_document)


def test_what_was_refused_is_said_not_to_have_been_done(document: dict[str, Any]) -> None:
    outcome = next(event for event in document["timeline"] if event["event"] == "outcome")
    outcome["refused"] = True
    assert "error: `refused: it was not done`" in render_markdown(document)
