import subprocess
import sys
import threading

from sentric.guard.counts import Count, count, counts


def test_what_is_counted_is_known_by_its_name() -> None:
    before = counts()
    assert list(before) == [what.value for what in Count]

    def often() -> None:
        for _ in range(500):
            count(Count.SPOOL_KEPT)

    threads = [threading.Thread(target=often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count(Count.SPOOL_FULL, 3)
    after = counts()
    assert after["spool_kept"] - before["spool_kept"] == 4000
    assert after["spool_full"] - before["spool_full"] == 3


def test_counts_are_a_metric_once_there_is_a_link() -> None:
    program = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from sentric.guard.counts import Count, count
from sentric.guard.link import Link
from sentric.settings import Settings
count(Count.SPOOL_TORN, 2)
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
assert reader.get_metrics_data() is None
Link.of(Settings(url="http://127.0.0.1:9"))
Link.of(Settings(url="http://127.0.0.1:8"))
(metric,) = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
points = {point.attributes["sentric.reason"]: point.value for point in metric.data.data_points}
print(metric.name, points["spool_torn"], points["spool_full"], set(points) == set(Count))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "sentric.guard.events 2 0 True\n"), done.stderr
