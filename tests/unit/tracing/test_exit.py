import threading
import time
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from fixtures.pipeline import Pipeline
from sentric.tracing.exit import BoundedExit, flush, providers


class Slow(SpanExporter):
    """Takes until `go` is set for each batch."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.exported: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.go.wait(30)
        self.exported += [span.name for span in spans]
        return SpanExportResult.SUCCESS


def provider(exporter: SpanExporter) -> TracerProvider:
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60_000))
    made.get_tracer("test").start_span("left").end()
    return made


def test_what_is_left_is_sent_on_exit() -> None:
    exporter = Slow()
    exporter.go.set()
    BoundedExit([provider(exporter)], timeout=30).leave()
    assert exporter.exported == ["left"]


def test_a_receiver_that_does_not_answer_holds_up_the_exit_no_longer_than_the_timeout() -> None:
    exporters, timeout = [Slow() for _ in range(10)], 0.3
    leaving = BoundedExit([provider(exporter) for exporter in exporters], timeout=timeout)
    began = time.monotonic()
    leaving.leave()
    took = time.monotonic() - began
    for exporter in exporters:
        exporter.go.set()
    assert timeout <= took < len(exporters) * timeout, "one timeout for all of them together"


def test_open_runs_are_ended_before_what_is_left_is_sent() -> None:
    exporter = Slow()
    exporter.go.set()
    made = provider(exporter)
    BoundedExit([made], 30, before=lambda: made.get_tracer("test").start_span("ended late").end()).leave()
    assert exporter.exported == ["left", "ended late"]


def test_providers_that_were_handed_back_are_left_alone() -> None:
    exporter = Slow()
    exporter.go.set()
    made = provider(exporter)
    leaving = BoundedExit([made], timeout=30)
    leaving.hand_back()
    leaving.leave()
    assert exporter.exported == []
    made.shutdown()


def test_flush_says_whether_all_was_sent_in_time() -> None:
    exporter = Slow()
    made = provider(exporter)
    assert not flush([made], timeout=0.1)
    exporter.go.set()
    assert flush([made], timeout=30)
    assert exporter.exported == ["left"]
    made.shutdown()


def test_the_apis_placeholders_are_no_providers() -> None:
    pipeline = Pipeline()
    assert providers(trace.ProxyTracerProvider(), pipeline.tracers, pipeline.loggers) == (
        pipeline.tracers,
        pipeline.loggers,
    )
