"""The analyzer's own spans, on request: how long each part of a batch's way took."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from ipaddress import IPv6Address, ip_address
from socket import gethostname
from typing import TypeAlias
from urllib.parse import urlsplit

from sentric.errors import SettingError

Attributes: TypeAlias = Mapping[str, int | str]
InSpan: TypeAlias = Callable[[str, Attributes], AbstractContextManager[None]]
"""Puts what is done within it into a span of a name."""
_EXPORT_SECONDS = 2
_STOP_SECONDS = 0.5
_SERVICE = "sentric-analyzer"
_PORTS = {"http": 80, "https": 443}


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
        if (place := _place(endpoint)) is None:
            raise SettingError("SENTRIC_OWN_SPANS: must be the http(s) base URL of an OTLP receiver")
        host, port = place
        if _is_here(host) and str(port) == receiver.rpartition(":")[2]:
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
        # In a thread: while the endpoint does not answer, it takes longer than a service may take to stop.
        last = threading.Thread(target=self._provider.shutdown, name="sentric-own-spans", daemon=True)
        last.start()
        last.join(_STOP_SECONDS)

    @contextmanager
    def within(self, name: str, attributes: Attributes) -> Generator[None]:
        """Put what is done here into a span. Of an error it tells the type: its words may hold content."""
        from opentelemetry.trace import StatusCode

        with self._tracer.start_as_current_span(
            name, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise


def _place(endpoint: str) -> tuple[str, int] | None:
    """Host and port of a URL; None where it is not one."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    return host, port or _PORTS[parts.scheme]


def _is_here(host: str) -> bool:
    """Whether a host is this machine, as far as that is seen without asking anybody."""
    try:
        address = ip_address(host)
    except ValueError:
        return host in ("localhost", gethostname().lower())
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback or address.is_unspecified
