"""Loads packs and policies: strictly, whole, with every problem at once.

A *pack* file holds rules. A *policy* file says which packs are in force, what is changed of their rules, and how the
signals are tuned:

    policy: our-policy
    extends: [../company.yaml]               # another policy below this one
    packs: [default, finops, ./our.yaml]     # left out: default, every shipped pack that is on by default
    disable: [suspicious-domain]
    override:
      payment-not-approved: {decision: block, severity: medium}
    shadow: [lookalike-domain]               # or all: counts as a warning at most, see rollout.py
    tuning:
      allowed_domains: [example.com]
    agents:
      "deploy-*":
        disable: [production-restart]
    projects:
      test: {tuning: {repeats: 10}}

What stands further up changes what is below: the policies it extends in their order, then its own `disable`,
`override` and `tuning`, then those for the run's project, then those for its agent. A value of `tuning` stands instead
of the one below it; lists are not joined.

The files lie on the disk, or are the texts of a *bundle*: names, and what stands in the files of these names. A bundle
loads as the same files would in a folder of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath

from sentric.errors import PolicyError
from sentric.policy.document import SIZE_LIMIT, Problems, Reader, near, read
from sentric.policy.files import MAIN, File, FileError, OnDisk, bundled
from sentric.policy.override_file import read_budgets, read_override, read_shadow
from sentric.policy.risk import BUILT_IN
from sentric.policy.rollout import ErrorBudget, fits, is_pattern
from sentric.policy.rule import Layer, Maturity, Override, Policy, Rule, Tuning, applied, weaker
from sentric.policy.rule_file import KEBAB, rule
from sentric.policy.tuning_file import read_tuning

_PACK_KEYS = ("pack", "description", "default", "rules")
_CHANGES = ("disable", "override", "shadow", "tuning")
_POLICY_KEYS = ("policy", "description", "extends", "packs", *_CHANGES, "error_budget", "agents", "projects")
DEFAULT = "default"
"""In a policy's `packs`: every shipped pack that is on by default."""
LAYERS_LIMIT = 64
"""Most policies that one policy may rest on, directly or not."""


def load_policy(path: Path | None = None, *, allow_loopback: bool = False) -> Policy:
    """Load the policy in force.

    Args:
        path: a policy file or a pack file; None for every shipped pack that is on by default.
        allow_loopback: the setting of that name, which a policy file can also state.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    return with_loopback(_shipped() if path is None else _Load().policy(OnDisk(path)), allow_loopback)


def load_bundle(documents: Mapping[str, str], main: str = MAIN, *, allow_loopback: bool = False) -> Policy:
    """Load a policy from texts. Of the disk nothing is read but shipped packs, which the policy names.

    Args:
        documents: the text of each file, by its name: a relative path with `/`, without `.` and `..`. What these
            files call each other is relative to the folder of the one that names another, and never leaves the
            bundle. A file that none names is not read.
        main: the file that the policy begins with: a policy, or a pack.
        allow_loopback: the setting of that name, which a policy file can also state.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    return with_loopback(_Load().policy(bundled(documents, main)), allow_loopback)


def load_rules(paths: Iterable[Path] = (), *, run_examples: bool = False) -> tuple[Rule, ...]:
    """Load the rules of files, those that are off and examples too; of every shipped pack where no file is named.

    What a policy file changes of its rules is changed.

    Args:
        paths: policy files and pack files.
        run_examples: whether the examples are run, too: those that do not hold are told with all else.

    Raises:
        PolicyError: everything that is wrong in any of the files.
    """
    files = tuple(map(OnDisk, paths))
    return _Load(examples=True).all_rules(files or tuple(map(OnDisk, shipped_packs())), run_examples=run_examples)


