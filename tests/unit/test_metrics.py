"""The metrics of the service."""

from sentric_analyzer.metrics import Metrics
from sentric_analyzer.pipeline import Metric


def test_findings_of_rules_that_came_later_are_counted() -> None:
    metrics = Metrics({Metric.FINDINGS: [("first", "low")]})
    metrics.count(Metric.FINDINGS, ("second", "high"), 2)
    assert 'sentric_pipeline_findings_total{rule="second",severity="high"} 2.0' in metrics.text().decode()
    assert 'sentric_pipeline_findings_total{rule="first",severity="low"} 0.0' in metrics.text().decode()
