"""Strict YAML: every value keeps its line, every problem is collected, nothing is guessed.

Plain `yaml.safe_load` lets the last of two equal keys win and forgets where things stood. Here a document is read
as a tree of nodes, and a `Reader` asks it for what it expects.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import yaml

from sentric.errors import PolicyError

SIZE_LIMIT = 1 << 20
"""Largest policy file, in characters: larger ones are mistakes or attacks."""
DEPTH_LIMIT = 32
"""Deepest nesting of a policy file."""
VALUES_LIMIT = 200_000
"""Most values of a file, keys among them: each takes far more memory than its text."""

E = TypeVar("E", bound=StrEnum)
_ANCHOR = re.compile(r"(?m)(?:^|[\s\[{,:-])[&*]\w")
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAG = re.compile(re.escape(_STANDARD) + "[a-z]+")
_SCALARS = {
    _STANDARD + "str": "text",
    _STANDARD + "int": "a whole number",
    _STANDARD + "bool": "true or false",
    _STANDARD + "float": "a number",
    _STANDARD + "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be."""

    size: int = SIZE_LIMIT
    """In characters."""
    depth: int = DEPTH_LIMIT
    values: int = VALUES_LIMIT


_POLICY_FILE = Bounds()


@dataclass(slots=True)
class Problems:
    """What is wrong with the files of one load."""

    _noted: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])

    @property
    def found(self) -> list[str]:
        """The problems, file by file in the order the files were read, and from the top of each to its end."""
        files = list(dict.fromkeys(file for file, _, _ in self._noted))
        ordered = sorted(self._noted, key=lambda problem: (files.index(problem[0]), problem[1]))
        return [f"{file}:{line}: {message}" if line else f"{file}: {message}" for file, line, message in ordered]

    def __len__(self) -> int:
        return len(self._noted)

    def add(self, file: str, line: int, message: str) -> None:
        """Note a problem at a line, from 1; 0 for one with the file as a whole."""
        self._noted.append((file, line, message))

    def raise_any(self) -> None:
        """Raise a PolicyError of everything found, if anything was."""
        if self._noted:
            raise PolicyError(self.found)


