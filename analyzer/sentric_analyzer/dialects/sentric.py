"""Sentric's own spans: the live run, event for event as the engine saw it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from sentric import semconv
from sentric.events import (
    Action,
    AgentState,
    AnyEvent,
    Author,
    Coverage,
    Decision,
    Effect,
    Element,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Run,
    Score,
    Source,
)
from sentric_analyzer.dialects.reading.lineage import with_tasks_known
from sentric_analyzer.dialects.trace import Node, lost_in
from sentric_analyzer.dialects.values import arguments_of, attribute, count_of, error_of, moment, objects, text_of
from sentric_analyzer.spans import Span

_ACTION, _OUTCOME, _ANSWER, _CARRIED, _TASK = 0, 1, 1, 2, 0
"""Ordinals, as `sentric.tracing.attributes` gives them."""
_OF_OUTCOME = frozenset({semconv.GEN_AI_TOOL_CALL_RESULT, semconv.SENTRIC_OUTCOME_ERROR})
_OF_ACTION = frozenset({semconv.GEN_AI_TOOL_CALL_ARGUMENTS})
_BESIDE = frozenset(
    {
        semconv.SENTRIC_ACTION_CONTEXT,
        semconv.SENTRIC_REASONING_THINKING,
        semconv.SENTRIC_REASONING_EVALUATION,
        semconv.SENTRIC_REASONING_MEMORY,
        semconv.SENTRIC_REASONING_NEXT_GOAL,
    }
)
_BROUGHT = (semconv.SENTRIC_MESSAGES, semconv.SENTRIC_OBSERVATIONS)
_LAST = 2**31
"""Sequence number of an event that has lost its own: after all others."""

E = TypeVar("E", bound=StrEnum)


class Sentric:
    """Sentric's own conventions. Verdicts on the spans are claims and are not read."""

    name = "sentric"
    marks = (semconv.SENTRIC_SCHEMA_VERSION,)

    def recognises(self, span: Span) -> bool:
        """Whether the span says that it is one of ours."""
        return bool(attribute(span, semconv.SENTRIC_SCHEMA_VERSION))

    def read(self, nodes: Sequence[Node], *, project: str) -> Sequence[Run]:
        """One run for each run id; one that lies within another has it for its parent."""
        members: dict[str, list[Node]] = defaultdict(list)
        of = {node: attribute(node.span, semconv.SENTRIC_RUN_ID) or node.span.trace_id for node in nodes}
        for node, run_id in of.items():
            members[run_id].append(node)
        spans = {run_id: [node.span for node in some] for run_id, some in members.items()}
        parents = _parents(of)
        runs: dict[str, Run] = {}
        for run_id, some in spans.items():
            parent = parents.get(run_id, "")
            author = Author.MODEL if _has_begun(spans.get(parent, ()), some) else Author.USER
            run = _run(project, run_id, parent, author, some)
            runs[run_id] = replace(run, coverage=replace(run.coverage, lost=_lost(members[run_id])))
        return with_tasks_known(runs)


def _lost(nodes: Sequence[Node]) -> int:
    """How many parents are missing within a run."""
    return lost_in(
        nodes, next((node for node in nodes if _operation(node.span) == semconv.OPERATION_INVOKE_AGENT), None)
    )


def _has_begun(parent: Sequence[Span], child: Sequence[Span]) -> bool:
    """Whether a run did anything before another one began in it: then a model may have written what that is for."""
    start = min(span.start for span in child)
    done = (semconv.OPERATION_CHAT, semconv.OPERATION_EXECUTE_TOOL)
    return any(span.start <= start and _operation(span) in done for span in parent)


def _parents(of: Mapping[Node, str]) -> Mapping[str, str]:
    """The run that each lies within, of those that lie within one, by the runs that nodes belong to."""
    parents: dict[str, str] = {}
    nearest: dict[Node, str] = {}
    for node, run_id in of.items():
        path: list[Node] = []
        above = node.parent
        while above and above not in of and above not in nearest:
            path.append(above)
            above = above.parent
        found = (of.get(above) or nearest.get(above, "")) if above else ""
        nearest.update(dict.fromkeys(path, found))
        if found and found != run_id:
            parents.setdefault(run_id, found)
    return parents


