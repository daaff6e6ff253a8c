"""ClickHouse, embedded or as a server: the only place that knows it."""

from sentric_analyzer.storage.errors import StoreError, StoreHeldError
from sentric_analyzer.storage.queries import RecordedTrace, StoredTrace
from sentric_analyzer.storage.span_batch import Request, SpanBatch
from sentric_analyzer.storage.store import Store
from sentric_analyzer.storage.url import embedded_url

__all__ = [
    "RecordedTrace",
    "Request",
    "SpanBatch",
    "Store",
    "StoreError",
    "StoreHeldError",
    "StoredTrace",
    "embedded_url",
]
