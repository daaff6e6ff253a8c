"""The runs of a trace: which spans belong together, and what is known of each run as a whole."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from sentric import semconv
from sentric.events import Action, AnyEvent, Coverage, Run
from sentric.policy.readers.actions.effects import classify
from sentric_analyzer.dialects.reading.lineage import with_tasks_known
from sentric_analyzer.dialects.reading.place import Place, places
from sentric_analyzer.dialects.reading.reading import Reading, Seen
from sentric_analyzer.dialects.reading.voices import Voices
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.trace import Node, Trace, lost_in
from sentric_analyzer.dialects.values import attribute, moment, text_of
from sentric_analyzer.spans import Span

RUN_ID_LIMIT = 256
"""Longest run id that is taken over from a span."""


def runs_of(trace: Trace, told: Mapping[Node, Telling], *, project: str) -> Sequence[Run]:
    """One run for each agent that does not only wrap another; without any, one for the whole trace.

    An agent that another agent calls, or that goes on where another has ended, has that one's run for its parent.

    Args:
        trace: the whole trace, for what lies between and above the spans.
        told: what spans tell, at least one, in reading order.
        project: goes into the runs.
    """
    found = places(trace, told)
    told = _complete(told, found)
    groups = _grouped(list(told), found)
    callers = {root: _caller(root, found) for root in groups}
    ids: dict[Node | None, str] = {}
    taken: set[str] = set()
    numbers = count(2)
    for root in sorted(groups, key=lambda root: callers[root] is not None):  # the trace's own id is an outermost one's
        ids[root] = _run_id((root or groups[root][0]).span, taken, numbers)
        taken.add(ids[root])
    models = any(telling.operation is Operation.MODEL for telling in told.values())
    counted = Operation.MODEL if models else Operation.AGENT
    voices = Voices()
    runs: dict[str, Run] = {}
    for root, members in groups.items():
        caller = callers[root]
        reading = Reading(members, told, found, root, None if caller else voices, counted)
        parent = ids[caller] if caller else next(reversed(runs), "") if reading.record.continues else ""
        run = runs[ids[root]] = _run(project, ids[root], parent, root, members, told, reading)
        voices.listen(run)
    return with_tasks_known(runs)


def _caller(root: Node | None, found: Mapping[Node, Place]) -> Node | None:
    """The agent that called another one."""
    return found[root.parent].run if root and root.parent else None


def _complete(told: Mapping[Node, Telling], found: Mapping[Node, Place]) -> Mapping[Node, Telling]:
    """With what only a lower layer's span tells of a model's call; of a tool's, its reading sees to that."""
    complete = dict(told)
    for node, inner in told.items():
        outer = found[node].call
        if inner.operation is Operation.MODEL and outer and outer is not node:
            above = complete[outer]
            complete[outer] = above._replace(
                model=above.model or inner.model,
                given=above.given if above.given.items else inner.given,
                answer=above.answer if above.answer.items else inner.answer,
                definitions=above.definitions or inner.definitions,
                input_tokens=above.input_tokens or inner.input_tokens,
                output_tokens=above.output_tokens or inner.output_tokens,
            )
    return complete


def classified(run: Run) -> Run:
    """With the kind and effects of each action, which nobody stated: from what is left once it is redacted."""
    return replace(run, events=tuple(_classified(event) for event in run.events))


def _classified(event: AnyEvent) -> AnyEvent:
    if not isinstance(event, Action):
        return event
    kind, effects = classify(event.tool, event.arguments, event.element)
    return replace(event, kind=kind, effects=effects)


def _grouped(nodes: Sequence[Node], found: Mapping[Node, Place]) -> Mapping[Node | None, list[Node]]:
    """The spans of each run. A span cut off from its agent belongs to the run that had begun before it."""
    groups: dict[Node | None, list[Node]] = defaultdict(list)
    outermost = (run for node in nodes if (run := found[node].run) and not _caller(run, found))
    current = next(outermost, None)
    for node in nodes:
        if found[node].run is node and not _caller(node, found):
            current = node
        groups[found[node].run or current].append(node)
    return groups


def _run_id(top: Span, taken: Collection[str], numbers: Iterator[int]) -> str:
    """Its own where it states one, else the trace's; of further runs in a trace with the span's id.

    Where another run states that one, or the span has none, it gets a number: no run takes another's place.
    """
    stated = attribute(top, semconv.SENTRIC_RUN_ID)[:RUN_ID_LIMIT]
    if stated and stated not in taken:
        return stated
    made = top.trace_id if top.trace_id and not taken else f"{top.trace_id}-{top.span_id}"
    if made not in taken:
        return made
    return next(one for number in numbers if (one := f"{made}-{number}") not in taken)


def _run(
    project: str,
    run_id: str,
    parent: str,
    root: Node | None,
    nodes: Sequence[Node],
    told: Mapping[Node, Telling],
    reading: Reading,
) -> Run:
    members = [root, *nodes] if root else nodes
    spans = [node.span for node in members]
    tellings = [told[node] for node in members]
    ended = root is not None or not any(node.lost for node in nodes)
    return Run(
        project=project,
        run_id=run_id,
        parent=parent,
        trace_id=spans[0].trace_id,
        agent=_first(telling.agent for telling in tellings),
        agent_id=_first(telling.agent_id for telling in tellings),
        conversation=_first(telling.conversation for telling in tellings),
        task=reading.record.task,
        model=_first(telling.model for telling in tellings),
        service=text_of(spans[0].origin.resource.get(semconv.SERVICE_NAME)),
        dialect=tellings[0].dialect,
        started=moment(root.span.start if root else min(span.start for span in spans)),
        ended=moment(root.span.end if root else max(span.end for span in spans)) if ended else 0,
        error=told[root].error if root else "",
        events=reading.events(),
        coverage=_coverage(reading, parent, nodes, root, ended=ended),
    )


def _first(stated: Iterable[str]) -> str:
    return next(filter(None, stated), "")


def _coverage(reading: Reading, parent: str, nodes: Sequence[Node], root: Node | None, *, ended: bool) -> Coverage:
    record = reading.record
    cut = {call.span_id for call in record.calls if call.cut or call.reasoning_cut}
    return Coverage(
        seen=len(record.calls),
        blind=sum(call.blind for call in record.calls),
        without_arguments=sum(call.arguments is None for call in record.calls),
        without_results=sum(call.resultless for call in record.calls),
        unheard=0 if reading.seen.texts else reading.seen.calls,
        lost=lost_in(nodes, root),
        truncated=sum(call.cut or call.reasoning_cut for call in record.calls)
        + sum(semconv.SENTRIC_TRUNCATED in node.span.attributes and node.span.span_id not in cut for node in nodes),
        ended=ended,
        notes=tuple(_notes(reading.seen, 0 if parent else record.unjudged, _apart(nodes, root), ended=ended)),
    )


def _apart(nodes: Sequence[Node], root: Node | None) -> int:
    """How many spans were cut off from the run's agent."""
    return sum(bool(node.lost) for node in nodes if node.lost != root.lost) if root else 0


def _notes(seen: Seen, unjudged: int, apart: int, *, ended: bool) -> Iterable[str]:
    if not ended:
        yield "The run's own end was not seen."
    if seen.spans and not seen.texts:
        yield "What the model was shown and what it answered were not captured."
    if seen.unread:
        yield "Some messages could not be read in full."
    if seen.media:
        yield "Files and images in messages were not read."
    if unjudged:
        yield "Calls from before the first recorded answer of the model were not judged."
    if apart:
        yield "Some spans were cut off from the run's agent; nobody in them is taken for the user."