def _run(project: str, run_id: str, parent: str, author: Author, spans: Sequence[Span]) -> Run:
    root = next((span for span in spans if _operation(span) == semconv.OPERATION_INVOKE_AGENT), None)
    task = next(filter(None, (attribute(span, semconv.SENTRIC_TASK) for span in spans)), "")
    events = tuple(sorted(_events(spans, root, task, author), key=_order))
    return Run(
        project=project,
        run_id=run_id,
        parent=parent,
        trace_id=spans[0].trace_id,
        agent=_first(spans, semconv.GEN_AI_AGENT_NAME),
        agent_id=_first(spans, semconv.GEN_AI_AGENT_ID),
        conversation=_first(spans, semconv.GEN_AI_CONVERSATION_ID),
        task=task,
        model=_first(spans, semconv.GEN_AI_REQUEST_MODEL),
        service=text_of(spans[0].origin.resource.get(semconv.SERVICE_NAME)),
        dialect=Sentric.name,
        started=moment(root.start if root else min(span.start for span in spans)),
        ended=moment(root.end) if root else 0,
        error=error_of(root) if root else "",
        events=events,
        coverage=_coverage(spans, root, events),
    )


def _order(event: AnyEvent) -> tuple[int, int, str, int]:
    return (event.sequence, event.time, event.span_id, event.ordinal)


def _operation(span: Span) -> str:
    return attribute(span, semconv.GEN_AI_OPERATION_NAME)


def _first(spans: Iterable[Span], name: str) -> str:
    return next(filter(None, (attribute(span, name) for span in spans)), "")


def _events(spans: Sequence[Span], root: Span | None, task: str, author: Author) -> Iterator[AnyEvent]:
    if task:
        yield Message(
            sequence=_sequence(root.attributes, semconv.SENTRIC_SEQUENCE) if root else 0,
            time=moment((root or spans[0]).start),
            span_id=root.span_id if root else "",
            ordinal=_TASK,
            author=author,
            text=task,
        )
    for span in spans:
        yield from _carried(span)
        if _operation(span) == semconv.OPERATION_CHAT and semconv.SENTRIC_SEQUENCE in span.attributes:
            yield _answer(span)
        if _operation(span) == semconv.OPERATION_EXECUTE_TOOL:
            action = _action(span)
            yield action
            yield from _outcome(span, action)


def _carried(span: Span) -> Iterator[AnyEvent]:
    """Messages, then observations, that a span brings along."""
    ordinal = _CARRIED
    for record in objects(span.attributes.get(semconv.SENTRIC_MESSAGES))[0]:
        yield Message(
            sequence=_sequence(record, "sequence"),
            time=_time(record, span),
            span_id=span.span_id,
            ordinal=ordinal,
            author=_member(Author, record.get("author"), Author.MODEL),
            text=text_of(record.get("text")),
        )
        ordinal += 1
    for record in objects(span.attributes.get(semconv.SENTRIC_OBSERVATIONS))[0]:
        yield Observation(
            sequence=_sequence(record, "sequence"),
            time=_time(record, span),
            span_id=span.span_id,
            ordinal=ordinal,
            source=_member(Source, record.get("source"), Source.RESOURCE),
            origin=text_of(record.get("origin")),
            text=text_of(record.get("text")),
            truncated=record.get("truncated") is True,
        )
        ordinal += 1


def _time(record: Mapping[Any, Any], span: Span) -> int:
    """When something that a span brings along happened: as it says, else when the span took it up."""
    value = record.get("time")
    if type(value) is int and value > 0:
        return moment(value)
    return moment(span.end if _operation(span) == semconv.OPERATION_INVOKE_AGENT else span.start)


