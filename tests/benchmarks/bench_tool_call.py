"""What Sentric adds to a tool call on the agent's thread: redaction, policy and span, observed and enforced.

Printed beside a bare SDK span that carries the same attributes, measured in the same run, call by call in turn. Where
verdicts are enforced, the policy is that of a real service, whose every request is counted: an allow makes none. Beside
it is what asking that service, which is empty, about the same action takes over loopback. Last is the memory that a
run holds after a thousand steps.
"""

import gc
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

sys.path.insert(0, str(Path(__file__).parents[1]))

from sentric.events import Element, Reasoning, Source
from sentric.guard.calls import Seen, Wanted
from sentric.guard.link import Link
from sentric.guard.link.client import Client
from sentric.guard.live_run import About, LiveRun
from sentric.settings import Settings
from sentric.tracing.telemetry import Telemetry
from support.serving import Serving, poll, serving

SIZES = (500, 4096)
"""Bytes of arguments."""
CALLS = 2000
WARM_UP = 200
ASKED = 300
"""Decisions over HTTP."""
STEPS = 1000
"""Of the run whose memory is measured."""
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


def begun(settings: Settings, tracers: TracerProvider) -> LiveRun:
    run = LiveRun(
        Telemetry.of(tracers, LoggerProvider()),
        settings,
        About(agent="bench", framework="bench", task="Write to shop.example about my parcel"),
    )
    run.observe(Seen(source=Source.PAGE, origin="https://shop.example/contact", text=" ".join(_WORDS) * 40))
    return run


def measure(size: int, settings: Settings) -> tuple[list[int], list[int]]:
    """Nanoseconds of each call with Sentric, and of a bare span with the same attributes."""
    latest, tracers = Latest(), TracerProvider()
    tracers.add_span_processor(latest)
    run, bare = begun(settings, tracers), tracers.get_tracer("bare")
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
    run.end()
    return ours, floor


def asked_over_http(size: int, settings: Settings) -> list[int]:
    """Nanoseconds of each decision of the service about such an action."""
    link = Link.of(settings)
    assert link is not None
    taken = []
    for number in range(ASKED):
        action = wanted(size, number)
        wish = {"agent_id": "over-http", "action": action.tool, "arguments": action.arguments, "url": action.url}
        taken.append(timed(link.decide, wish))
    return taken


def memory() -> int:
    """Bytes that a run holds after its steps, each of which read a page of its own."""
    tracers = TracerProvider()
    begun(Settings(), tracers).end()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run = begun(Settings(), tracers)
    with run.current():
        for number in range(STEPS):
            run.observe(
                Seen(source=Source.PAGE, origin=f"https://shop.example/{number}", text=f"{number} {_TEXT} " * 20)
            )
            called(run, wanted(SIZES[0], number))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    run.end()
    return held - before


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


def shown(name: str, ours: list[int], floor: list[int]) -> None:
    (p50, p99), (least, _) = percentiles(ours), percentiles(floor)
    print(f"{name:<28}{p50:>7.0f}  {p99:>7.0f}   {least:>13.0f}   {p50 / least:>5.1f}")


def held_to(service: Serving, directory: Path) -> Settings:
    """Of an agent that is held to what that service has in force."""
    return Settings(
        mode="enforce",
        url=f"http://{service.stated['http']}",
        api_key=service.new_key("decide"),
        guard_dir=str(directory / "guard"),
        decide_timeout=30,
    )


def main() -> None:
    """Print the figures."""
    requests: list[str] = []
    ask, get = Client.ask, Client.get
    print("added to a tool call, µs        p50      p99   bare span p50   ratio")
    for size in SIZES:
        actual = len(json.dumps(dict(wanted(size, 1).arguments), separators=(",", ":")))
        shown(f"{actual:>5} B, observed", *measure(size, Settings()))
    with tempfile.TemporaryDirectory() as name, serving(Path(name, "data")) as service:
        poll(service.ready)
        settings = held_to(service, Path(name))
        measure(SIZES[0], settings)  # the policy has come by then

        def counted(wrapped: Callable[..., Any]) -> Callable[..., Any]:
            def call(client: Client, *arguments: Any, **named: Any) -> Any:
                requests.append(str(arguments[0]))
                return wrapped(client, *arguments, **named)

            return call

        Client.ask, Client.get = counted(ask), counted(get)  # type: ignore[method-assign]
        for size in SIZES:
            actual = len(json.dumps(dict(wanted(size, 1).arguments), separators=(",", ":")))
            ours, floor = measure(size, settings)
            shown(f"{actual:>5} B, enforced", ours, floor)
        Client.ask, Client.get = ask, get  # type: ignore[method-assign]
        print(f"requests to the service by {len(SIZES) * (WARM_UP + CALLS)} allowed calls: {len(requests)}")
        for size in SIZES:
            p50, p99 = percentiles(asked_over_http(size, settings))
            print(f"{size:>5} B, decided over HTTP   {p50:>7.0f}  {p99:>7.0f}")
    print(f"memory of a run after {STEPS} steps: {memory() / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
