from dataclasses import replace

import pytest

from fixtures.traces import agent, read, span, tool
from sentric_analyzer.dialects.sampling import share_kept
from sentric_analyzer.spans import Span


def sampled(*states: str) -> list[Span]:
    return [replace(span("x", f"s{number}"), trace_state=state) for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "share"),
    [
        ((), 1.0),
        (("", "vendor=x"), 1.0),
        (("ot=th:0",), 1.0),
        (("ot=th:8",), 0.5),
        (("ot=th:c;rv:ce929d0e0e4736",), 0.25),
        (("vendor=1,ot=rv:ce929d0e0e4736;th:fd70a4,other=2",), 0.01),
        (("ot=th:8", "ot=th:c"), 0.25),
        (("ot=th:xyz", "ot=th:", "ot=th:123456789abcdef", "vendor=th:8"), 1.0),
    ],
)
def test_the_share_of_traces_that_are_kept_is_read_from_the_trace_state(states: tuple[str, ...], share: float) -> None:
    assert share_kept(sampled(*states)) == pytest.approx(share, rel=1e-4)


def test_a_run_of_a_sampled_trace_says_so() -> None:
    [run] = read([replace(agent(), trace_state="ot=th:c"), tool("t", "get", at=1, arguments={"a": 1}, result="x")])
    assert run.coverage.notes[1:] == (
        "Traces were sampled: of those like this one about 0.25 are kept, nothing is known of the others.",
    )


def test_parents_that_are_missing_are_counted_once_each() -> None:
    [run] = read(
        [
            agent("agent", "caller"),
            tool("a", "get", "agent", at=1),
            tool("b", "get", "gone", at=2),
            tool("c", "get", "gone", at=3),
            tool("d", "get", "away", at=4),
        ]
    )
    assert run.coverage.lost == 2
