"""Loads packs and policies: strictly, whole, with every problem at once.

A *pack* file holds rules. A *policy* file says which packs are in force and how the signals are tuned:

    policy: our-policy
    packs: [browser, injection, ./our-rules.yaml]   # left out: every shipped pack
    disable: [suspicious-domain]
    tuning:
      allowed_domains: [example.com]
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from sentric.errors import PolicyError
from sentric.event_json import EventFormatError, event_from_json
from sentric.events import Action, AnyEvent, Kind
from sentric.policy.document import SIZE_LIMIT, Problems, Reader, read
from sentric.policy.expression import ExpressionError, check
from sentric.policy.rule import (
    ACTION,
    OBSERVATION,
    Decision,
    Example,
    Maturity,
    Policy,
    Rule,
    Severity,
    Tuning,
)
from sentric.policy.variables import Scope, declared

_PACK_KEYS = ("pack", "description", "rules")
_POLICY_KEYS = ("policy", "packs", "disable", "tuning")
_RULE_KEYS = (
    "id", "title", "description", "remediation", "severity", "decision", "risk", "category", "references",
    "maturity", "on", "when", "evidence", "examples",
)  # fmt: skip
_REQUIRED = ("id", "title", "description", "severity", "decision", "risk", "category", "on", "when", "examples")
_TUNING_KEYS = ("allow_loopback", "allowed_domains", "protected_domains", "repeats")
_KEBAB = r"[a-z0-9]+(-[a-z0-9]+)*"
_SNAKE = r"[a-z][a-z0-9_]*"
_REFERENCE = r"(OWASP-(ASI|LLM)\d\d|ATLAS-T\d{4}(\.\d{3})?|CWE-\d+|https://\S+)"


def load_policy(path: Path | None = None, *, allow_loopback: bool = False) -> Policy:
    """Load the policy in force.

    Args:
        path: a policy file or a pack file; None for every shipped pack.
        allow_loopback: the setting of that name, which a policy file can also state.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    policy = _shipped() if path is None else _Load().policy(path)
    if allow_loopback and not policy.tuning.allow_loopback:
        return replace(policy, tuning=replace(policy.tuning, allow_loopback=True))
    return policy


def load_rules(paths: Iterable[Path] = ()) -> tuple[Rule, ...]:
    """Load the rules of files, incubating ones and examples too; of the shipped packs where none is named.

    Raises:
        PolicyError: everything that is wrong in any of the files.
    """
    load = _Load(examples=True)
    for path in tuple(paths) or shipped_packs():
        load.file(path)
    load.problems.raise_any()
    return tuple(load.rules)


def shipped_packs() -> tuple[Path, ...]:
    """The pack files that come with Sentric."""
    return tuple(sorted(Path(str(files("sentric.policy") / "packs")).glob("*.yaml")))


@cache
def _shipped() -> Policy:
    load = _Load()
    for path in shipped_packs():
        load.file(path)
    load.problems.raise_any()
    return Policy(_active(load.rules))


def _active(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.maturity is Maturity.STABLE)