def load_bundle_rules(
    documents: Mapping[str, str], main: str = MAIN, *, run_examples: bool = False
) -> tuple[Rule, ...]:
    """Load the rules of a bundle, those that are off and examples too. What its policy changes of them is changed.

    Args:
        documents: the text of each file, by its name, see `load_bundle`.
        main: the file that the policy begins with.
        run_examples: whether the examples are run, too: those that do not hold are told with all else.

    Raises:
        PolicyError: everything that is wrong in any of the files.
    """
    return _Load(examples=True).all_rules([bundled(documents, main)], run_examples=run_examples)


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule of a policy, in force or not."""

    rule: Rule
    """As it is for every run that the policy says nothing special of."""
    stated: Rule
    """As its pack states it."""
    in_force: bool


def load_bundle_states(documents: Mapping[str, str], main: str = MAIN) -> tuple[RuleState, ...]:
    """Load every rule of the packs of a bundle, without its examples, and what becomes of it.

    Args:
        documents: the text of each file, by its name, see `load_bundle`.
        main: the file that the policy begins with.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    load = _Load()
    load.policy(bundled(documents, main))
    rules, _, off = load.finished()
    return tuple(RuleState(rule, load.rules[rule.id], rule.id not in off) for rule in rules)


def shipped_packs() -> tuple[Path, ...]:
    """The pack files that come with Sentric."""
    return tuple(sorted(Path(str(files("sentric.policy") / "packs")).glob("*.yaml")))


