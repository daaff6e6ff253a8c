"""What the service tells about itself, in the Prometheus text format."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from sentric_analyzer import deciding, log, pipeline, processes, receiver, storage
from sentric_analyzer.api import access, webhooks
from sentric_analyzer.approvals.counts import METRICS as ATTEMPT_METRICS
from sentric_analyzer.declaration import Declaration, Kind, Value
from sentric_analyzer.detection import judge

disable_created_metrics()  # type: ignore[no-untyped-call]  # else each series is told with a second one, of when it was made

METRICS: dict[str, Declaration] = {
    str(name): declared
    for table in (
        log.METRICS,
        processes.METRICS,
        receiver.METRICS,
        storage.METRICS,
        pipeline.METRICS,
        access.METRICS,
        webhooks.METRICS,
        deciding.METRICS,
        ATTEMPT_METRICS,
        judge.METRICS,
    )
    for name, declared in table.items()
}
"""Every metric there is."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

Ask = Callable[[], float]


class Metrics:
    """The service's metrics. Any thread may use them.

    Args:
        values: further values of labels, by metric, that are there at zero from the start.
    """

    def __init__(self, values: Mapping[str, Sequence[Value]] | None = None) -> None:
        self._registry = CollectorRegistry()
        self._asked = _Asked()
        self._registry.register(self._asked)
        ProcessCollector(registry=self._registry)
        more = values or {}
        self._made = {
            name: _made(name, declared, more.get(name, ()), self._registry)
            for name, declared in METRICS.items()
            if declared.kind in (Kind.COUNTER, Kind.SECONDS)
        }

    def count(self, name: str, value: Value, amount: int = 1) -> None:
        """Let a counter grow: its name, the value of its label, and by how much."""
        _child(self._made[name], value).inc(amount)

    def time(self, name: str, value: Value, seconds: float) -> None:
        """Say how long something took: the name of a histogram, the value of its label."""
        _child(self._made[name], value).observe(seconds)

    def watch(self, name: str, ask: Ask, value: Value = ()) -> None:
        """Ask for a metric each time it is read: its name, who knows it, the value of its label."""
        self._asked.add(name, ask, value)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)


class _Asked(Collector):
    """Metrics that are asked for when they are read; those that nobody watches yet are zero."""

    def __init__(self) -> None:
        kinds = (Kind.GAUGE, Kind.WATCHED)
        self._asks: dict[str, dict[tuple[str, ...], Ask]] = {
            name: dict.fromkeys(map(_labels, declared.values or ((),)), _zero)
            for name, declared in METRICS.items()
            if declared.kind in kinds
        }

    def add(self, name: str, ask: Ask, value: Value) -> None:
        self._asks[name][_labels(value)] = ask

    def collect(self) -> Iterator[Any]:
        for name, asks in self._asks.items():
            declared = METRICS[name]
            family = CounterMetricFamily if declared.kind is Kind.WATCHED else GaugeMetricFamily
            metric = family(name, declared.description, labels=_labels(declared.label))
            for labels, ask in asks.items():
                metric.add_metric(labels, ask())
            yield metric


def _zero() -> float:
    return 0.0


def _made(name: str, declared: Declaration, more: Sequence[Value], registry: CollectorRegistry) -> Any:
    labels = _labels(declared.label)
    made: Any
    if declared.kind is Kind.SECONDS:
        made = Histogram(name, declared.description, labels, registry=registry, buckets=_BUCKETS)
    else:
        made = Counter(name, declared.description, labels, registry=registry)
    for value in (*declared.values, *more):
        _child(made, value)
    return made


def _child(metric: Any, value: Value) -> Any:
    labels = _labels(value)
    return metric.labels(*labels) if labels else metric


def _labels(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value
