"""Reads a rule as a pack file states it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sentric.event_json import EventFormatError, event_from_json
from sentric.events import Action, AnyEvent
from sentric.policy.document import Reader, near
from sentric.policy.expression import ExpressionError, check
from sentric.policy.impossible import impossible
from sentric.policy.rule import (
    LOOKS_AT,
    Decision,
    Example,
    Maturity,
    Over,
    Rule,
    RuleType,
    Scope,
    Severity,
)
from sentric.policy.text_rules import PatternError, expression, scope_of
from sentric.policy.tuning_file import read_tuning
from sentric.policy.variables import declared

T = TypeVar("T")
_NO_EXAMPLES: tuple[tuple[Example, ...], tuple[Example, ...]] = ((), ())
_NO_NAMES: tuple[str, ...] = ()
_NOWHERE: tuple[Over, ...] = ()

KEBAB = r"[a-z0-9]+(-[a-z0-9]+)*"
"""Form of the names of rules and packs."""
ALL = "all"
"""In a rule's `over`: every text there is."""

KEYS = (
    "id", "title", "description", "remediation", "severity", "decision", "risk", "category", "references",
    "maturity", "type", "on", "when", "pattern", "over", "score", "evidence", "examples",
)  # fmt: skip
"""What a rule may state, in the order in which packs state it."""
_REQUIRED = ("id", "title", "description", "severity", "decision", "risk", "category")
_OF_CONDITION = ("on", "when", "examples")
_OF_PATTERN = ("pattern", "over")
_SNAKE = r"[a-z][a-z0-9_]*"
_REFERENCE = r"(OWASP-(ASI|LLM)(0[1-9]|10)|ATLAS-T\d{4}(\.\d{3})?|CWE-\d+|https://\S+)"


def rule(reader: Reader, pack: str, *, default: bool = True, examples: bool = False) -> Rule | None:
    """Read a rule. What is wrong with it is noted; None where what it needs is missing.

    Args:
        reader: the rule.
        pack: name of its pack.
        default: whether the pack is on where a policy does not name it.
        examples: whether its examples are read.
    """
    form = _form(reader)
    required = (*_REQUIRED, *(_OF_CONDITION if form is RuleType.CEL else _OF_PATTERN))
    part = reader.mapping(known=KEYS, required=required)
    looks = _condition(part) if form is RuleType.CEL else _pattern(part, form)
    match, no_match = _read(part, "examples", _examples, _NO_EXAMPLES) if examples else _NO_EXAMPLES
    found = Rule(
        id=_read(part, "id", lambda one: one.text(matching=KEBAB, meaning="a name like credential-over-http"), ""),
        title=_read(part, "title", Reader.text, ""),
        description=_read(part, "description", Reader.text, "").strip(),
        remediation=_read(part, "remediation", Reader.text, "").strip(),
        severity=_read(part, "severity", lambda one: one.choice(Severity), Severity.LOW),
        decision=_read(part, "decision", lambda one: one.choice(Decision), Decision.ALLOW),
        risk=_read(part, "risk", lambda one: one.number(0, 100), 0),
        category=_read(
            part, "category", lambda one: one.text(matching=_SNAKE, meaning="a name like credential_exposure"), ""
        ),
        references=_read(part, "references", _references, _NO_NAMES),
        maturity=_read(part, "maturity", lambda one: one.choice(Maturity), Maturity.STABLE),
        type=form,
        on=looks.on,
        when=looks.when,
        pattern=looks.pattern,
        over=looks.over,
        score=_read(part, "score", lambda one: _score(one, _scopes(looks.on)), False),
        evidence=_read(part, "evidence", lambda one: _evidence(one, _scopes(looks.on)), _NO_NAMES),
        match=match,
        no_match=no_match,
        pack=pack,
        default=default,
        file=reader.file,
        line=reader.line,
    )
    return found if part.keys() >= set(required) else None


def _read(part: dict[str, Reader], name: str, how: Callable[[Reader], T], otherwise: T) -> T:
    return how(part[name]) if name in part else otherwise


@dataclass(frozen=True, slots=True)
class _Looks:
    """What a rule looks at, and for."""

    on: tuple[str, ...]
    when: str = ""
    pattern: str = ""
    over: tuple[Over, ...] = ()


def _form(reader: Reader) -> RuleType:
    """How the rule says what it matches; `when` alone says it by a condition."""
    return next((value.choice(RuleType) for name, value in reader.pairs() if name == "type"), RuleType.CEL)


def _condition(part: dict[str, Reader]) -> _Looks:
    _refuse(part, _OF_PATTERN, "says what it matches by a condition: it is of type regex or phrases that has")
    on = _read(part, "on", _on, _NO_NAMES)
    return _Looks(on, when=_read(part, "when", lambda one: _when(one, on), ""))


