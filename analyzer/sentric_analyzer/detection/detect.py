"""From the spans of a trace to judged runs."""

from collections.abc import Sequence
from dataclasses import replace

from sentric.policy import engine
from sentric.policy.rule import Policy
from sentric.policy.verdict import Replay
from sentric.redaction import Redactor
from sentric_analyzer.detection.conversations import Conversations
from sentric_analyzer.dialects import BUILT_IN, Dialects, read_runs
from sentric_analyzer.spans import Span
from sentric_analyzer.storage import Former


def detect(
    spans: Sequence[Span],
    *,
    project: str,
    policy: Policy,
    redactor: Redactor,
    conversations: Conversations | None = None,
    left_out: int = 0,
    dialects: Dialects = BUILT_IN,
) -> list[Replay]:
    """Read the runs of a trace and judge each.

    Args:
        spans: the spans of one trace, in any order.
        project: the project they belong to.
        policy: the rules in force.
        redactor: a new one, whose secrets are those of this trace.
        conversations: what is known of earlier runs; the runs of this trace are added.
        left_out: how many spans of the trace are not among these, because it is too large.
        dialects: that may know them.

    Returns:
        A judged run for each agent invocation in the trace; none where no dialect knows the spans.
    """
    known = conversations if conversations is not None else Conversations()
    runs = read_runs(spans, project=project, redactor=redactor, left_out=left_out, dialects=dialects)
    earlier = {run.run_id: known.earlier(run) for run in sorted(runs, key=lambda run: (run.started, run.run_id))}
    return [engine.replay(policy, run, earlier=earlier[run.run_id]) for run in runs]


def with_former(replay: Replay, former: Former) -> Replay:
    """A judged run of which the beginning was left out, with its start and what rules found there before."""
    present = {event.event_id for event in replay.run.events}
    found = [finding for finding in former.findings if finding.event_id not in present and not finding.model]
    started = min([replay.run.started, *former.started])
    return replace(replay, run=replace(replay.run, started=started), findings=(*found, *replay.findings))
