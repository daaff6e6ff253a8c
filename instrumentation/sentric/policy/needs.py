"""What rules need to have been captured, and which of them a run could therefore not be judged by.

Nothing here is asked before an action runs: what a rule needs is worked out when a recorded run is judged, once for
each policy, from the rule's own condition and from what each signal says that it reads.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sentric.events import Action, AnyEvent, Author, Kind, Message, Observation, Outcome, Run, Source
from sentric.policy.content import OWN, Content, Reads
from sentric.policy.rule import Over, Policy, Rule, RuleType, Scope
from sentric.policy.signals.family import read_for
from sentric.policy.signals.registry import FAMILIES
from sentric.policy.syntax import sought
from sentric.policy.text_rules import scope_of
from sentric.policy.variables import declared, signal
from sentric.policy.verdict import NotEvaluated

ON_PAGES = frozenset({Kind.CLICK, Kind.INPUT, Kind.SUBMIT})
"""Actions that are about an element of a page."""
_NOTHING = Reads()
_EVERY = tuple(Content)
_SEARCHED = {
    Over.ARGUMENTS: Content.ARGUMENTS,
    Over.RESULT: Content.RESULTS,
    Over.REASONING: Content.WORDS,
    Over.MESSAGE: Content.WORDS,
}
_OF_VARIABLES: Mapping[str, Reads] = {
    "run.task": frozenset({Content.TASK}),
    "run.has_task": frozenset({Content.TASK}),
    "action.arguments": frozenset({Content.ARGUMENTS}),
    "action.reasoning": frozenset({Content.WORDS}),
    "action.url": frozenset({Content.PAGE}),
}
"""Of those variables that are no signals. Others of an action are known whenever the action is."""


def needs(rule: Rule) -> Mapping[Scope, Reads]:
    """What must have been captured for a rule to match, in each scope that it looks at."""
    if rule.type is not RuleType.CEL:
        return {
            scope: frozenset(_SEARCHED[over] for over in rule.over if scope_of(over) is scope)
            for scope in dict.fromkeys(map(scope_of, rule.over))
        }
    return {scope: _of_condition(rule.when, scope) for scope in Scope if _looks_at(rule, scope)}


def needs_of(rule: Rule) -> tuple[Content, ...]:
    """The same, in any scope."""
    needed = _NOTHING.union(*needs(rule).values())
    return tuple(content for content in _EVERY if content in needed)


def not_evaluated(policy: Policy, run: Run, *, has_task: bool, matched: Collection[str]) -> tuple[NotEvaluated, ...]:
    """The rules of which it says nothing that they did not match, or not of all steps.

    Args:
        policy: the rules in force for the run.
        run: a recorded run.
        has_task: whether the human's words are known, from an earlier run of the conversation too.
        matched: ids of rules that matched: they are evaluated, whatever was missing.
    """
    steps = _steps(run, has_task=has_task)
    lacking = _NOTHING.union(*(step.lacks for step in steps))
    concerned = (one for one in _plan(policy) if not one.everything.isdisjoint(lacking))
    found = (_judged(one.rule, one.reads, steps) for one in concerned)
    return tuple(one for one in found if one and (one.steps < one.of or one.rule_id not in matched))


@dataclass(frozen=True, slots=True)
class _Needs:
    """A rule with what it needs, in each scope and in any."""

    rule: Rule
    reads: Mapping[Scope, Reads]
    everything: Reads


@dataclass(frozen=True, slots=True)
class _Step:
    """What a step of a run lacks."""

    kind: Kind
    lacks: Reads

    def is_for(self, rule: Rule) -> bool:
        """Whether a rule about actions looks at it; what kind it is cannot always be told without arguments."""
        unknown = self.kind is Kind.OTHER and Content.ARGUMENTS in self.lacks
        return rule.applies_to(self.kind) or (unknown and _looks_at(rule, Scope.ACTION))


def _judged(rule: Rule, needed: Mapping[Scope, Reads], steps: Mapping[_Step, int]) -> NotEvaluated | None:
    """What a rule lacks; of a rule that looks at several sorts of events, in each."""
    missing = set[Content]()
    blind = looked = 0
    for scope, reads in needed.items():
        for step, wanted in _wanted(rule, scope, reads, steps):
            lacking = wanted & step.lacks
            missing |= lacking
            blind += steps[step] if lacking else 0
            looked += steps[step]
    named = tuple(content.value for content in _EVERY if content in missing)
    return NotEvaluated(rule.id, named, blind, looked) if blind else None


def _wanted(rule: Rule, scope: Scope, reads: Reads, steps: Mapping[_Step, int]) -> Iterator[tuple[_Step, Reads]]:
    """What is wanted of each step.

    A rule about texts wants each one's; one about actions the actions it looks at, and where there are any, the
    results of all, with which it compares them.
    """
    looks_at = {step for step in steps if scope is not Scope.ACTION or step.is_for(rule)}
    for step in steps if looks_at else ():
        wanted = reads if step in looks_at else reads & {Content.RESULTS}
        if wanted:
            yield step, wanted


@lru_cache(maxsize=16)
def _plan(policy: Policy) -> Sequence[_Needs]:
    """The rules that need anything, with what that is."""
    needed = ((rule, needs(rule)) for rule in policy.rules)
    return [_Needs(rule, reads, _NOTHING.union(*reads.values())) for rule, reads in needed if any(reads.values())]


@lru_cache(maxsize=2048)
def _of_condition(when: str, scope: Scope) -> Reads:
    return _NOTHING.union(*(_of_variable(name, scope) for name in sought(when, declared(scope))))


def _of_variable(name: str, scope: Scope) -> Reads:
    if found := signal(name):
        return read_for(FAMILIES[found[0]], found[1], scope)
    if name.startswith("action.element"):
        return frozenset({Content.PAGE})
    if name.startswith(("observation.", "message.")):
        return frozenset({OWN[scope]})
    return _OF_VARIABLES.get(name, _NOTHING)


def _looks_at(rule: Rule, scope: Scope) -> bool:
    others = (Scope.OBSERVATION.value, Scope.MESSAGE.value)
    return scope.value in rule.on if scope.value in others else any(name not in others for name in rule.on)


def _steps(run: Run, *, has_task: bool) -> Mapping[_Step, int]:
    """How many steps of each sort there are. Of a run without any, the calls of models that nobody heard are steps."""
    of_run = frozenset(_missing(run.events, has_task=has_task))
    known = {event.action_id for event in run.events if isinstance(event, Outcome) and not event.uncaptured}
    steps = Counter(
        _Step(event.kind, of_run | frozenset(_lacks(event, known))) for event in run.events if isinstance(event, Action)
    )
    if steps:
        return steps
    if run.coverage.unheard:
        unseen = of_run | {Content.ARGUMENTS, Content.RESULTS, Content.WORDS}
        return {_Step(Kind.OTHER, unseen): run.coverage.unheard}
    return {_Step(Kind.OTHER, of_run): 1}


def _missing(events: Sequence[AnyEvent], *, has_task: bool) -> Iterator[Content]:
    """What is missing of a whole run."""
    if not has_task:
        yield Content.TASK
    if not any(_is_told(event) for event in events):
        yield Content.WORDS
    if not any(isinstance(event, Observation) and event.source is Source.TOOL_DEFINITION for event in events):
        yield Content.DEFINITIONS


def _is_told(event: AnyEvent) -> bool:
    """Whether an event tells words of a model."""
    if isinstance(event, Message):
        return event.author is Author.MODEL and bool(event.text)
    return isinstance(event, Action) and bool(event.reasoning.text)


def _lacks(action: Action, known: Collection[str]) -> Iterator[Content]:
    if action.uncaptured:
        yield Content.ARGUMENTS
    if action.event_id not in known:
        yield Content.RESULTS
    if action.kind in ON_PAGES and not (action.url and action.element):
        yield Content.PAGE