def _answer(span: Span) -> Message:
    """What a model answered: its words are the reasoning of the actions they led to, so here is what they took."""
    return Message(
        sequence=_sequence(span.attributes, semconv.SENTRIC_SEQUENCE),
        time=moment(max(span.start, span.end)),
        span_id=span.span_id,
        ordinal=_ANSWER,
        author=Author.MODEL,
        text="",
        input_tokens=count_of(span.attributes.get(semconv.GEN_AI_USAGE_INPUT_TOKENS)),
        output_tokens=count_of(span.attributes.get(semconv.GEN_AI_USAGE_OUTPUT_TOKENS)),
    )


def _action(span: Span) -> Action:
    arguments, cut = arguments_of(span.attributes.get(semconv.GEN_AI_TOOL_CALL_ARGUMENTS))
    context, _ = arguments_of(span.attributes.get(semconv.SENTRIC_ACTION_CONTEXT))
    return Action(
        sequence=_sequence(span.attributes, semconv.SENTRIC_SEQUENCE),
        time=moment(span.start),
        span_id=span.span_id,
        ordinal=_ACTION,
        tool=attribute(span, semconv.GEN_AI_TOOL_NAME),
        call_id=attribute(span, semconv.GEN_AI_TOOL_CALL_ID),
        server=attribute(span, semconv.SENTRIC_ACTION_SERVER),
        arguments=arguments or {},
        kind=_member(Kind, span.attributes.get(semconv.SENTRIC_ACTION_KIND), Kind.OTHER),
        effects=frozenset(_effects(span.attributes.get(semconv.SENTRIC_ACTION_EFFECTS))),
        url=attribute(span, semconv.URL_FULL),
        element=_element(span),
        reasoning=Reasoning(
            thinking=attribute(span, semconv.SENTRIC_REASONING_THINKING),
            evaluation=attribute(span, semconv.SENTRIC_REASONING_EVALUATION),
            memory=attribute(span, semconv.SENTRIC_REASONING_MEMORY),
            next_goal=attribute(span, semconv.SENTRIC_REASONING_NEXT_GOAL),
        ),
        context=context or {},
        truncated=cut or bool(_cut(span) & _OF_ACTION),
        uncaptured=arguments is None,
        state=_state(span),
        score=_score(span),
    )


def _state(span: Span) -> AgentState | None:
    """What the agent had added up to, where the guard held it to its verdicts."""
    if semconv.SENTRIC_STATE_RISK not in span.attributes:
        return None
    return AgentState(
        risk=count_of(span.attributes.get(semconv.SENTRIC_STATE_RISK)),
        strikes=count_of(span.attributes.get(semconv.SENTRIC_STATE_STRIKES)),
        enforced=True,
        stopped=attribute(span, semconv.SENTRIC_STATE_STOPPED),
    )


def _score(span: Span) -> Score | None:
    """What a model had said of it. Whatever is not plainly said counts as above the threshold."""
    if semconv.SENTRIC_SCORE_DECISION not in span.attributes:
        return None
    return Score(
        risk=min(count_of(span.attributes.get(semconv.SENTRIC_SCORE_RISK)), 100),
        decision=_member(Decision, span.attributes[semconv.SENTRIC_SCORE_DECISION], Decision.ASK),
        explanation=attribute(span, semconv.SENTRIC_SCORE_EXPLANATION),
        model=attribute(span, semconv.SENTRIC_SCORE_MODEL),
    )


def _outcome(span: Span, action: Action) -> Iterator[Outcome]:
    result = attribute(span, semconv.GEN_AI_TOOL_CALL_RESULT)
    refused = bool(attribute(span, semconv.SENTRIC_REFUSED))
    error = "" if refused else attribute(span, semconv.SENTRIC_OUTCOME_ERROR) or error_of(span)
    if not (result or error or refused or semconv.SENTRIC_OUTCOME_SEQUENCE in span.attributes):
        return
    yield Outcome(
        sequence=_sequence(span.attributes, semconv.SENTRIC_OUTCOME_SEQUENCE),
        time=moment(max(span.start, span.end)),
        span_id=span.span_id,
        ordinal=_OUTCOME,
        action_id=action.event_id,
        result=result,
        error=error,
        refused=refused,
        duration=moment(span.end - span.start),
        truncated=bool(_cut(span) & _OF_OUTCOME),
        uncaptured=action.uncaptured and not result,  # with content, only a result that is empty is left out
    )


