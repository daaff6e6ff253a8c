"""The analyzer's own spans, on request: how long each part of a batch's way took."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeAlias
from urllib.parse import urlsplit

from sentric.errors import SettingError

Attributes: TypeAlias = Mapping[str, int | str]
InSpan: TypeAlias = Callable[[str, Attributes], AbstractContextManager[None]]
"""Puts what is done within it into a span of a name."""
_EXPORT_SECONDS = 2
_SERVICE = "sentric-analyzer"


def no_spans(name: str, attributes: Attributes) -> AbstractContextManager[None]:
    """Nothing is told."""
    return nullcontext()


class OwnSpans:
    """Sends spans to an OTLP/HTTP endpoint. A context manager that sends what is left, for a short time.

    Args:
        endpoint: its base URL.
        receiver: HOST:PORT of our own receiver, to which they are not sent: each would bring about another.

    Raises:
        SettingError: the endpoint is no URL, or our own receiver.
    """

    def __init__(self, endpoint: str, receiver: str) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingError("SENTRIC_OWN_SPANS: must be the http(s) base URL of an OTLP receiver")
        port = receiver.rpartition(":")[2]
        if parts.hostname in ("localhost", "127.0.0.1", "::1") and str(parts.port or 4318) == port:
            raise SettingError("SENTRIC_OWN_SPANS: is this service itself, which would tell of itself for ever")
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_SECONDS)
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: _SERVICE}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(__name__)

    def __enter__(self) -> "OwnSpans":
        return self

    def __exit__(self, *_: object) -> None:
        self._provider.shutdown()

    @contextmanager
    def within(self, name: str, attributes: Attributes) -> Generator[None]:
        """Put what is done here into a span."""
        with self._tracer.start_as_current_span(name, attributes=dict(attributes)):
            yield
