"""ClickHouse, embedded or as a server: the only place that knows it."""

from sentric_analyzer.storage.errors import StoreError, StoreHeldError
from sentric_analyzer.storage.store import Store
from sentric_analyzer.storage.url import embedded_url

__all__ = ["Store", "StoreError", "StoreHeldError", "embedded_url"]
