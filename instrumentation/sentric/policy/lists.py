"""Lists of rules in a simpler shape than ours, read into packs and written from them.

    rules:
      - {name: Drop table, type: regex, pattern: "(?i)drop +table", severity: critical, decision: block, enabled: true}

Their `nlp` rules are our phrases, their severities info, warning and critical our low, medium and critical. Their rules
search every text there is. A rule that is not enabled becomes an incubating one, which is off too.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from sentric.errors import PolicyError
from sentric.policy.document import SIZE_LIMIT, Problems, Reader
from sentric.policy.document import read as read_document
from sentric.policy.rule import Decision, Maturity, Over, Rule, RuleType, Severity
from sentric.policy.text_rules import PatternError, expression, scope_of

_KEYS = ("name", "type", "pattern", "severity", "decision", "enabled", "description")
_REQUIRED = ("name", "type", "pattern", "severity", "decision")
RISKS = {Severity.LOW: 5, Severity.MEDIUM: 20, Severity.CRITICAL: 60}
"""Risk given to a rule that was read from a list: such lists have no risks."""

_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NO_WORDS = "Read from a list that says nothing more of it."


class ListType(StrEnum):
    """Types of rules in a list."""

    REGEX = "regex"
    NLP = "nlp"


class ListSeverity(StrEnum):
    """Severities in a list."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class ListDecision(StrEnum):
    """Decisions in a list."""

    ALLOW = "allow"
    WARN = "warn"
    BLOCK = "block"


_TYPES = {ListType.REGEX: RuleType.REGEX, ListType.NLP: RuleType.PHRASES}
_SEVERITIES = {
    ListSeverity.INFO: Severity.LOW,
    ListSeverity.WARNING: Severity.MEDIUM,
    ListSeverity.CRITICAL: Severity.CRITICAL,
}


def read_list(path: Path) -> tuple[Rule, ...]:
    """Read a list, in YAML or JSON.

    Raises:
        PolicyError: everything that is wrong with it, each with its file and line; two names that make one id too.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise PolicyError([f"{path}: cannot be read: {reason}"]) from None
    return read_list_text(text, str(path))


def read_list_text(text: str, name: str) -> tuple[Rule, ...]:
    """Read a list, in YAML or JSON, from its text.

    Args:
        text: the list.
        name: what problems call it.

    Raises:
        PolicyError: everything that is wrong with it, each with its line; two names that make one id too.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        text = _as_yaml(text)
    reading = _Reading()
    read_document(name, text, reading.problems, reading.root)
    reading.problems.raise_any()
    return tuple(reading.rules.values())


def pack_of(rules: Iterable[Rule], name: str) -> str:
    """A pack file of rules that were read from a list."""
    stated = [_stated(rule) for rule in rules]
    return _yaml({"pack": name, "rules": stated})


@dataclass(frozen=True, slots=True)
class Written:
    """A list made from rules."""

    rules: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]
    """What such a list cannot say: ids and reasons."""

    def text(self) -> str:
        """The list as YAML."""
        return _yaml({"rules": list(self.rules)})


def list_of(rules: Iterable[Rule]) -> Written:
    """Write rules as a list. What a list cannot say is left out, and named."""
    written: list[dict[str, Any]] = []
    left_out: list[str] = []
    for rule in rules:
        if why := next(_unsayable(rule), ""):
            left_out.append(f"{rule.id}: {why}")
        else:
            written.append(_listed(rule))
    return Written(tuple(written), tuple(left_out))


def slug(name: str) -> str:
    """A name as the id of a rule: `Drop Table!` becomes `drop-table`; "" where it has no letter or digit."""
    spelt = unicodedata.normalize("NFKD", name)
    words = re.findall(r"[a-z0-9]+", spelt.encode("ascii", "ignore").decode().lower())
    if 2 * sum(map(len, words)) < sum(map(str.isalnum, spelt)):  # names in other scripts are told apart by a digest
        words.append("x" + sha256(name.encode("utf-8", "replace")).hexdigest()[:8])
    return "-".join(words)


def _as_yaml(text: str) -> str:
    """JSON as YAML reads it: pairs of surrogates as one escape, and what only JSON takes raw within texts escaped."""
    text = text.removeprefix("\ufeff").replace(
        "\t", " "
    )  # JSON has no tabs within its texts, YAML none outside of them
    paired = _SURROGATES.sub(lambda pair: f"{pair[1]}\\U{_code_point(pair[2], pair[3]):08x}", text)
    return _RAW.sub(lambda char: f"\\u{ord(char[0]):04x}", paired)


