"""What Sentric adds to a tool call on the agent's thread: redaction, policy and span, in observe mode.

Printed beside a bare SDK span that carries the same attributes, measured in the same run, call by call in turn.
"""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from sentric.events import Element, Reasoning, Source
from sentric.guard.calls import Seen, Wanted
from sentric.guard.live_run import About, LiveRun
from sentric.settings import Settings
from sentric.tracing.telemetry import Telemetry

SIZES = (500, 4096)
"""Bytes of arguments."""
CALLS = 2000
WARM_UP = 200
_TEXT = "the parcel left our warehouse on monday and reaches the harbour office before noon if the weather holds"
_WORDS = _TEXT.split(" ")


class Latest(SpanProcessor):
    """Keeps the span that ended last: what an exporter's queue would be handed."""

    span: ReadableSpan

    def on_end(self, span: ReadableSpan) -> None:
        self.span = span


def wanted(size: int, number: int) -> Wanted:
    """An action with about `size` bytes of arguments; no two are the same, as no two texts of a model are."""
    words = (_WORDS[(number * 7 + index * (1 + number % 5)) % len(_WORDS)] for index in range(size))
    text = f"Note {number}: {' '.join(words)}"[: size - len('{"index":7,"text":"","clear":true}')]
    return Wanted(
        tool="input",
        arguments={"index": 7, "text": text, "clear": True},
        url="https://shop.example/contact",
        element=Element(tag="textarea", name="message", xpath="html/body/form/textarea", text="Your message"),
        reasoning=Reasoning(
            "The form wants a message, so I write it.", "Success", "On the contact page", "Send the form"
        ),
    )


def called(run: LiveRun, action: Wanted) -> None:
    with run.action(action) as call:
        call.finished(result="Typed the text into element 7")


def measure(size: int) -> tuple[list[int], list[int]]:
    """Nanoseconds of each call with Sentric, and of a bare span with the same attributes."""
    latest, tracers = Latest(), TracerProvider()
    tracers.add_span_processor(latest)
    run = LiveRun(
        Telemetry.of(tracers, LoggerProvider()),
        Settings(),
        About(agent="bench", framework="bench", task="Write to shop.example about my parcel"),
    )
    bare = tracers.get_tracer("bare")
    run.observe(Seen(source=Source.PAGE, origin="https://shop.example/contact", text=" ".join(_WORDS) * 40))
    ours: list[int] = []
    floor: list[int] = []
    with run.current():
        for number in range(WARM_UP + CALLS):
            action = wanted(size, number)
            took = timed(called, run, action)
            attributes = dict(latest.span.attributes or {})
            least = timed(span, bare, latest.span.name, attributes)
            if number >= WARM_UP:
                ours.append(took)
                floor.append(least)
    return ours, floor


def span(tracer: Any, name: str, attributes: dict[str, Any]) -> None:
    with tracer.start_as_current_span(name, attributes=attributes):
        pass


def timed(work: Callable[..., None], *arguments: object) -> int:
    began = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - began


def percentiles(times: list[int]) -> tuple[float, float]:
    """p50 and p99 in microseconds."""
    cuts = statistics.quantiles(times, n=100)
    return cuts[49] / 1000, cuts[98] / 1000


def main() -> None:
    """Print the figures."""
    print("added to a tool call, µs     p50      p99   bare span p50   ratio")
    for size in SIZES:
        actual = len(json.dumps(dict(wanted(size, 1).arguments), separators=(",", ":")))
        ours, floor = measure(size)
        (p50, p99), (least, _) = percentiles(ours), percentiles(floor)
        print(f"{actual:>5} B of arguments     {p50:>7.0f}  {p99:>7.0f}   {least:>13.0f}   {p50 / least:>5.1f}")


if __name__ == "__main__":
    main()