@dataclass(slots=True)
class _Load:
    """One load: the rules so far and everything wrong so far."""

    examples: bool = False
    """Whether the rules' examples are read: only tests of rules need them."""
    rules: list[Rule] = field(default_factory=list[Rule])
    problems: Problems = field(default_factory=Problems)
    disabled: set[str] = field(default_factory=set[str])
    tuning: Tuning = field(default_factory=Tuning)

    def policy(self, path: Path) -> Policy:
        self.file(path)
        self.problems.raise_any()
        rules = tuple(rule for rule in _active(self.rules) if rule.id not in self.disabled)
        if not rules:
            raise PolicyError([f"{path}:1: no rule is in force: name a pack that has stable rules"])
        return Policy(rules, self.tuning)

    def file(self, path: Path) -> None:
        """Read a file of either sort."""
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(SIZE_LIMIT + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
            raise PolicyError([f"{path}: cannot be read: {reason}"]) from None
        read(str(path), text, self.problems, lambda root: self._root(root, path))

    def _root(self, root: Reader, path: Path) -> None:
        if "policy" in root.names():
            self._policy(root, path)
        else:
            self._pack(root)

    def _policy(self, root: Reader, path: Path) -> None:
        entries = root.mapping(known=_POLICY_KEYS, required=("policy",))
        if "tuning" in entries:
            self.tuning = _tuning(entries["tuning"])
        shipped = {pack.stem: pack for pack in shipped_packs()}
        for name in entries["packs"].items() if "packs" in entries else ():
            text = name.text()
            if text in shipped:
                self.file(shipped[text])
            elif text.endswith((".yaml", ".yml")):
                self.file(path.parent / text)
            elif text:
                name.problem(f"no shipped pack {text!r}: use one of {', '.join(shipped)}, or the path of a .yaml file")
        for pack in () if "packs" in entries else shipped.values():
            self.file(pack)
        self._disable(entries.get("disable"))

    def _disable(self, reader: Reader | None) -> None:
        known = {rule.id for rule in self.rules}
        for item in reader.items() if reader else ():
            if (name := item.text()) not in known:
                item.problem(f"no rule {name!r} in the packs of this policy")
            self.disabled.add(name)

    def _pack(self, root: Reader) -> None:
        entries = root.mapping(known=_PACK_KEYS, required=("pack", "rules"))
        name = entries["pack"].text(matching=_KEBAB, meaning="a name like our-rules") if "pack" in entries else ""
        for item in entries["rules"].items() if "rules" in entries else ():
            if rule := _rule(item, name, examples=self.examples):
                self._add(item, rule)

    def _add(self, item: Reader, rule: Rule) -> None:
        twin = next((other for other in self.rules if other.id == rule.id), None)
        if twin is not None:
            item.problem(f"duplicate rule id {rule.id!r}: it is also at {twin.file}:{twin.line}")
        else:
            self.rules.append(rule)


def _tuning(reader: Reader) -> Tuning:
    entries = reader.mapping(known=_TUNING_KEYS)
    domain: dict[str, str] = {"matching": r"[^\s/:]+\.[^\s/:]+", "meaning": "a domain like example.com"}
    readers: dict[str, Callable[[Reader], object]] = {
        "allow_loopback": Reader.boolean,
        "allowed_domains": lambda item: item.texts(**domain),
        "protected_domains": lambda item: item.texts(**domain),
        "repeats": lambda item: item.number(2, 1000),
    }
    return Tuning(**{name: readers[name](item) for name, item in entries.items()})  # type: ignore[arg-type]  # by table


def _rule(reader: Reader, pack: str, *, examples: bool) -> Rule | None:
    before = len(reader.problems.found)
    part = reader.mapping(known=_RULE_KEYS, required=_REQUIRED)
    if len(reader.problems.found) > before:
        return None
    on = _on(part["on"])
    scopes = _scopes(on)
    _condition(part["when"], scopes)
    match, no_match = _examples(part["examples"]) if examples else ((), ())
    return Rule(
        id=part["id"].text(matching=_KEBAB, meaning="a name like credential-over-http"),
        title=part["title"].text(),
        description=part["description"].text().strip(),
        remediation=part["remediation"].text().strip() if "remediation" in part else "",
        severity=part["severity"].choice(Severity),
        decision=part["decision"].choice(Decision),
        risk=part["risk"].number(0, 100),
        category=part["category"].text(matching=_SNAKE, meaning="a name like credential_exposure"),
        references=_references(part.get("references")),
        maturity=part["maturity"].choice(Maturity) if "maturity" in part else Maturity.STABLE,
        on=on,
        when=part["when"].text().strip(),
        evidence=_evidence(part.get("evidence"), scopes),
        match=match,
        no_match=no_match,
        pack=pack,
        file=reader.file,
        line=reader.line,
    )


def _on(reader: Reader) -> tuple[str, ...]:
    known = (ACTION, OBSERVATION, *Kind)
    on: list[str] = []
    for item in reader.items():
        if (name := item.text()) not in known:
            item.problem(f"{name!r} is not one of {', '.join(known)}")
        on.append(name)
    if not on:
        reader.problem("must name at least one of " + ", ".join(known))
    return tuple(on)


def _scopes(on: tuple[str, ...]) -> tuple[Scope, ...]:
    """The scopes a rule's condition must make sense in."""
    wanted = {Scope.OBSERVATION if name == OBSERVATION else Scope.ACTION for name in on}
    return tuple(scope for scope in Scope if scope in wanted)


def _condition(reader: Reader, scopes: tuple[Scope, ...]) -> None:
    text = reader.text().strip()
    folded = reader.node.style in {"|", ">"}
    for scope in scopes:
        try:
            check(text, scope)
        except ExpressionError as error:
            reader.problem(str(error), below=error.line if folded else error.line - 1)
            return


def _evidence(reader: Reader | None, scopes: tuple[Scope, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for item in reader.items() if reader else ():
        name = item.text()
        for scope in scopes:
            if name not in declared(scope):
                item.problem(f"no variable {name!r} for {scope} rules")
        names.append(name)
    return tuple(names)


def _references(reader: Reader | None) -> tuple[str, ...]:
    return (
        reader.texts(matching=_REFERENCE, meaning="like OWASP-ASI01, OWASP-LLM01, ATLAS-T0051, CWE-79 or a https URL")
        if reader
        else ()
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
    part = reader.mapping(known=("name", "events"), required=("name", "events"))
    events: list[AnyEvent] = []
    for sequence, item in enumerate(part["events"].items() if "events" in part else ()):
        try:
            events.append(event_from_json(_told(item.plain(), events), sequence=sequence))
        except EventFormatError as error:
            item.problem(str(error))
    return Example(part["name"].text() if "name" in part else "", tuple(events), reader.line)


def _told(record: object, before: list[AnyEvent]) -> object:
    """Spare examples the obvious: an outcome is of the action before it."""
    if isinstance(record, dict) and record.get("event") == "outcome" and "action_id" not in record:
        action = next((event for event in reversed(before) if isinstance(event, Action)), None)
        return {**record, "action_id": action.event_id if action else ""}
    return record
