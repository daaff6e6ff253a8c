"""What is told about decisions and what they leave open."""

from enum import StrEnum

from sentric.policy.rule import Decision
from sentric_analyzer.declaration import Declaration, Kind


class Metric(StrEnum):
    """Name of a metric."""

    DECISIONS = "sentric_decisions"
    SECONDS = "sentric_decision_seconds"
    SCORES = "sentric_scores"
    SCORE_SECONDS = "sentric_score_seconds"
    WAITING = "sentric_approvals_waiting"
    OLDEST = "sentric_approvals_oldest_seconds"
    SHUT_DOWN = "sentric_agents_shut_down"
    STOPS = "sentric_agents_stops"
    TURNED_BACK = "sentric_rules_turned_back"


METRICS = {
    Metric.DECISIONS: Declaration(
        "Decisions; `failed` are those that could not be made or kept, and so refused.",
        "decision",
        (*Decision, "failed"),
    ),
    Metric.SECONDS: Declaration("How long decisions took, until they were durable.", kind=Kind.SECONDS),
    Metric.SCORES: Declaration(
        "Scores that a language model was asked for before an action; `missing` are those that there is none of, which "
        "count as above the threshold.",
        "score",
        ("under", "above", "missing"),
    ),
    Metric.SCORE_SECONDS: Declaration("How long the model took, also where it gave no score.", kind=Kind.SECONDS),
    Metric.WAITING: Declaration("Approvals that wait for somebody.", kind=Kind.GAUGE),
    Metric.OLDEST: Declaration("How long that one has waited that waits longest.", kind=Kind.GAUGE),
    Metric.SHUT_DOWN: Declaration("Agents that were refused too often and not reset.", kind=Kind.GAUGE),
    Metric.STOPS: Declaration("Agents, and names of agents, that operators have stopped.", kind=Kind.GAUGE),
    Metric.TURNED_BACK: Declaration("Rules that refused more agents than they may, and are in shadow again."),
}
