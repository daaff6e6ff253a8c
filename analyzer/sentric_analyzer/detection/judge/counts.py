"""What is told about the model that judges runs."""

from enum import StrEnum

from sentric.policy.rule import Severity
from sentric_analyzer.declaration import Declaration, Kind


class Metric(StrEnum):
    """Name of a metric."""

    RUNS = "sentric_judge_runs"
    LEFT_OUT = "sentric_judge_left_out"
    FINDINGS = "sentric_judge_findings"
    TOKENS = "sentric_judge_tokens"
    SECONDS = "sentric_judge_seconds"
    WAITING = "sentric_judge_waiting"


METRICS = {
    Metric.RUNS: Declaration(
        "Runs given to the model that judges; `again` are answers that could not be used, and asked for once more.",
        "outcome",
        ("judged", "again", "failed", "gone"),
    ),
    Metric.LEFT_OUT: Declaration(
        "Runs that the model does not judge: the budget of their project is used up, too many came at once, or their "
        "id is too long.",
        "why",
        ("budget", "crowd", "refused"),
    ),
    Metric.FINDINGS: Declaration("Opinions of the model that became findings.", "severity", tuple(Severity)),
    Metric.TOKENS: Declaration("Tokens that judging took, as the model's server counts.", "of", ("input", "output")),
    Metric.SECONDS: Declaration("How long the model took to judge a run.", kind=Kind.SECONDS),
    Metric.WAITING: Declaration("Runs that wait for the model.", kind=Kind.GAUGE),
}
