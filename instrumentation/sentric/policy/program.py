"""The rules that look at one sort of event, compiled: what matches, and why."""

from collections.abc import Sequence
from functools import lru_cache

from sentric.policy.expression import Condition
from sentric.policy.readers.words.text import excerpt
from sentric.policy.rule import Rule, RuleType, Scope
from sentric.policy.text_rules import TextRules
from sentric.policy.variables import Getter, Moment, Value, getter
from sentric.policy.verdict import Basis, Evidence, Match

EVIDENCE_LIMIT = 400
"""Longest evidence value, in characters."""
PROJECTED = "run.projected_risk"
"""The variable that is known only when the other rules have been judged."""

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
        self._when: list[tuple[Getter, list[int]]] = []
        self._plan()

    def matches(self, moment: Moment) -> tuple[Match, ...]:
        """The rules that match an event, in their order."""
        worded = self._texts.matching(moment.event)
        candidates = {*self._always, *worded}
        for ask, rules in self._when:
            if ask(moment):
                candidates.update(rules)
        found: list[Match] = []
        for index in sorted(candidates):
            rule = self.rules[index]
            if index in worded:
                found.append(_worded(rule, moment, *worded[index]))
            elif outcome := self._outcome(index, moment):
                found.append(_match(rule, moment, outcome))
        return tuple(found)

    def _plan(self) -> None:
        """Note which rules must be evaluated always, and which only when something is the case."""
        by_need: dict[str, list[int]] = {}
        for index, condition in enumerate(self._conditions):
            if condition is not None and condition.needs is None:
                self._always.append(index)
            for name in sorted(condition.needs or ()) if condition is not None else ():
                by_need.setdefault(name, []).append(index)
        self._when = [(_asked(name, self.scope), rules) for name, rules in by_need.items()]

    def _outcome(self, index: int, moment: Moment) -> bool | str:
        condition = self._conditions[index]
        return condition.evaluate(tuple(map(moment.value, condition.names))) if condition is not None else False


def _asked(name: str, scope: Scope) -> Getter:
    """Signals are at hand; other values may be dear, and are made once."""
    return getter(name, scope) if name.startswith("signals.") else lambda moment: moment.value(name)


def _match(rule: Rule, moment: Moment, outcome: bool | str) -> Match:
    evidence = _evidence(rule, moment)
    if outcome is True:
        return Match(rule, evidence)
    return Match(rule, evidence, Basis.FAILURE, f"could not be evaluated: {outcome}")


def _worded(rule: Rule, moment: Moment, over: str, words: str) -> Match:
    event = moment.event
    found = Evidence(over, excerpt(words), event.event_id, event.span_id)
    return Match(rule, (found, *_evidence(rule, moment)))


def is_late(rule: Rule) -> bool:
    """Whether a rule can be judged only when the risk of the others is known."""
    return PROJECTED in rule.when or PROJECTED in rule.evidence


def built_in(rule: Rule, moment: Moment, *, again: bool) -> Match:
    """The match of a rule that the engine judges itself; `again` where the run's findings tell it already."""
    return Match(rule, _evidence(rule, moment.again()), again=again)


def _evidence(rule: Rule, moment: Moment) -> tuple[Evidence, ...]:
    event = moment.event
    stated = ((name, moment.value(name)) for name in rule.evidence)
    return tuple(Evidence(name, shown(value), event.event_id, event.span_id) for name, value in stated if value != "")


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