def _code_point(high: str, low: str) -> int:
    return 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00


@dataclass(slots=True)
class _Reading:
    """The rules of a list so far and everything wrong so far."""

    problems: Problems = field(default_factory=Problems)
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])

    def root(self, root: Reader) -> None:
        entries = root.mapping(known=("rules",), required=("rules",))
        for item in entries["rules"].items() if "rules" in entries else ():
            if (rule := _read(item)) is not None:
                self._add(item, rule)

    def _add(self, item: Reader, rule: Rule) -> None:
        twin = self.rules.get(rule.id)
        if twin is None:
            self.rules[rule.id] = rule
        elif twin.title == rule.title:
            item.problem(f"duplicate name {rule.title!r}: it is also at {twin.file}:{twin.line}")
        else:
            item.problem(
                f"{rule.title!r} makes the same id, {rule.id}, as {twin.title!r} at {twin.file}:{twin.line}: rename one"
            )


def _read(item: Reader) -> Rule | None:
    part = item.mapping(known=_KEYS, required=_REQUIRED)
    name = part["name"].text() if "name" in part else ""
    if "name" in part and not slug(name):
        part["name"].problem(f"{name!r} has no letter or digit an id could be made of")
    form = _TYPES[part["type"].choice(ListType)] if "type" in part else RuleType.PHRASES
    severity = _SEVERITIES[part["severity"].choice(ListSeverity)] if "severity" in part else Severity.LOW
    decision = Decision(part["decision"].choice(ListDecision)) if "decision" in part else Decision.WARN
    pattern = _pattern(part["pattern"], form) if "pattern" in part and "type" in part else ""
    is_on = part["enabled"].boolean() if "enabled" in part else True
    description = part["description"].text() if "description" in part else ""
    if not part.keys() >= set(_REQUIRED):
        return None
    return Rule(
        id=slug(name),
        title=name,
        description=description,
        severity=severity,
        decision=decision,
        risk=RISKS[severity],
        category="imported",
        maturity=Maturity.STABLE if is_on else Maturity.INCUBATING,
        type=form,
        pattern=pattern,
        over=tuple(Over),
        on=tuple(dict.fromkeys(scope_of(over).value for over in Over)),
        file=item.file,
        line=item.line,
    )


def _pattern(reader: Reader, form: RuleType) -> str:
    before = len(reader.problems)
    pattern = reader.text()
    if len(reader.problems) > before:
        return pattern
    try:
        expression(form, pattern)
    except PatternError as error:
        reader.problem(str(error))
    return pattern


def _stated(rule: Rule) -> dict[str, Any]:
    """A rule as a pack states it."""
    stated: dict[str, Any] = {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description or _NO_WORDS,
        "severity": rule.severity.value,
        "decision": rule.decision.value,
        "risk": rule.risk,
        "category": rule.category,
        "type": rule.type.value,
        "pattern": rule.pattern,
        "over": ["all"],
    }
    return stated if rule.maturity is Maturity.STABLE else {**stated, "maturity": rule.maturity.value}


def _unsayable(rule: Rule) -> Iterator[str]:
    if rule.type is RuleType.CEL:
        yield "a condition cannot be said in such a list"
    if rule.severity not in _SEVERITIES.values():
        yield f"such a list has no severity {rule.severity}"
    if rule.decision.value not in {decision.value for decision in ListDecision}:
        yield f"such a list has no decision {rule.decision}"
    if set(rule.over) != set(Over):
        yield f"it searches {', '.join(rule.over)} only, and the rules of such a list search everything"
    if not set(_scopes(rule)) <= set(rule.on):
        yield f"it looks at {', '.join(rule.on)} only, and the rules of such a list look at everything"


def _scopes(rule: Rule) -> tuple[str, ...]:
    return tuple(scope_of(over).value for over in rule.over)


def _listed(rule: Rule) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "name": rule.title if slug(rule.title) == rule.id else rule.id,
        "type": next(theirs.value for theirs, ours in _TYPES.items() if ours is rule.type),
        "pattern": rule.pattern,
        "severity": next(theirs.value for theirs, ours in _SEVERITIES.items() if ours is rule.severity),
        "decision": rule.decision.value,
        "enabled": rule.maturity is Maturity.STABLE,
    }
    has_own_words = rule.description not in {"", _NO_WORDS}
    return {**listed, "description": rule.description} if has_own_words else listed


def _yaml(document: dict[str, Any]) -> str:
    readable = str(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110))
    if yaml.load(readable, Loader=yaml.CSafeLoader) == document:
        return readable
    return str(
        yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=110)
    )  # line breaks that only Unicode knows