def _element(span: Span) -> Element | None:
    element = Element(
        tag=attribute(span, semconv.SENTRIC_ELEMENT_TAG),
        type=attribute(span, semconv.SENTRIC_ELEMENT_TYPE),
        name=attribute(span, semconv.SENTRIC_ELEMENT_NAME),
        xpath=attribute(span, semconv.SENTRIC_ELEMENT_XPATH),
        text=attribute(span, semconv.SENTRIC_ELEMENT_TEXT),
        autocomplete=attribute(span, semconv.SENTRIC_ELEMENT_AUTOCOMPLETE),
        form_action=attribute(span, semconv.SENTRIC_ELEMENT_FORM_ACTION),
        frame_origin=attribute(span, semconv.SENTRIC_ELEMENT_FRAME_ORIGIN),
    )
    return None if element == Element() else element


def _sequence(record: Mapping[Any, Any], name: str) -> int:
    value = record.get(name)
    return value if type(value) is int and 0 <= value < _LAST else _LAST


def _member(enum: type[E], value: Any, default: E) -> E:
    try:
        return enum(value)
    except ValueError:
        return default


def _effects(value: object) -> Iterator[Effect]:
    known = {effect.value: effect for effect in Effect}
    return (known[name] for name in _names(value) if name in known)


def _names(value: object) -> frozenset[str]:
    return (
        frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else frozenset()
    )


def _cut(span: Span) -> frozenset[str]:
    """Names of the span's attributes that were cut."""
    return _names(span.attributes.get(semconv.SENTRIC_TRUNCATED))


def _coverage(spans: Sequence[Span], root: Span | None, events: Sequence[AnyEvent]) -> Coverage:
    tools = [span for span in spans if _operation(span) == semconv.OPERATION_EXECUTE_TOOL]
    guarded = sum(span.attributes.get(semconv.SENTRIC_GUARDED) is True for span in tools)
    actions = {event.event_id: event for event in events if isinstance(event, Action)}
    brought = {event.action_id for event in events if isinstance(event, Outcome) and not event.uncaptured}
    return Coverage(
        guarded=guarded,
        seen=len(tools) - guarded,
        blind=sum(action.uncaptured for name, action in actions.items() if name not in brought),
        without_arguments=sum(action.uncaptured for action in actions.values()),
        without_results=len(actions.keys() - brought),
        unheard=sum(_operation(span) == semconv.OPERATION_CHAT and _is_silent(span) for span in spans),
        truncated=sum(not isinstance(event, Message) and event.truncated for event in events)
        + sum(_cut(span).isdisjoint(_OF_ACTION) and not _cut(span).isdisjoint(_BESIDE) for span in tools),
        ended=root is not None,
        notes=tuple(_notes(spans, root, events)),
    )


def _is_silent(span: Span) -> bool:
    """Whether content was not captured."""
    return attribute(span, semconv.SENTRIC_CAPTURE) == "metadata"


def _notes(spans: Sequence[Span], root: Span | None, events: Iterable[AnyEvent]) -> Iterator[str]:
    if root is None:
        yield "The run's own end was not seen: its last events may be missing."
    elif changed := sorted(_names(root.attributes.get(semconv.SENTRIC_SETTING_CHANGED))):
        yield f"Settings that loosen a default were in force: {', '.join(changed)}."
    if uncovered := attribute(root, semconv.SENTRIC_UNGUARDED) if root else "":
        yield f"Not guarded in this framework: {uncovered}."
    if any(map(_is_silent, spans)):
        yield "Content was not captured."
    if not all(objects(span.attributes.get(name))[1] for span in spans for name in _BROUGHT):
        yield "Some messages or texts that spans bring along could not be read."
    if any(isinstance(event, Action | Outcome) and event.sequence == _LAST for event in events):
        yield "Some events have lost their numbers, and stand after all others."