@dataclass(frozen=True, slots=True)
class Reader:
    """One value of a document, with its place."""

    file: str
    node: Any
    problems: Problems
    where: str = ""

    @property
    def line(self) -> int:
        """Line of the value in its file, from 1."""
        return int(self.node.start_mark.line) + 1

    def problem(self, message: str, *, below: int = 0) -> None:
        """Note a problem with this value, `below` lines further down."""
        prefix = f"{self.where}: " if self.where else ""
        self.problems.add(self.file, self.line + below, prefix + message)

    def names(self) -> frozenset[str]:
        """The keys of a mapping; none where it is something else."""
        return frozenset(name for name, _ in self.pairs())

    def mapping(self, *, known: tuple[str, ...], required: tuple[str, ...] = ()) -> "dict[str, Reader]":
        """The entries of a mapping; unknown, duplicate and missing keys are problems."""
        if not isinstance(self.node, yaml.MappingNode):
            self.problem("must be a mapping")
            return {}
        return self._entries(known, required)

    def named(self, what: str) -> "dict[str, Reader]":
        """The entries of a mapping whose keys are names; duplicate and empty ones are problems.

        Args:
            what: a key is, such as `the id of a rule`.
        """
        if not isinstance(self.node, yaml.MappingNode):
            self.problem(f"must be a mapping: {what}, and what is said of it")
            return {}
        entries = self._entries(None, ())
        for key, _ in self.node.value:
            if isinstance(key, yaml.ScalarNode) and not key.value.strip():
                Reader(self.file, key, self.problems, self.where).problem("a key must not be empty")
        return entries

    def _entries(self, known: tuple[str, ...] | None, required: tuple[str, ...]) -> "dict[str, Reader]":
        entries: dict[str, Reader] = {}
        for key, value in self.node.value:
            place = Reader(self.file, key, self.problems, self.where)
            if not isinstance(key, yaml.ScalarNode):
                place.problem(f"a key must be text, not a {key.id}")
                continue
            name = str(key.value)
            reader = Reader(self.file, value, self.problems, f"{self.where}.{name}".lstrip("."))
            if known is not None and name not in known:
                place.problem(f"unknown key {name!r}{near_or_all(name, known)}")
            elif name in entries:
                place.problem(f"duplicate key {name!r}")
            else:
                entries[name] = reader
        for name in required:
            if name not in entries:
                self.problem(f"needs {name!r}")
        return entries

    def pairs(self) -> "Iterator[tuple[str, Reader]]":
        """The entries of a mapping as they stand, whatever their keys; nothing where it is something else."""
        for key, value in self.node.value if isinstance(self.node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                continue  # `mapping` and `named` say so
            yield str(key.value), Reader(self.file, value, self.problems, f"{self.where}.{key.value}".lstrip("."))

    def is_text(self) -> bool:
        """Whether the value is one text, and no list or mapping."""
        return isinstance(self.node, yaml.ScalarNode)

    def items(self) -> "Iterator[Reader]":
        """The items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.problem("must be a list")
            return
        for index, item in enumerate(self.node.value):
            yield Reader(self.file, item, self.problems, f"{self.where}[{index}]")

    def text(self, *, matching: str = "", meaning: str = "") -> str:
        """A text, of a form where one is given."""
        value = self._scalar("text")
        if matching and value and not re.fullmatch(matching, value):
            self.problem(f"{value!r} is not {meaning}")
        return value

    def texts(self, *, matching: str = "", meaning: str = "") -> tuple[str, ...]:
        """A list of texts; an empty one among them is a problem."""
        return tuple(item.filled(matching=matching, meaning=meaning) for item in self.items())

    def filled(self, *, matching: str = "", meaning: str = "") -> str:
        """A text that is not empty, of a form where one is given."""
        before = len(self.problems)
        value = self.text(matching=matching, meaning=meaning)
        if not value.strip() and len(self.problems) == before:
            self.problem("must not be empty")
        return value

    def number(self, low: int, high: int) -> int:
        """A whole number between two bounds."""
        value = self._scalar("a whole number")
        try:
            number = int(value, 0) if value else low
            str(number)  # of one that is too long, it fails
        except ValueError:
            self.problem(f"{value[:40]!r} is not a plain whole number")
            return low
        if not low <= number <= high:
            self.problem(f"{number} is not between {low} and {high}")
        return number

    def boolean(self) -> bool:
        """True or false."""
        return self._scalar("true or false").lower() in {"true", "yes", "on"}

    def choice(self, enum: type[E]) -> E:
        """One of the values of an enumeration."""
        before = len(self.problems)
        value = self._scalar("text")
        try:
            return enum(value)
        except ValueError:
            if len(self.problems) > before:
                return next(iter(enum))
            self.problem(f"{value!r} is not one of {', '.join(enum)}{near(value, tuple(enum))}")
            return next(iter(enum))

    def plain(self) -> Any:
        """The value as plain Python, whatever it is; duplicate keys are problems."""
        if not _PLAIN_TAG.fullmatch(self.node.tag):
            self.problem(f"has a tag, {self.node.tag[:80]!r}: tags are not supported")
        match self.node:
            case yaml.MappingNode():
                return {name: reader.plain() for name, reader in self._entries(None, ()).items()}
            case yaml.SequenceNode():
                return [item.plain() for item in self.items()]
            case _:
                return self._plain_scalar()

    def _plain_scalar(self) -> Any:
        if self.node.tag == _STANDARD + "str":
            return str(self.node.value)
        if self.node.tag in _SCALARS and ":" not in self.node.value:  # base 60 would take quadratic time
            try:
                value = yaml.CSafeLoader("").construct_object(self.node)
                str(value)  # of a number that is too long, it fails
                return value
            except (ValueError, OverflowError, LookupError):
                self.problem(f"{self.node.value[:40]!r} cannot be read")
        return self.node.value  # dates, times and the like stay the text they were written as

    def _scalar(self, noun: str) -> str:
        found = (
            _SCALARS.get(self.node.tag, "something else") if isinstance(self.node, yaml.ScalarNode) else self.node.id
        )
        if found != noun:
            self.problem(f"must be {noun}, not {'a ' if found in {'mapping', 'sequence'} else ''}{found}")
            return ""
        return str(self.node.value)


def read(
    file: str, text: str, problems: Problems, use: Callable[[Reader], None], bounds: Bounds = _POLICY_FILE
) -> None:
    """Read one YAML document and hand its root on; what is wrong with it goes to `problems`."""
    if len(text) > bounds.size:
        problems.add(file, 1, f"is larger than {bounds.size} characters")
        return
    try:
        if fault := _refused(text, bounds):
            problems.add(file, *fault)
            return
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.add(file, line, f"is not YAML: {error.problem or error.context}")
        return
    except (yaml.YAMLError, ValueError) as error:
        problems.add(file, 1, f"is not YAML: {' '.join(str(error).split())[:200]}")
        return
    if node is None:
        problems.add(file, 1, "is empty")
        return
    use(Reader(file, node, problems))


def _refused(text: str, bounds: Bounds) -> tuple[int, str] | None:
    """What is valid YAML and still not wanted: aliases, which can be made to grow without end, and what is too much."""
    depth = values = 0
    watch_aliases = _ANCHOR.search(text) is not None
    if not watch_aliases and sum(map(text.count, "[{-:,?")) < bounds.depth:
        return None
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        values += isinstance(event, yaml.NodeEvent)
        if values > bounds.values:
            return _line(event), f"has more than {bounds.values} values"
        match event:
            case yaml.AliasEvent():
                return _line(event), "aliases (*name) are not supported: write the value out"
            case yaml.CollectionStartEvent():
                depth += 1
                if depth > bounds.depth:
                    return _line(event), f"is nested deeper than {bounds.depth} levels"
            case yaml.CollectionEndEvent():
                depth -= 1
            case _:
                pass
    return None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def near(name: str, known: Sequence[str]) -> str:
    """`: did you mean 'x'?` where something known is like a name, else nothing."""
    from rapidfuzz.process import extractOne

    found = extractOne(name, known, score_cutoff=70)
    return f": did you mean {str(found[0])!r}?" if found else ""


def near_or_all(name: str, known: Sequence[str]) -> str:
    """The same; where nothing is like it, everything known."""
    return near(name, known) or f": use one of {', '.join(known)}"
