"""Rules, packs and policies as data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from sentric.events import AnyEvent, Kind


class Severity(StrEnum):
    """How strongly the evidence shows harm."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _SEVERITIES.index(self)

    @property
    def number(self) -> int:
        """The OpenTelemetry SeverityNumber: 9, 13, 17, 21."""
        return 9 + 4 * self.rank()


class Decision(StrEnum):
    """How much oversight is wanted."""

    ALLOW = "allow"
    WARN = "warn"
    ASK = "ask"
    BLOCK = "block"

    def rank(self) -> int:
        """0 for allow to 3 for block."""
        return _DECISIONS.index(self)


_SEVERITIES = tuple(Severity)
_DECISIONS = tuple(Decision)


class Maturity(StrEnum):
    """Whether a rule has earned trust. Only stable rules are on by default."""

    STABLE = "stable"
    INCUBATING = "incubating"
    DEPRECATED = "deprecated"


OBSERVATION = "observation"
"""In a rule's `on`: text that came into the model's view, tool results too."""
ACTION = "action"
"""In a rule's `on`: an action of any kind."""


@dataclass(frozen=True, slots=True)
class Example:
    """A short recorded run that a rule must, or must not, match."""

    name: str
    events: tuple[AnyEvent, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as its pack states it."""

    id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    category: str
    when: str
    """A CEL condition over run, action or observation, and signals."""
    on: tuple[str, ...]
    """Action kinds, `action`, or `observation`."""
    description: str = ""
    remediation: str = ""
    references: tuple[str, ...] = ()
    maturity: Maturity = Maturity.STABLE
    evidence: tuple[str, ...] = ()
    """Names of the variables whose values go into the finding."""
    match: tuple[Example, ...] = ()
    no_match: tuple[Example, ...] = ()
    pack: str = ""
    file: str = ""
    line: int = 0

    def applies_to(self, kind: Kind) -> bool:
        """Whether the rule looks at actions of this kind."""
        return ACTION in self.on or kind.value in self.on


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a policy sets for the signals. Everything here that loosens a rule is shown in reports."""

    allow_loopback: bool = False
    """Treat loopback addresses as a secure origin: for development against a local server."""
    allowed_domains: tuple[str, ...] = ()
    """Registered domains that every task may use."""
    protected_domains: tuple[str, ...] = ()
    """Sites that look-alike domains are compared with, besides the shipped list and the task's own."""
    repeats: int = 3
    """How many times the same action makes a loop."""

    def loosened(self) -> tuple[str, ...]:
        """Names of the settings here that let more pass than the default."""
        return ("allow_loopback",) * self.allow_loopback + ("allowed_domains",) * bool(self.allowed_domains)


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules in force, identified by their digest."""

    rules: tuple[Rule, ...]
    tuning: Tuning = field(default_factory=Tuning)

    @cached_property
    def digest(self) -> str:
        """Hash of everything that can change a verdict: not of descriptions, examples or files."""
        deciding = ("id", "severity", "decision", "risk", "when", "on", "evidence")
        rules = [{name: getattr(rule, name) for name in deciding} for rule in self.rules]
        stated: Mapping[str, object] = {"rules": rules, "tuning": asdict(self.tuning)}
        return sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]
