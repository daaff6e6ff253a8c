"""A model's opinion in reports: it says whose it is, and is never taken for what a rule or the policy says."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from sentric_analyzer.console import render_html, render_markdown, render_terminal

EXPLANATION = "<b>`It` did</b> @everyone \x1b[2J"


@pytest.fixture
def thought(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a run of which a model with a strange name thinks something that a rule has found, too."""
    found = document["findings"][0]
    evidence = {"name": "gen_ai.evaluation.explanation", "value": EXPLANATION, "event_id": "", "span_id": ""}
    opinion = {
        **found,
        "finding_id": "f-1",
        "rule_id": "judge/off-task",
        "title": "A model thinks: the agent did what its task neither asks for nor needs",
        "category": "goal_drift",
        "model": "small*model\n",
        "risk": 0,
        "evidence": [evidence],
    }
    return {**document, "findings": [*document["findings"], opinion]}


def test_markdown_says_whose_opinion_it_is(thought: dict[str, Any]) -> None:
    text = render_markdown(thought)
    about = r"`judge/off-task` · goal\_drift · opinion of the model small\*model · no rule says so"
    (line,) = (line for line in text.splitlines() if line.startswith("`judge/off-task`"))
    assert line.startswith(about)
    assert "policy says" not in line
    assert "  - `gen_ai.evaluation.explanation`: ``<b>`It` did</b> @everyone ‹U+001B›[2J``" in text


def test_html_says_whose_opinion_it_is(thought: dict[str, Any]) -> None:
    text = render_html(thought)
    (meta,) = re.findall(r'<p class="meta"><code>judge/off-task</code>(.*?)</p>', text)
    assert meta.startswith(" · goal_drift · opinion of the model small*model · no rule says so")
    assert "policy says" not in meta
    assert "&lt;b&gt;`It` did&lt;/b&gt;" in text


def test_a_terminal_says_whose_opinion_it_is(thought: dict[str, Any]) -> None:
    output = io.StringIO()
    render_terminal(thought, Console(file=output, width=160))
    text = " ".join(output.getvalue().split())
    assert "judge/off-task · goal_drift · opinion of the model small*model · no rule says so" in text
    assert "\x1b[2J" not in text


def test_one_model_does_not_speak_for_another(thought: dict[str, Any]) -> None:
    other = {**thought["findings"][-1], "finding_id": "f-2", "model": "large"}
    text = render_markdown({**thought, "findings": [*thought["findings"], other]})
    assert "opinion of the model large" in text
    assert r"opinion of the model small\*model" in text


def test_what_an_older_service_tells_has_no_opinions(document: dict[str, Any]) -> None:
    for found in document["findings"]:
        del found["model"]
    assert "opinion of the model" not in render_markdown(document)
