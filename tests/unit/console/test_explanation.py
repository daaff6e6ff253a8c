"""How spans are read, in a terminal: short for many spans, and nothing in a name acts on it."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from fixtures.emitter import exfiltration, mapped
from fixtures.traces import span
from sentric_analyzer.console import render_explanation
from sentric_analyzer.dialects import BUILT_IN, Dialects
from sentric_analyzer.dialects.explained import explain, grouped
from sentric_analyzer.spans import Span


def printed(spans: list[Span], dialects: Dialects = BUILT_IN, width: int = 120) -> str:
    output = io.StringIO()
    render_explanation(grouped(explain(spans, dialects)), Console(file=output, width=width))
    return output.getvalue()


def test_a_paragraph_says_who_reads_what() -> None:
    text = printed(exfiltration(), mapped())
    assert "acme.agents  2 spans, read by acme as tool  function post×1, tool read×1\n" in text
    assert "read acme.kind, acme.payload, acme.result, acme.function×1, acme.tool×1" in " ".join(text.split())
    assert "nobody" not in text


def test_what_looks_like_an_agent_s_and_is_not_read_brings_a_hint() -> None:
    text = printed(exfiltration())
    assert "acme.agents  4 spans, read by nobody, looks like an agent's" in text
    assert "docs/mapping.md" in text
    assert "docs/mapping.md" not in printed([span("GET", "1", attributes={"http.route": "/"})])


def test_thousands_of_names_are_a_few_lines() -> None:
    spans = [span("s", str(number), attributes={f"name-{number}": 1, "same": 1}) for number in range(3000)]
    text = printed(spans)
    assert "(no scope)  3,000 spans, read by nobody" in text
    assert "nobody read same, name-0×1" in " ".join(text.split())
    assert "and 2,961 more" in " ".join(text.split())
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize("width", [30, 80])
def test_nothing_in_a_name_acts_on_the_terminal(width: int) -> None:
    hostile = "\x1b[2J\x07\u202e[bold]x[/bold]\nnew" + "y" * 10_000
    text = printed([span(hostile, "1", attributes={hostile: 1}, scope=hostile)], width=width)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[bold]x[/bold]" in printed([span("s", "1", attributes={hostile: 1})])
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert len(text) < 100 * width


def test_where_there_are_no_spans_that_is_said() -> None:
    assert printed([]) == "There are no spans.\n"
