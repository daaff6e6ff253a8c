"""Definitions of tools: changed after they were first seen, claimed by two servers, or written to steer the model."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

from sentric.events import Action, Observation, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.words.steering import steering
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family

DEFINITION_LIMIT = 65_536
"""Characters of a definition that are read."""
TOOLS_KEPT = 1024
"""Tools whose definitions are remembered; the one not seen for the longest time is forgotten first."""
SERVERS_KEPT = 8
"""Servers of one tool's name that are told apart."""
DIGEST_LENGTH = 16
"""Hexadecimal digits of a definition's digest."""

_SCHEMAS = ("schema", "parameters", "inputSchema", "input_schema")
"""What definitions call the schema of a tool's arguments."""


@dataclass(frozen=True, slots=True)
class ToolFacts(Facts):
    """Facts about the definitions of tools."""

    reads: ClassVar[Reads] = frozenset({Content.DEFINITIONS})

    tool_changed: bool = False
    """The definition differs from the one seen before under this name, or from the policy's pinned one; of an action:
    it calls a tool of which that is so."""
    changed_tool: str = ""
    """That tool, with its server."""
    changed_parts: tuple[str, ...] = ()
    """What differs: description, schema, definition (where it cannot be told which), pin."""
    tool_digest: str = ""
    """Digest of the definition, as the policy's `pinned_tools` takes it."""
    tool_shadowed: bool = False
    """Another server has defined a tool of the same name."""
    shadowing_servers: tuple[str, ...] = ()
    """The servers that define it, in the order they did."""
    description_instructs: bool = False
    """The definition tells the model to do something besides the call: to ignore what it was told, to keep something
    from the user, to hand over data."""
    description_excerpt: str = ""
    """Where it does."""
    description_signs: tuple[str, ...] = ()
    """What makes it so."""
    tool_poisoned: bool = False
    """The definition wants data handed over or sent elsewhere, and wants it kept from the user; of an action: it calls
    such a tool."""


_NOTHING = ToolFacts()


@dataclass(frozen=True, slots=True)
class Definition:
    """What is remembered of a definition.

    Attributes:
        digest: of all of it.
        parts: digests of its description and of its schema; empty where it is not a JSON object.
        length: characters of its text.
        cut: the text ends where a limit cut it.
    """

    digest: str
    parts: tuple[tuple[str, str], ...]
    length: int
    cut: bool

    def differs_from(self, earlier: "Definition") -> tuple[str, ...]:
        """What differs; nothing where it cannot be told because one of the texts was cut."""
        if self.digest == earlier.digest:
            return ()
        if self.cut != earlier.cut:
            whole, part = (earlier, self) if self.cut else (self, earlier)
            return ("definition",) if part.length > whole.length else ()
        known = dict(earlier.parts)
        named = tuple(name for name, digest in self.parts if name in known and known[name] != digest)
        return named or ("definition",)


def definition_digest(text: str) -> str:
    """The digest of a tool's definition, whatever the order of its keys.

    Args:
        text: JSON of its name, description and schema; any other text stands for itself.

    Returns:
        `DIGEST_LENGTH` hexadecimal digits.
    """
    return _digest(_parsed(text[:DEFINITION_LIMIT]))


class Tools(Family[ToolFacts]):
    """Watches the definitions of tools."""

    facts = ToolFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._pinned: dict[str, str] = {}
        for pin in tuning.pinned_tools:
            name, _, digest = pin.rpartition("=")
            self._pinned[name] = digest
        self._known: OrderedDict[str, Definition] = OrderedDict()
        self._servers: OrderedDict[str, dict[str, None]] = OrderedDict()
        self._changed: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._poisoned: OrderedDict[str, str] = OrderedDict()

    def observation(self, observation: Observation) -> ToolFacts:
        """Read a definition; other texts say nothing about tools."""
        if observation.source is not Source.TOOL_DEFINITION:
            return _NOTHING
        text, name = observation.text[:DEFINITION_LIMIT], observation.origin
        cut = observation.truncated or len(observation.text) > DEFINITION_LIMIT
        value = _parsed(text)
        changed = self._difference(name, _definition(value, len(text), cut=cut))
        servers = self._shadowing(name)
        steers = steering(value)
        if steers.poisoned:
            self._keep(self._poisoned, name, steers.excerpt)
        return ToolFacts(
            tool_changed=bool(changed),
            changed_tool=name if changed else "",
            changed_parts=changed,
            tool_digest=self._known[name].digest,
            tool_shadowed=bool(servers),
            shadowing_servers=servers,
            description_instructs=bool(steers.signs),
            description_excerpt=steers.excerpt,
            description_signs=steers.signs,
            tool_poisoned=steers.poisoned,
        )

    def action(self, action: Action) -> ToolFacts:
        """Tell whether the tool that is called is one to be careful with."""
        if not self._changed and not self._poisoned:
            return _NOTHING
        names = (f"{action.server}/{action.tool}", action.tool) if action.server else (action.tool,)
        changed = next((name for name in names if name in self._changed), "")
        poisoned = next((name for name in names if name in self._poisoned), "")
        if not changed and not poisoned:
            return _NOTHING
        return ToolFacts(
            tool_changed=bool(changed),
            changed_tool=changed,
            changed_parts=self._changed.get(changed, ()),
            tool_poisoned=bool(poisoned),
            description_excerpt=self._poisoned.get(poisoned, ""),
        )

    def _difference(self, name: str, definition: Definition) -> tuple[str, ...]:
        """Remember a definition; how it differs from the one expected."""
        earlier = self._known.get(name)
        self._keep(self._known, name, definition)
        pinned = self._pinned.get(name) or self._pinned.get(name.rpartition("/")[2])
        changed: tuple[str, ...]
        if pinned:
            changed = () if pinned == definition.digest else ("pin",)
        else:
            changed = definition.differs_from(earlier) if earlier is not None else ()
        if changed:
            self._keep(self._changed, name, changed)
        return changed

    def _keep(self, kept: OrderedDict[str, Any], name: str, value: Any) -> None:
        kept[name] = value
        kept.move_to_end(name)
        if len(kept) > TOOLS_KEPT:
            kept.popitem(last=False)
            self.evict("definitions of tools")

    def _shadowing(self, name: str) -> tuple[str, ...]:
        """The servers that define a tool of this name, where this one is new among several."""
        server, _, tool = name.rpartition("/")
        if not server:
            return ()
        servers = self._servers.get(tool, {})
        self._keep(self._servers, tool, servers)
        if server in servers or len(servers) >= SERVERS_KEPT:
            return ()
        servers[server] = None
        return tuple(servers) if len(servers) > 1 else ()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _digest(value: Any) -> str:
    try:
        canonical = json.dumps(value, sort_keys=True)
    except RecursionError:  # json.loads may go deeper than json.dumps
        canonical = "(nested too deeply)"
    return sha256(canonical.encode()).hexdigest()[:DIGEST_LENGTH]


def _definition(value: Any, length: int, *, cut: bool) -> Definition:
    parts: tuple[tuple[str, str], ...] = ()
    if isinstance(value, dict):
        schema = next((value[name] for name in _SCHEMAS if name in value), None)
        parts = (("description", _digest(value.get("description"))), ("schema", _digest(schema)))
    return Definition(_digest(value), parts, length, cut)