def load_file(file: File) -> Policy:
    """Load the policy that begins with a file, wherever that comes from.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    return _Load().policy(file)


def with_loopback(policy: Policy, allow_loopback: bool) -> Policy:
    """The policy where the setting `allow_loopback` holds too."""
    if allow_loopback and not policy.tuning.allow_loopback:
        return replace(policy, tuning=replace(policy.tuning, allow_loopback=True))
    return policy


@cache
def _shipped() -> Policy:
    load = _Load()
    load.shipped()
    return load.whole("sentric")


@dataclass(slots=True)
class _Load:
    """One load: the rules so far and everything wrong so far."""

    examples: bool = False
    """Whether the rules' examples are read: only tests of rules need them."""
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    problems: Problems = field(default_factory=Problems)
    name: str = ""
    layers: list[Layer] = field(default_factory=list[Layer])
    """What changes, the lowest first; those that are for some runs only too."""
    mentions: list[tuple[str, Reader]] = field(default_factory=list[tuple[str, Reader]])
    """Rules that a policy speaks of, each with where: they must be there when all is read."""
    patterns: list[tuple[str, Reader]] = field(default_factory=list[tuple[str, Reader]])
    """Patterns of the ids of rules, each with where: one at least must fit when all is read."""
    budgets: dict[str, ErrorBudget] = field(default_factory=dict[str, ErrorBudget])
    stated: dict[str, str] = field(default_factory=dict[str, str])
    """Ids of rules, readable or not, with their places."""
    broken: set[str] = field(default_factory=set[str])
    """Ids of rules that are there, but cannot be read."""
    seen: set[PurePath] = field(default_factory=set[PurePath])
    above: list[PurePath] = field(default_factory=list[PurePath])
    """The files that are being read: the one named first, the one it names, and so on."""

    def policy(self, file: File) -> Policy:
        self.file(file)
        return self.whole(file.name)

    def all_rules(self, files: Sequence[File], *, run_examples: bool) -> tuple[Rule, ...]:
        """The rules of some files, those that are not in force too."""
        for file in files:
            self.file(file)
        if run_examples:
            self.run_examples()
        rules = self.finished()[0]
        if not rules or self.name:
            self.whole(files[0].name)
        return rules

    def whole(self, where: str) -> Policy:
        """The policy that was read."""
        rules, tuning, off = self.finished()
        in_force = tuple(rule for rule in rules if rule.id not in off)
        layers = tuple(layer for layer in self.layers if not _is_for_all(layer))
        if not in_force and not _turns_on(layers):
            raise PolicyError([f"{where}:1: no rule is in force: name a pack that has stable rules"])
        out = tuple(rule for rule in rules if rule.id in off)
        stable = tuple(rule for rule in self.rules.values() if rule.maturity is Maturity.STABLE)
        less = weaker(stable, in_force)
        return Policy(
            in_force,
            tuning,
            name=self.name,
            layers=layers,
            off=out if layers else (),
            weakened=less,
            error_budgets=tuple(self.budgets.items()),
        )

    def finished(self) -> tuple[tuple[Rule, ...], Tuning, frozenset[str]]:
        """The rules as they are for every run, the tuning, and the ids of the rules that are not in force."""
        for name, reader in self.mentions:
            if any(name == rule.id for rule in BUILT_IN):
                reader.problem(f"{name!r} is the engine's own rule: no policy changes it")
            elif name not in self.rules and name not in self.broken:
                reader.problem(f"no rule {name!r} in the packs of this policy{near(name, tuple(self.rules))}")
        for pattern, reader in self.patterns:
            if not any(fits(name, (pattern,)) for name in (*self.rules, *self.broken)):
                reader.problem(f"no rule in the packs of this policy fits {pattern!r}")
        self.problems.raise_any()
        young = frozenset(rule.id for rule in self.rules.values() if rule.maturity is not Maturity.STABLE)
        for_all = tuple(layer for layer in self.layers if _is_for_all(layer))
        return applied(for_all, tuple(self.rules.values()), Tuning(), young)

    def file(self, file: File, named: Reader | None = None) -> None:
        """Read a file of either sort, which a policy may have `named`; a second time it brings nothing new."""
        try:
            same = file.identity()
            if same in self.seen:
                self._meet_again(same, named)
                return
            self.seen.add(same)
            text = file.text()
        except FileError as error:
            if named is not None:
                named.problem(f"{file.name} cannot be read: {error}")
            else:
                self.problems.add(file.name, 0, f"cannot be read: {error}{_hint(file.name)}")
            return
        self.above.append(same)
        read(file.name, text, self.problems, lambda root: self._root(root, file, named))
        self.above.pop()

    def run_examples(self) -> None:
        """Run the examples of every rule that can be read."""
        from sentric.policy.examples import broken

        for one in self.rules.values():
            for example, why in broken(one) if one.id not in self.broken else ():
                self.problems.add(one.file, example.line, why)

    def _meet_again(self, path: PurePath, named: Reader | None) -> None:
        if path in self.above and named is not None:
            loop = [one.name for one in (*self.above[self.above.index(path) :], path)]
            named.problem(f"policies extend each other in a circle: {' extends '.join(loop)}")

    def shipped(self) -> None:
        """Read every shipped pack that is on by default."""
        for path in shipped_packs():
            if _is_default(path):
                self.file(OnDisk(path))

    def _root(self, root: Reader, file: File, named: Reader | None) -> None:
        is_policy = "policy" in root.names()
        wanted = named.where.partition("[")[0] if named is not None else ""
        if named is not None and wanted != ("extends" if is_policy else "packs"):
            named.problem(
                f"{file.name} is a policy: name it in 'extends'"
                if is_policy
                else f"{file.name} is no policy: name a pack in 'packs'"
            )
        elif is_policy:
            self._policy(root, file)
        else:
            self._pack(root)

    def _policy(self, root: Reader, file: File) -> None:
        entries = root.mapping(known=_POLICY_KEYS, required=("policy",))
        for item in entries["extends"].items() if "extends" in entries else ():
            if (below := item.filled()) and self._is_below(item):
                self.file(file.beside(below), item)
        self._packs(entries, file)
        self.name = entries["policy"].text() if "policy" in entries else ""
        self._layer(root, entries)
        budgets, places = read_budgets(entries["error_budget"]) if "error_budget" in entries else ({}, {})
        self._speak_of(places)
        self.budgets |= budgets
        for sort in ("projects", "agents"):
            runs = entries[sort].named(f"a pattern of names of {sort}") if sort in entries else {}
            for pattern, reader in runs.items():
                stated = reader.mapping(known=_CHANGES)
                self._layer(reader, stated, **{sort.removesuffix("s"): pattern})

    def _is_below(self, item: Reader) -> bool:
        if len(self.seen) > LAYERS_LIMIT:
            item.problem(f"rests on more than {LAYERS_LIMIT} files")
        return len(self.seen) <= LAYERS_LIMIT

    def _packs(self, entries: dict[str, Reader], file: File) -> None:
        shipped = {pack.stem: pack for pack in shipped_packs()}
        for name in entries["packs"].items() if "packs" in entries else ():
            text = name.filled()
            if text == DEFAULT:
                self.shipped()
            elif text in shipped:
                self.file(OnDisk(shipped[text]))
            elif text.endswith((".yaml", ".yml")):
                self.file(file.beside(text), name)
            elif text:
                like = near(text, tuple(shipped)) or f": use one of {DEFAULT}, {', '.join(shipped)}"
                name.problem(f"no shipped pack {text!r}{like} (a file is named by its path, ending in .yaml)")
        if "packs" not in entries and "extends" not in entries:
            self.shipped()

    def _layer(self, root: Reader, entries: dict[str, Reader], *, agent: str = "*", project: str = "*") -> None:
        overrides: list[tuple[str, Override]] = []
        for item in entries["disable"].items() if "disable" in entries else ():
            if name := item.filled():
                self.mentions.append((name, item))
                overrides.append((name, Override(enabled=False)))
        if "override" in entries:
            for name, reader in entries["override"].named("the id of a rule").items():
                self.mentions.append((name, reader))
                overrides.append((name, read_override(reader)))
        shadow = read_shadow(entries["shadow"]) if "shadow" in entries else {}
        self._speak_of(shadow)
        tuning = tuple(read_tuning(entries["tuning"]).items()) if "tuning" in entries else ()
        if overrides or tuning or shadow:
            self.layers.append(Layer(agent, project, tuple(overrides), tuning, tuple(shadow)))

    def _speak_of(self, named: Mapping[str, Reader]) -> None:
        """Note ids and patterns of rules that must be there."""
        for name, reader in named.items():
            (self.patterns if is_pattern(name) else self.mentions).append((name, reader))

    def _pack(self, root: Reader) -> None:
        entries = root.mapping(known=_PACK_KEYS, required=("pack", "rules"))
        name = entries["pack"].text(matching=KEBAB, meaning="a name like our-rules") if "pack" in entries else ""
        default = entries["default"].boolean() if "default" in entries else True
        for item in entries["rules"].items() if "rules" in entries else ():
            before = len(self.problems)
            ids = [str(value.node.value) for key, value in item.pairs() if key == "id"][:1]
            for one in ids:
                self._meet(item, one)
            if (found := rule(item, name, default=default, examples=self.examples)) and found.id not in self.rules:
                self.rules[found.id] = found
            if len(self.problems) > before:
                self.broken.update(ids)

    def _meet(self, item: Reader, name: str) -> None:
        """Note where a rule is stated; twice is once too often, also where either cannot be read."""
        if any(name == one.id for one in BUILT_IN):
            item.problem(f"duplicate rule id {name!r}: it is also the engine's own")
        elif name in self.stated:
            item.problem(f"duplicate rule id {name!r}: it is also at {self.stated[name]}")
        else:
            self.stated[name] = f"{item.file}:{item.line}"


def _hint(name: str) -> str:
    """What was meant by a file that is not there."""
    if all(name != pack.stem for pack in shipped_packs()):
        return ""
    return f" (a shipped pack is turned on within a policy: packs: [{DEFAULT}, {name}])"


def _turns_on(layers: tuple[Layer, ...]) -> bool:
    """Whether some runs have a rule that others have not."""
    return any(override.enabled for layer in layers for _, override in layer.overrides)


def _is_for_all(layer: Layer) -> bool:
    return layer.agent == layer.project == "*"


@cache
def _is_default(path: Path) -> bool:
    """Whether a shipped pack is on by default; told without reading its rules."""
    with path.open(encoding="utf-8") as file:
        head = file.read(SIZE_LIMIT).partition("\nrules:")[0]
    return "\ndefault: false" not in head
