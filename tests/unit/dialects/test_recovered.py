"""How much of what captured requests hold is recovered: what docs/dialects.md says."""

import pytest

from fixtures.recovered import PAGE, Recovered, page, recovered
from fixtures.traces import captured_names

ATTACKS = [name for name in captured_names() if not name.endswith("-benign")]
UNNAMED = ("claude-code-subagent", "langsmith-traceable")
"""Runs whose agent has its name only in a span that is looked through."""


def all_of(name: str) -> Recovered:
    found = recovered(name)
    for share in (found.calls, found.arguments, found.results, found.reasoning, found.task, found.session):
        assert share.found == share.held
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_all_that_an_attack_s_requests_hold_is_recovered_and_what_left_is_found(name: str) -> None:
    found = all_of(name)
    if name not in UNNAMED:
        assert found.agent.found == found.agent.held
    if found.arguments.held and found.results.held:
        assert found.findings


@pytest.mark.parametrize("name", [name for name in captured_names() if name.endswith("-benign")])
def test_all_that_an_honest_run_s_requests_hold_is_recovered_and_nothing_is_found(name: str) -> None:
    assert not all_of(name).findings


def test_the_page_says_what_the_tests_find() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
