"""Rules, packs and policies as data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha256
from typing import Any

from sentric.events import AnyEvent, Kind
from sentric.events import Decision as Decision  # noqa: PLC0414  # what rules say, though events tell it too
from sentric.policy.rollout import ErrorBudget, budget_for, fits
from sentric.policy.tool_meaning import ToolMeaning


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


_SEVERITIES = tuple(Severity)


class Maturity(StrEnum):
    """Whether a rule has earned trust. Only stable rules are on by default."""

    STABLE = "stable"
    INCUBATING = "incubating"
    DEPRECATED = "deprecated"


class Scope(StrEnum):
    """What a rule looks at, and so which variables it has."""

    ACTION = "action"
    OBSERVATION = "observation"
    MESSAGE = "message"


ACTION = Scope.ACTION.value
"""In a rule's `on`: an action of any kind."""
OBSERVATION = Scope.OBSERVATION.value
"""In a rule's `on`: text that came into the model's view, tool results too."""
MESSAGE = Scope.MESSAGE.value
"""In a rule's `on`: the model's own words."""
SENDING = "action.message"
"""In a rule's `on`: actions of the kind `message`, whose plain name there means the model's own words."""
LOOKS_AT = (*Scope, *(SENDING if kind is Kind.MESSAGE else kind.value for kind in Kind))
"""What a rule's `on` may name."""


class RuleType(StrEnum):
    """How a rule says what it matches."""

    CEL = "cel"
    """By a condition, `when`."""
    REGEX = "regex"
    """By a regular expression of RE2's syntax, `pattern`, searched in texts."""
    PHRASES = "phrases"
    """By words or phrases, `a|b|c`, whatever their case and the white space in them."""


class Over(StrEnum):
    """What texts a rule with a pattern searches."""

    ARGUMENTS = "arguments"
    """What a tool is given."""
    RESULT = "result"
    """What came into the model's view: results of tools, pages, documents, descriptions of tools."""
    REASONING = "reasoning"
    """Why the model did something, in its own words."""
    MESSAGE = "message"
    """What the model says."""


@dataclass(frozen=True, slots=True)
class Example:
    """A short recorded run that a rule must, or must not, match."""

    name: str
    events: tuple[AnyEvent, ...]
    line: int = 0
    tuning: tuple[tuple[str, Any], ...] = ()
    """Names of fields of `Tuning`, and their values, where the example needs others than the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as its pack states it."""

    id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    category: str
    type: RuleType = RuleType.CEL
    when: str = ""
    """A CEL condition over run, action, observation or message, and signals."""
    pattern: str = ""
    """What a regex or phrases rule searches for."""
    over: tuple[Over, ...] = ()
    """Where it searches."""
    score: bool = False
    """Whether a language model may be asked how risky a matched action is. Its answer can only raise the risk."""
    on: tuple[str, ...]
    """Names out of `LOOKS_AT`."""
    description: str = ""
    remediation: str = ""
    references: tuple[str, ...] = ()
    maturity: Maturity = Maturity.STABLE
    evidence: tuple[str, ...] = ()
    """Names of the variables whose values go into the finding."""
    match: tuple[Example, ...] = ()
    no_match: tuple[Example, ...] = ()
    pack: str = ""
    default: bool = True
    """Whether its pack is on where a policy does not name it."""
    shadow: bool = False
    """Whether the policy lets it count as a warning at most."""
    file: str = ""
    line: int = 0

    def counted(self, decision: Decision) -> Decision:
        """What of a decision of this rule counts."""
        return min(decision, Decision.WARN, key=Decision.rank) if self.shadow else decision

    def applies_to(self, kind: Kind) -> bool:
        """Whether the rule looks at actions of this kind."""
        return ACTION in self.on or (SENDING if kind is Kind.MESSAGE else kind.value) in self.on


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a policy sets for the signals. Everything here that loosens a rule is shown in reports."""

    allow_loopback: bool = False
    """Treat loopback addresses as a secure origin: for development against a local server."""
    allowed_domains: tuple[str, ...] = ()
    """Registered domains that every task may use."""
    allowed_recipients: tuple[str, ...] = ()
    """Who every task may send to: addresses, or their domains."""
    trusted_sources: tuple[str, ...] = ()
    """Tools and sites, with * and ?, whose texts may tell the agent what to do: a handbook, a knowledge base."""
    allowed_tools: tuple[str, ...] = ()
    """Names of tools that every task may use: `tool`, or `server/tool`."""
    closed: tuple[str, ...] = ()
    """Which of these allow-lists are whole, so that anything outside them matches a rule: domains, tools,
    recipients."""
    protected_domains: tuple[str, ...] = ()
    """Sites that look-alike domains are compared with, besides the shipped list and the task's own."""
    repeats: int = 3
    """How many times the same action makes a loop."""
    lexicon: tuple[ToolMeaning, ...] = ()
    """What tools do, by patterns of their names: before what the names themselves say."""
    vendors: tuple[str, ...] = ()
    """Whom payments may go to without a question: names, accounts or domains."""
    amount_limit: float = 100.0
    """Largest amount of a payment that needs no approval."""
    amount_currency: str = ""
    """Currency of that limit: amounts in another one count as over it; empty for any."""
    record_limit: int = 100
    """Records that a query or an export may take without a question."""
    personal_data_limit: int = 10
    """Different items of personal data (cards, accounts, social security numbers, e-mail addresses, telephone numbers)
    that make what is sent at once a volume of them."""
    required_documents: tuple[str, ...] = ()
    """Documents that a notice of approval must name or attach, each `word` or `word|other word`; empty for any one."""
    production: tuple[str, ...] = ("production", "prod", "live", "prd")
    """Words that name what is in production."""
    pinned_tools: tuple[str, ...] = ()
    """Definitions that tools must have, each as `tool=digest` or `server/tool=digest`."""
    max_steps: int = 5000
    """Actions of one run that are its budget; 0 for no limit."""
    max_tokens: int = 50_000_000
    """Tokens that the models of one run may read and write; 0 for no limit."""
    max_seconds: int = 86_400
    """Seconds from a run's first event to its last; 0 for no limit."""
    max_cost: float = 0.0
    """Cost of the tokens of one run, in the currency of the prices; 0 for no limit."""
    input_token_price: float = 0.0
    """Price of a million tokens read."""
    output_token_price: float = 0.0
    """Price of a million tokens written."""

    def loosened(self) -> tuple[str, ...]:
        """Names of the settings here that let more pass than the default."""
        return tuple(name for name in self.__slots__ if self._is_loosened(name))

    def _is_loosened(self, name: str) -> bool:
        value, usual = getattr(self, name), getattr(_UNTUNED, name)
        if name in _ALLOWING:
            return bool(value)
        if name in _LIMITS:
            return bool(value > usual or (value == 0 < usual and name in _UNLIMITED))
        return name == "production" and not set(value) >= set(usual)


