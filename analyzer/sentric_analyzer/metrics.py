"""What the service counts about itself, in the Prometheus text format."""

from prometheus_client import CollectorRegistry, Counter, generate_latest

from sentric_analyzer import pipeline, receiver
from sentric_analyzer.api import access
from sentric_analyzer.declaration import Declaration

COUNTERS: dict[str, Declaration] = dict(
    [*receiver.COUNTERS.items(), *pipeline.COUNTERS.items(), *access.COUNTERS.items()]
)
"""Every counter there is."""


class Metrics:
    """The service's counters. Any thread may count."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters = {name: self._declare(name, declared) for name, declared in COUNTERS.items()}

    def count(self, name: str, value: str, amount: int = 1) -> None:
        """Let a counter grow: its name, the value of its one label, and by how much."""
        self._counters[name].labels(value).inc(amount)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)

    def _declare(self, name: str, declared: Declaration) -> Counter:
        counter = Counter(name, declared.description, [declared.label], registry=self._registry)
        for value in declared.values:
            counter.labels(value)  # so that it is there, at zero, before the first time
        return counter
