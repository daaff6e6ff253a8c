"""Measures what held traces take: run by a test, in a process of its own."""

import gc
import json
import sys
import tracemalloc
from dataclasses import replace
from typing import NamedTuple

from fixtures.spans import span
from sentric.redaction import Redactor
from sentric_analyzer.assembly import Assembler, Times
from sentric_analyzer.log import Entry, Record, Signal
from sentric_analyzer.preparation import prepare
from support.otlp import request_of

TIMES = Times(grace=2, idle=120, checkpoint=60, max_age=3600)
OF_THE_PROCESS = 8_192
"""Bytes that an assembler takes without a trace, and that stay behind wherever code runs."""


class Case(NamedTuple):
    """What is held: traces of so many spans with an attribute, of which so many come together."""

    mark: str
    spans: int
    in_request: int


CASES = [
    Case(mark, *spans) for mark in ("gen_ai.operation.name", "http.route") for spans in ((1, 1), (11, 11), (86, 10))
]


def bodies(case: Case, traces: int) -> list[bytes]:
    """The requests in which they come."""

    def one(trace: int) -> list[bytes]:
        made = [
            replace(
                span(number, trace=trace + 1), parent_span_id=f"{number:016x}", attributes={case.mark: "x"}, events=()
            )
            for number in range(1, case.spans + 1)
        ]
        return [request_of(made[start : start + case.in_request]) for start in range(0, case.spans, case.in_request)]

    return [body for trace in range(traces) for body in one(trace)]


def measured(case: Case) -> tuple[int, int]:
    """Bytes that the process has more while they are held, and bytes that are counted."""
    sent = bodies(case, max(4, 100 // case.spans))
    redactor = Redactor(b"k")

    def hold(sent: list[bytes]) -> Assembler:
        held = Assembler(TIMES, max_trace_bytes=1 << 30, max_bytes=1 << 40, clock=lambda: 0.0)
        for body in sent:
            for arrival in prepare([Entry(0, 1, Record("shop", Signal.TRACES, body, 0))], redactor).arrived:
                held.add(*arrival)
        return held

    hold(sent[:10])  # what is made once
    gc.collect()
    tracemalloc.start()
    try:
        held = hold(sent)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return taken - OF_THE_PROCESS, held.size


if __name__ == "__main__":
    sys.stdout.write(json.dumps([measured(case) for case in CASES]))
