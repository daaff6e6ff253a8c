"""The rules that look at one sort of event, compiled: what matches, and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import compress
from operator import attrgetter

from sentric.events import Kind
from sentric.policy.expression import Condition
from sentric.policy.readers.words.text import excerpt
from sentric.policy.rule import Policy, Rule, RuleType, Scope
from sentric.policy.signals.family import Facts
from sentric.policy.signals.registry import FAMILIES
from sentric.policy.syntax import names
from sentric.policy.text_rules import TextRules
from sentric.policy.variables import Moment, Value, declared, signal
from sentric.policy.verdict import Basis, Evidence, Match

EVIDENCE_LIMIT = 400
"""Longest evidence value, in characters."""
SUMS = frozenset({"run.risk", "run.strikes", "run.stopped"})
"""Variables that say what is known of the agent, beyond this run: it may become certain after the others."""
PROJECTED = "run.projected_risk"
"""The variable that is known only when the other rules have been judged."""


class Stage(StrEnum):
    """When a rule is judged about an action."""

    FIRST = "first"
    """At once: what has added up does not matter to it."""
    SUMMED = "summed"
    """When it is certain what is known of the agent."""
    PROJECTED = "projected"
    """When the risk of all others is known."""


_Ask = Callable[[Facts], tuple[Value, ...]]
_condition = lru_cache(maxsize=2048)(Condition)


class Program:
    """Rules of one scope, in their order."""

    def __init__(self, rules: Sequence[Rule], scope: Scope) -> None:
        """Compile rules.

        Raises:
            ExpressionError: a condition cannot be compiled.
            PatternError: nor can a pattern.
        """
        self.rules, self.scope = tuple(rules), scope
        self._texts = TextRules(self.rules, scope)
        self._conditions = tuple(
            _condition(rule.when, scope) if rule.type is RuleType.CEL else None for rule in self.rules
        )
        self._always: list[int] = []
        self._when: list[tuple[str, list[int]]] = []
        self._by_family: list[tuple[int, _Ask, tuple[list[int], ...]]] = []
        self._quiet: list[Facts | None] = [None] * len(FAMILIES)
        """Facts of each family that no rule needs. A family with nothing to say states the same ones each time."""
        self._plan()

    def matches(self, moment: Moment) -> tuple[Match, ...]:
        """The rules that match an event, in their order."""
        worded = self._texts.matching(moment.event)
        candidates = self._candidates(moment)
        candidates.update(worded)
        found: list[Match] = []
        for index in sorted(candidates):
            rule = self.rules[index]
            if index in worded:
                found.append(_worded(rule, moment, *worded[index]))
            elif outcome := self._outcome(index, moment):
                found.append(_match(rule, moment, outcome))
        return tuple(found)

    def _candidates(self, moment: Moment) -> set[int]:
        """The rules whose conditions may hold: something they need is the case, or cannot be told."""
        candidates = set(self._always)
        for name, rules in self._when:
            if moment.value(name):
                candidates.update(rules)
        quiet = self._quiet
        for family, ask, each in self._by_family:
            facts = moment.facts[family]
            if facts is not quiet[family]:
                stated = ask(facts)
                if any(stated):
                    candidates.update(*compress(each, stated))
                else:
                    quiet[family] = facts
        if moment.failed:
            candidates.update(index for index, condition in enumerate(self._conditions) if _failure(condition, moment))
        return candidates

    def _plan(self) -> None:
        """Note which rules must be evaluated always, and which only when something is the case."""
        by_need: dict[str, list[int]] = {}
        for index, condition in enumerate(self._conditions):
            if condition is not None and condition.needs is None:
                self._always.append(index)
            for name in sorted(condition.needs or ()) if condition is not None else ():
                by_need.setdefault(name, []).append(index)
        of_family: dict[int, dict[str, list[int]]] = {}
        for name, rules in by_need.items():
            if (found := signal(name)) is None:
                self._when.append((name, rules))
            else:
                of_family.setdefault(found[0], {})[found[1]] = rules
        self._by_family = [(family, _fields(*asked), tuple(asked.values())) for family, asked in of_family.items()]

    def _outcome(self, index: int, moment: Moment) -> bool | str:
        condition = self._conditions[index]
        if condition is None:
            return False
        return _failure(condition, moment) or condition.evaluate(tuple(map(moment.value, condition.names)))


def _fields(*names: str) -> _Ask:
    """What reads some facts of a family at once: most are silent, and that is soon seen."""
    if len(names) > 1:
        return attrgetter(*names)
    ask = attrgetter(*names)
    return lambda facts: (ask(facts),)


def _failure(condition: Condition | None, moment: Moment) -> str:
    """Why a condition cannot be evaluated, where what it asks for cannot be told."""
    if not moment.failed or condition is None:
        return ""
    return next((moment.failed[name] for name in condition.names if name in moment.failed), "")


def _match(rule: Rule, moment: Moment, outcome: bool | str) -> Match:
    evidence = _evidence(rule, moment)
    if outcome is True:
        return Match(rule, evidence)
    return Match(rule, evidence, Basis.FAILURE, f"could not be evaluated: {outcome}")


def _worded(rule: Rule, moment: Moment, over: str, words: str) -> Match:
    event = moment.event
    found = Evidence(over, excerpt(words), event.event_id, event.span_id)
    return Match(rule, (found, *_evidence(rule, moment)))


def stage(rule: Rule) -> Stage:
    """When a rule is judged about an action, by what its condition or its evidence speaks of."""
    read = {*rule.evidence, *names(rule.when, declared(Scope.ACTION))}
    if PROJECTED in read:
        return Stage.PROJECTED
    return Stage.FIRST if read.isdisjoint(SUMS) else Stage.SUMMED


def built_in(rule: Rule, moment: Moment, *, again: bool) -> Match:
    """The match of a rule that the engine judges itself; `again` where the run's findings tell it already."""
    return Match(rule, _evidence(rule, moment.again()), again=again)


