"""From the spans of a trace to judged runs."""

from collections.abc import Sequence

from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric.policy.verdict import Replay
from sentric.redaction import Redactor
from sentric_analyzer.dialects import read_runs
from sentric_analyzer.spans import Span


def detect(spans: Sequence[Span], *, project: str, policy: Policy, key: bytes) -> list[Replay]:
    """Read the runs of a trace and judge each.

    Args:
        spans: the spans of one trace, in any order.
        project: the project they belong to.
        policy: the rules in force.
        key: of the fingerprints that stand for secrets.

    Returns:
        A judged run for each agent invocation in the trace; none where no dialect knows the spans.
    """
    runs = read_runs(spans, project=project, redactor=Redactor(key))
    return [replay(policy, run) for run in runs]
