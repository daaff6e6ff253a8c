"""The terminal report: for any width, and nothing in it acts on the terminal."""

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from sentric_analyzer.console import render_findings, render_runs, render_terminal


def printed(document: dict[str, Any], width: int, *, colour: bool = False) -> str:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    render_terminal(document, console)
    return output.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(document: dict[str, Any], width: int) -> None:
    assert all(cell_len(line) <= width for line in printed(document, width).splitlines())


def test_hostile_text_brings_neither_markup_nor_escape_sequences(document: dict[str, Any]) -> None:
    text = printed(document, 120, colour=True)

    assert "\x1b[2J" not in text
    assert "\x1b]" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in printed(document, 120)


def test_evidence_and_reasoning_stand_side_by_side_where_there_is_room(document: dict[str, Any]) -> None:
    def has_both(text: str) -> bool:
        return any("step 3: navigate" in line and "model's words" in line for line in text.splitlines())

    assert has_both(printed(document, 120))
    assert not has_both(printed(document, 80))


def test_it_says_what_the_other_formats_say(document: dict[str, Any]) -> None:
    text = " ".join(printed(document, 120).split())

    for said in (
        "Instructions from untrusted content were obeyed",
        "risk 260, over the budget of 100",
        "! The end of the run was not seen.",
        "Loosened settings: allow_loopback",
        "more characters)",
    ):
        assert said in text


def test_no_finding_is_never_called_safe(quiet_document: dict[str, Any]) -> None:
    assert "not the same as safe" in " ".join(printed(quiet_document, 80).split())


def summary(document: dict[str, Any]) -> dict[str, Any]:
    return {**document["run"], **document["risk"], "risk": document["risk"]["total"]}


def test_runs_and_findings_are_listed_a_line_each(document: dict[str, Any], quiet_document: dict[str, Any]) -> None:
    output = io.StringIO()
    console = Console(file=output, width=160)
    render_runs([summary(document), summary(quiet_document)], console)
    render_findings([document, quiet_document], console)
    lines = output.getvalue().splitlines()

    assert [line.split()[0] for line in lines] == [
        "run", "0af7651916cd", "r-1", "severity", "critical", "high", "high", "medium", "low",
        *["Not"] * 4,
    ]  # fmt: skip
    assert lines[-1].startswith(
        "Not evaluated, or in part in 1 of 2 runs: 2 rules (tool-changed, tool-poisoned), because"
    )
    assert all(cell_len(line) <= 160 for line in lines)


def test_a_list_without_findings_says_what_that_means(quiet_document: dict[str, Any]) -> None:
    output = io.StringIO()
    render_findings([quiet_document], Console(file=output, width=100))
    assert "not the same as safe" in output.getvalue()