def _evidence(rule: Rule, moment: Moment) -> tuple[Evidence, ...]:
    event_id, span_id = moment.event.event_id, moment.event.span_id
    stated = [(name, moment.beginning(name, EVIDENCE_LIMIT + 1)) for name in rule.evidence]
    return tuple([Evidence(name, shown(value), event_id, span_id) for name, value in stated if value != ""])


def shown(value: Value) -> str:
    """A value as evidence shows it."""
    match value:
        case bool():
            text = str(value).lower()
        case tuple():
            text = ", ".join(value)
        case _:
            text = str(value)
    return text if len(text) <= EVIDENCE_LIMIT else text[: EVIDENCE_LIMIT - 1] + "…"


@dataclass(frozen=True, slots=True)
class Programs:
    """The rules of a policy, ready to be judged."""

    actions: Mapping[tuple[Kind, Stage], Program]
    others: Mapping[Scope, Program]

    def of(self, kind: Kind, when: Stage) -> Program:
        """The rules about actions of a kind that are judged at a stage."""
        return self.actions[kind, when]


@lru_cache(maxsize=16)
def programs(policy: Policy) -> Programs:
    """Those of a policy; made once."""
    made: dict[tuple[str, ...], Program] = {}

    def program(scope: Scope, rules: Iterable[Rule]) -> Program:
        chosen = tuple(rules)
        key = (scope, *(rule.id for rule in chosen))
        if key not in made:
            made[key] = Program(chosen, scope)
        return made[key]

    staged = [(rule, stage(rule)) for rule in policy.rules if any(map(rule.applies_to, Kind))]

    def of_kind(kind: Kind, when: Stage) -> Program:
        return program(Scope.ACTION, (rule for rule, judged in staged if judged is when and rule.applies_to(kind)))

    return Programs(
        actions={(kind, when): of_kind(kind, when) for kind in Kind for when in Stage},
        others={
            scope: program(scope, (rule for rule in policy.rules if scope in rule.on))
            for scope in (Scope.OBSERVATION, Scope.MESSAGE)
        },
    )
