"""ClickHouse, embedded or as a server: the only place that knows it."""

from sentric_analyzer.storage.errors import (
    AmbiguousRunError,
    StoreAwayError,
    StoreError,
    StoreHeldError,
    StoreValueError,
)
from sentric_analyzer.storage.opinions import StoredRun
from sentric_analyzer.storage.patience import METRICS, PatientStore
from sentric_analyzer.storage.queries import Former, RecordedTrace, StoredTrace
from sentric_analyzer.storage.run_rows import RunRows
from sentric_analyzer.storage.span_batch import Request, SpanBatch
from sentric_analyzer.storage.store import Store
from sentric_analyzer.storage.url import embedded_url

__all__ = [
    "METRICS",
    "AmbiguousRunError",
    "Former",
    "PatientStore",
    "RecordedTrace",
    "Request",
    "RunRows",
    "SpanBatch",
    "Store",
    "StoreAwayError",
    "StoreError",
    "StoreHeldError",
    "StoreValueError",
    "StoredRun",
    "StoredTrace",
    "embedded_url",
]