def _when(reader: Reader, on: tuple[str, ...]) -> str:
    text = reader.text().strip()
    folded = reader.node.style in {"|", ">"}
    for line, message in _faults(text, on, _scopes(on)):
        reader.problem(message, below=line if folded else line - 1)
    return text


def _faults(text: str, on: tuple[str, ...], scopes: tuple[Scope, ...]) -> list[tuple[int, str]]:
    for scope in scopes:
        try:
            check(text, scope)
        except ExpressionError as error:
            return [(error.line, str(error))]
    return list(impossible(text, on, scopes))


def _pattern(part: dict[str, Reader], form: RuleType) -> _Looks:
    _refuse(part, ("when",), f"is of type {form}: it is of type cel that has")
    over = _read(part, "over", _over, _NOWHERE)
    found = tuple(dict.fromkeys(scope_of(place) for place in over))
    on = _read(part, "on", _on, tuple(scope.value for scope in found))
    if "on" in part and over and not set(found) & set(_scopes(on)):
        part["over"].problem(f"{' and '.join(over)} are not of what the rule looks at, {', '.join(on)}")
    return _Looks(on, pattern=_read(part, "pattern", lambda one: _written(one, form), ""), over=over)


def _written(reader: Reader, form: RuleType) -> str:
    before = len(reader.problems)
    pattern = reader.text()
    if len(reader.problems) > before:
        return pattern
    try:
        expression(form, pattern)
    except PatternError as error:
        reader.problem(str(error))
    return pattern


def _over(reader: Reader) -> tuple[Over, ...]:
    known, named = (*Over, ALL), set[str]()
    before = len(reader.problems)
    for item in reader.items():
        named.add(name := str(item.plain()))
        if name not in known:
            item.problem(f"{name!r} is not one of {', '.join(known)}{near(name, known)}")
    if not named and len(reader.problems) == before:
        reader.problem("must name at least one of " + ", ".join(known))
    return tuple(over for over in Over if over in named or ALL in named)


def _refuse(part: dict[str, Reader], names: tuple[str, ...], why: str) -> None:
    for name in names:
        if name in part:
            part[name].problem(f"{why} {name!r}")


def _on(reader: Reader) -> tuple[str, ...]:
    known = LOOKS_AT
    on: list[str] = []
    before = len(reader.problems)
    for item in reader.items():
        if (name := item.text()) not in known:
            item.problem(f"{name!r} is not one of {', '.join(known)}{near(name, known)}")
        on.append(name)
    if not on and len(reader.problems) == before:
        reader.problem("must name at least one of " + ", ".join(known))
    return tuple(on)


def _scopes(on: tuple[str, ...]) -> tuple[Scope, ...]:
    """The scopes a rule's condition must make sense in."""
    wanted = {Scope(name) if name in tuple(Scope) else Scope.ACTION for name in on}
    return tuple(scope for scope in Scope if scope in wanted)


def _score(reader: Reader, scopes: tuple[Scope, ...]) -> bool:
    wanted = reader.boolean()
    if wanted and scopes and Scope.ACTION not in scopes:
        reader.problem("only actions are scored, before they are done, and this rule looks at none")
    return wanted


def _evidence(reader: Reader, scopes: tuple[Scope, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for item in reader.items():
        name = item.text()
        for scope in scopes:
            if name not in declared(scope):
                item.problem(f"no variable {name!r} for {scope} rules{near(name, tuple(declared(scope)))}")
        names.append(name)
    return tuple(names)


def _references(reader: Reader) -> tuple[str, ...]:
    return reader.texts(
        matching=_REFERENCE, meaning="like OWASP-ASI01, OWASP-LLM01, ATLAS-T0051, CWE-79 or a https URL"
    )


def _examples(reader: Reader) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    part = reader.mapping(known=("match", "no_match"), required=("match", "no_match"))
    match, no_match = (
        tuple(_example(item) for item in part[name].items()) if name in part else () for name in ("match", "no_match")
    )
    if part and not (match and no_match):
        reader.problem("needs at least one example to match and one not to match")
    return match, no_match


def _example(reader: Reader) -> Example:
    part = reader.mapping(known=("name", "tuning", "events"), required=("name", "events"))
    events: list[AnyEvent] = []
    for sequence, item in enumerate(part["events"].items() if "events" in part else ()):
        try:
            events.append(event_from_json(_told(item.plain(), events), sequence=sequence))
        except EventFormatError as error:
            item.problem(str(error))
    tuning = tuple(read_tuning(part["tuning"]).items()) if "tuning" in part else ()
    return Example(part["name"].text() if "name" in part else "", tuple(events), reader.line, tuning)


def _told(record: object, before: list[AnyEvent]) -> object:
    """Spare examples the obvious: an outcome is of the action before it."""
    if isinstance(record, dict) and record.get("event") == "outcome" and "action_id" not in record:
        action = next((event for event in reversed(before) if isinstance(event, Action)), None)
        return {**record, "action_id": action.event_id if action else ""}
    return record
