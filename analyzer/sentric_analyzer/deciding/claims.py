"""What a guard, which has seen the whole run, says it has made of an action: a claim, which describes only itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from sentric.events import JsonValue
from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import ACTION, Decision, Rule, Severity
from sentric.policy.verdict import Basis, Evidence, Match
from sentric.redaction import Redactor

MOST_RULES = 128
"""Matched rules that one claim can have."""
MOST_EVIDENCE = 64
"""Values that a matched rule rests on."""
LONGEST_RULE_ID = 128
LONGEST_TITLE = 512
LONGEST_VALUE = 2048
"""Most characters of a value, and of why a rule could not be evaluated."""
_BUILT_IN = {rule.id: rule for rule in BUILT_IN}
_PACK = "guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRule:
    """A rule that matched, as the guard states it."""

    rule_id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    """0 to 100."""
    would: Decision | None = None
    """What it would decide, were it not in shadow."""
    error: str = ""
    """Why it could not be evaluated, where it counts as matched for that reason."""
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    score: bool = False
    """Whether it wants a language model to be asked, and none was."""

    def match(self) -> Match:
        """The match that it amounts to: of a rule of the engine's own where it is one."""
        rule = Rule(
            id=self.rule_id,
            title=self.title,
            severity=self.severity,
            decision=self.would or self.decision,
            shadow=self.would is not None,
            risk=self.risk,
            category="",
            on=(ACTION,),
            pack=_PACK,
            score=self.score,
        )
        evidence = tuple(Evidence(name, value) for name, value in self.evidence.items())
        basis = Basis.FAILURE if self.error else Basis.CONDITION
        return Match(_BUILT_IN.get(self.rule_id, rule), evidence, basis, self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A guard's verdict."""

    rules: tuple[ClaimedRule, ...] = ()
    policy_digest: str

    def matches(self, redactor: Redactor) -> tuple[Match, ...]:
        """The rules that matched, with their texts redacted."""
        texts: JsonValue = [[rule.title, rule.error, dict(rule.evidence)] for rule in self.rules]
        redacted = cast("list[tuple[str, str, dict[str, str]]]", redactor.value(texts))
        return tuple(
            replace(rule, title=title, error=error, evidence=evidence).match()
            for rule, (title, error, evidence) in zip(self.rules, redacted, strict=True)
        )