_UNTUNED = Tuning()
_ALLOWING = frozenset(
    {
        "allow_loopback",
        "allowed_domains",
        "allowed_recipients",
        "allowed_tools",
        "trusted_sources",
        "vendors",
        "lexicon",
    }
)
_UNLIMITED = frozenset({"max_steps", "max_tokens", "max_seconds"})
"""Limits of which 0 means none."""
_LIMITS = _UNLIMITED | {"repeats", "amount_limit", "record_limit", "personal_data_limit"}


@dataclass(frozen=True, slots=True)
class Override:
    """What a policy changes of one rule; None for what stays as it is."""

    enabled: bool | None = None
    severity: Severity | None = None
    decision: Decision | None = None
    risk: int | None = None
    shadow: bool | None = None

    def changes(self) -> dict[str, Any]:
        """The fields of the rule that change."""
        stated = {name: getattr(self, name) for name in ("severity", "decision", "risk", "shadow")}
        return {name: value for name, value in stated.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Layer:
    """Part of a policy: what it changes, for every run or for some.

    A value of a later layer stands instead of that of an earlier one: lists are not joined.
    """

    agent: str = "*"
    """Pattern of agent names, in the shell's manner."""
    project: str = "*"
    overrides: tuple[tuple[str, Override], ...] = ()
    """Rule ids and what changes of them."""
    tuning: tuple[tuple[str, Any], ...] = ()
    """Names of fields of `Tuning`, and their values."""
    shadow: tuple[str, ...] = ()
    """Patterns of the ids of rules that are held in shadow; overrides have the last word."""

    def holds_for(self, project: str, agent: str) -> bool:
        """Whether the layer is about a run."""
        return fnmatchcase(agent, self.agent) and fnmatchcase(project, self.project)


def applied(
    layers: "tuple[Layer, ...]", rules: tuple[Rule, ...], tuning: Tuning, off: frozenset[str] = frozenset()
) -> tuple[tuple[Rule, ...], Tuning, frozenset[str]]:
    """Change rules and tuning as some layers say, the first one first.

    Args:
        layers: what to change.
        rules: all rules there are.
        tuning: as it is below the layers.
        off: ids of the rules that are not in force below the layers.

    Returns:
        The rules, those not in force too; the tuning; the ids of those not in force.
    """
    by_id = {rule.id: rule for rule in rules}
    disabled = set(off)
    for layer in layers:
        tuning = replace(tuning, **dict(layer.tuning))
        for name, one in by_id.items() if layer.shadow else ():
            if fits(name, layer.shadow):
                by_id[name] = replace(one, shadow=True)
        for name, override in layer.overrides:
            if changes := override.changes():
                by_id[name] = replace(by_id[name], **changes)
            if override.enabled is not None:
                (disabled.discard if override.enabled else disabled.add)(name)
    return tuple(by_id.values()), tuning, frozenset(disabled)


def weaker(rules: tuple[Rule, ...], in_force: tuple[Rule, ...]) -> tuple[str, ...]:
    """The ids of rules that are not in force, or decide less than they did."""
    now = {rule.id: rule.decision.rank() for rule in in_force}
    return tuple(rule.id for rule in rules if now.get(rule.id, -1) < rule.decision.rank())


SHADOW = "shadow"
"""Among what lets more pass than the default: that there are rules in shadow."""
_DECIDING = ("id", "severity", "decision", "risk", "type", "when", "pattern", "over", "on", "evidence", "score")
RUNS_KEPT = 64
"""Combinations of layers for which a policy is kept ready."""


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules in force, identified by their digest."""

    rules: tuple[Rule, ...]
    tuning: Tuning = field(default_factory=Tuning)
    name: str = ""
    layers: tuple[Layer, ...] = ()
    """What changes for some agents or projects."""
    off: tuple[Rule, ...] = ()
    """Rules that are not in force, but that a layer may turn on."""
    weakened: tuple[str, ...] = ()
    """Rules that are off, or decide less, by word of the policy."""
    error_budgets: tuple[tuple[str, ErrorBudget], ...] = ()
    """Ids of rules, or patterns of them, and how many agents these may refuse before they are turned back."""
    whole: str = ""
    """Digest of the policy this one was made from, for one run; empty for a policy as it was loaded."""
    _by_layers: dict[tuple[int, ...], "Policy"] = field(
        default_factory=dict[tuple[int, ...], "Policy"], init=False, repr=False
    )

    @cached_property
    def digest(self) -> str:
        """Hash of everything that can change a verdict: not of descriptions, examples or files.

        A policy `for_run` keeps the digest of the whole one: with the run's project and agent, it says which rules.
        """
        if self.whole:
            return self.whole
        stated: Mapping[str, object] = {
            "rules": _stated(self.rules),
            "tuning": asdict(self.tuning),
            "layers": [asdict(layer) for layer in self.layers],
            "off": _stated(self.off) if self.layers else [],
        }
        return sha256(json.dumps(stated, sort_keys=True, default=sorted).encode()).hexdigest()[:16]

    def for_run(self, project: str, agent: str) -> "Policy":
        """The policy in force for one run: this one, where it says nothing special of the project or the agent."""
        places = tuple(place for place, layer in enumerate(self.layers) if layer.holds_for(project, agent))
        if not places:
            return self
        if (found := self._by_layers.get(places)) is None:
            if len(self._by_layers) >= RUNS_KEPT:
                self._by_layers.clear()  # also under another thread, which goes on with what it has found
            found = self._by_layers[places] = self._with(tuple(self.layers[place] for place in places))
        return found

    def loosened(self) -> tuple[str, ...]:
        """What lets more pass than the rules as they are written: settings, ids of rules, and `shadow`."""
        shadow = (SHADOW,) if any(rule.counted(rule.decision) != rule.decision for rule in self.rules) else ()
        return (*self.tuning.loosened(), *self.weakened, *shadow)

    def error_budget(self, rule: Rule) -> ErrorBudget | None:
        """How many agents a rule may refuse before it is turned back; None: any number."""
        severe = rule.severity.rank() >= Severity.HIGH.rank()
        return budget_for(rule.id, dict(self.error_budgets), severe=severe)

    def _with(self, layers: tuple[Layer, ...]) -> "Policy":
        were_off = frozenset(rule.id for rule in self.off)
        rules, tuning, off = applied(layers, (*self.rules, *self.off), self.tuning, were_off)
        in_force = tuple(rule for rule in rules if rule.id not in off)
        less = dict.fromkeys((*self.weakened, *weaker(self.rules, in_force)))
        return Policy(in_force, tuning, name=self.name, weakened=tuple(less), whole=self.digest)


def _stated(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    held = {"shadow": True}  # what is not held is stated as ever
    return [{name: getattr(rule, name) for name in _DECIDING} | (held if rule.shadow else {}) for rule in rules]
