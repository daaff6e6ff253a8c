import gzip
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.spans import span as one_span
from sentric.settings import Settings
from sentric_analyzer.cli.inputs import InputError
from sentric_analyzer.cli.recorded import TraceFiles, in_turn
from sentric_analyzer.spans import Span

ROOT_SPAN = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "mailer"}


def span(trace: int, number: int, **attributes: str) -> dict[str, Any]:
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        **({"parentSpanId": f"{1:016x}"} if number > 1 else {}),
        "name": "span",
        "startTimeUnixNano": str(10**18 + number),
        "endTimeUnixNano": str(10**18 + number + 1),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def tool(trace: int, number: int) -> dict[str, Any]:
    names = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool-{number}"}
    return span(trace, number, **names, **{"gen_ai.tool.call.arguments": '{"password": "hunter2hunter2"}'})


def line(*spans: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}) + "\n"


def tools(source: TraceFiles) -> list[list[str]]:
    return [[event.tool for event in run.events if hasattr(event, "tool")] for run in source.runs()]


def test_the_spans_of_a_trace_may_lie_apart(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line(tool(1, 2)) + line(tool(2, 2), span(2, 1, **ROOT_SPAN)))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress((line(tool(1, 3)) + line(span(1, 1, **ROOT_SPAN))).encode()))
    source = TraceFiles((tmp_path,), Settings())

    assert tools(source) == [["tool-2", "tool-3"], ["tool-2"]]
    assert source.errors == []


def test_the_runs_can_be_gone_through_again_with_the_same_fingerprints(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line(tool(1, 2), span(1, 1, **ROOT_SPAN)))
    source = TraceFiles((tmp_path,), Settings())

    first, second = list(source.runs()), list(source.runs())
    assert first == second
    assert "hunter2" not in str(first)


def test_what_is_piped_in_can_be_gone_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO(line(tool(1, 2), span(1, 1, **ROOT_SPAN)).encode() + b"{broken}\n"))
    monkeypatch.setattr(sys, "stdin", piped)
    source = TraceFiles((Path("-"),), Settings())

    assert tools(source) == tools(source) == [["tool-2"]]
    assert len(source.errors) == 1


def test_what_cannot_be_read_is_named_once_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n{broken\n" + line(tool(1, 2), span(1, 1, **ROOT_SPAN)))
    source = TraceFiles((tmp_path,), Settings())

    assert tools(source) == [["tool-2"]]
    assert len(source.errors) == 1
    assert source.errors[0].startswith(f"{tmp_path}/a.jsonl:2: is not an OTLP request")


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or directory"):
        list(TraceFiles((tmp_path / "none",), Settings()).runs())


def test_progress_is_told_in_bytes_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line(tool(1, 2)) + line(span(1, 1, **ROOT_SPAN)))
    told: list[tuple[int, int]] = []
    list(TraceFiles((tmp_path,), Settings(), lambda done, size: told.append((done, size))).runs())

    size = (tmp_path / "a.jsonl").stat().st_size
    assert {of for _, of in told} == {size}
    assert all(0 <= done <= size for done, _ in told)


def trace(number: int, size: int = 1) -> list[Span]:
    return [replace(one_span(1), trace_id=str(number), size=size)]


def ids(traces: Iterable[list[Span]]) -> str:
    return "".join(spans[0].trace_id for spans in traces)


def test_what_began_first_comes_first(tmp_path: Path) -> None:
    late, early = tool(1, 9), tool(2, 3)
    (tmp_path / "a.jsonl").write_text(line(late) + line(early))

    assert tools(TraceFiles((tmp_path,), Settings())) == [["tool-3"], ["tool-9"]]


def test_traces_wait_for_their_turn_as_far_as_they_fit() -> None:
    assert ids(in_turn(map(trace, (2, 1, 3, 0)), "0123")) == "0123"
    assert ids(in_turn((trace(n, 10) for n in (3, 2, 1, 0)), "0123", limit=25)) == "1230"
    assert ids(in_turn((trace(n, 100) for n in (3, 2, 1, 0)), "0123", limit=25)) == "3210"


@given(st.permutations("abcdefgh"), st.integers(0, 9))
def test_no_trace_is_lost_or_doubled_in_the_order(names: list[str], limit: int) -> None:
    traces = [[replace(one_span(1), trace_id=name, size=1)] for name in names]

    assert sorted(ids(in_turn(traces, "abcdefgh", limit))) == list("abcdefgh")
