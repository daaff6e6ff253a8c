"""What captured runs could not be judged by: nothing of those with content, and nothing is clean that nobody saw."""

from collections.abc import Mapping

import pytest

from fixtures.traces import agent, calls, captured, captured_names, chat, read, result, said, tool, user
from sentric.events import Action
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.policy.verdict import NotEvaluated

POLICY = load_policy()
SILENT = ("mcp-native", "otel-genai-utilgenai-no_content", "vercel-ai-7-nocontent")
"""Captures of which neither spans nor log records hold content."""
IN_PART = (
    *("claude-code", "codex-cli-default", "gemini-cli-nocontent"),
    *("agent-framework-v136", "google-adk-events", "otel-genai-", "openai-agents-handoff-", "traceloop-mcp"),
)
"""Captures of which some runs, or some of their steps, have none."""


def unjudged(name: str) -> Mapping[str, NotEvaluated]:
    run, *_ = read(captured(name))
    return {one.rule_id: one for one in replay(POLICY, run).not_evaluated}


@pytest.mark.parametrize("name", SILENT)
def test_without_content_the_steps_are_known_and_rules_about_content_are_not_evaluated(name: str) -> None:
    run, *_ = read(captured(name))
    judged = replay(POLICY, run)
    assert [event.tool for event in run.events if isinstance(event, Action)] == ["read_file", "http_post"]
    assert all(event.uncaptured for event in run.events if isinstance(event, Action))
    found = {one.rule_id: one for one in judged.not_evaluated}
    assert found["secret-sent-outside-task"].needs == ("task", "arguments", "results")
    assert (found["secret-sent-outside-task"].steps, found["secret-sent-outside-task"].of) == (2, 2)
    assert found["injected-instructions-obeyed"].needs == ("task", "arguments", "results", "words")
    assert found["injected-instructions-shown"] == NotEvaluated("injected-instructions-shown", ("results",), 2, 2)
    assert found["unexpected-recipient"].steps == 1  # only the request may have one
    assert not {"action-loop", "permission-change", "telemetry-gap"} & found.keys()
    assert not found.keys() & {finding.rule_id for finding in judged.findings}


@pytest.mark.parametrize("name", [name for name in captured_names() if not name.startswith(SILENT + IN_PART)])
def test_with_content_only_what_was_never_told_is_missing(name: str) -> None:
    assert {need for one in unjudged(name).values() for need in one.needs} <= {"definitions"}


@pytest.mark.parametrize("name", ["otel-genai-openai-agents", "traceloop-mcp"])
def test_where_only_tools_were_told_of_the_task_and_the_words_are_missing(name: str) -> None:
    found = unjudged(name)
    assert {need for one in found.values() for need in one.needs} == {"task", "words", "definitions"}
    assert "token-in-url" not in found


def test_of_a_run_with_some_content_the_steps_without_are_counted() -> None:
    [run] = read(
        [
            agent(given=[user("Read the two notes.")]),
            chat("c", at=1, given=[user("Read the two notes.")], answer=[said(calls("read_file", "1", path="a.txt"))]),
            tool("t1", "read_file", at=2, call_id="1", arguments={"path": "a.txt"}, result="Call Ada."),
            tool("t2", "read_file", at=3),
            chat("d", at=4, given=[result("Call Ada.", "1")], answer=[said("Done: I read both.")]),
        ]
    )
    assert (run.coverage.seen, run.coverage.without_arguments, run.coverage.without_results) == (2, 1, 1)
    found = {one.rule_id: one for one in replay(POLICY, run).not_evaluated}
    assert found["injected-instructions-shown"] == NotEvaluated("injected-instructions-shown", ("results",), 1, 2)
    assert found["secret-file-read"] == NotEvaluated("secret-file-read", ("arguments",), 1, 2)
    assert "hesitation-before-irreversible" not in found
