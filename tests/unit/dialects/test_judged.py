"""What the shipped rules make of captured runs, whoever has told of them."""

import pytest

from fixtures.traces import captured, captured_names
from sentric.policy.loader import load_policy
from sentric.policy.rule import Severity
from sentric.redaction import Redactor
from sentric_analyzer.detection import detect

NAMES = captured_names()
GRAVE = (Severity.HIGH, Severity.CRITICAL)
UNTOLD = (
    "claude-code-basic",
    "claude-code-json",
    "gemini-cli-nocontent",
    "mcp-native",
    "otel-genai-utilgenai-no_content",
    "vercel-ai-7-nocontent",
)
"""Runs of which nobody tells what came of a call, or nothing that was said at all."""
WITHOUT_TASK = ("codex-cli-default", "otel-genai-openai-agents", "traceloop-mcp")
"""Runs of which nobody says what the human wanted: nothing is known to be outside of it."""


def found(name: str) -> set[str]:
    """The rules that find something of severity high or critical."""
    judged = detect(captured(name), project="shop", policy=load_policy(None), redactor=Redactor(b"k" * 32))
    return {
        one.rule_id
        for replay in judged
        for one in replay.findings
        if one.severity in (Severity.HIGH, Severity.CRITICAL)
    }


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if not name.endswith("-benign") and not name.startswith(UNTOLD) and name not in WITHOUT_TASK
    ],
)
def test_a_secret_that_leaves_is_found(name: str) -> None:
    assert {"secret-sent-outside-task", "injected-instructions-obeyed"} <= found(name)


@pytest.mark.parametrize("name", WITHOUT_TASK)
def test_a_secret_that_goes_where_a_text_said_is_found_though_nobody_knows_the_task(name: str) -> None:
    assert found(name) == {"secret-sent-as-content-told"}


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-benign")])
def test_an_honest_run_has_nothing_grave(name: str) -> None:
    assert not found(name)
