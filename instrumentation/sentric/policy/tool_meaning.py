"""What a policy says that tools do: a lexicon of its own, before the shipped one."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sentric.events import Effect, Kind

if TYPE_CHECKING:
    from sentric.policy.document import Reader


@dataclass(frozen=True, slots=True)
class ToolMeaning:
    """What the tools of some names do."""

    tool: str
    """Pattern of `tool` or `server/tool`, in the shell's manner, in lower case."""
    kind: Kind | None = None
    """None leaves what the tool's name says."""
    effects: tuple[Effect, ...] | None = None
    """In their order; None leaves what the tool's name says, an empty list says that it changes nothing."""

    def is_about(self, tool: str, server: str) -> bool:
        """Whether it speaks of a tool."""
        name = tool.lower()
        return fnmatchcase(name, self.tool) or fnmatchcase(f"{server.lower()}/{name}", self.tool)


def tool_meanings(reader: "Reader") -> tuple[ToolMeaning, ...]:
    """Read the lexicon of a policy: tool patterns, each with `kind`, `effects` or both."""
    entries = reader.named("the name of a tool")
    return tuple(_meaning(name, entry) for name, entry in entries.items())


def _meaning(name: str, reader: "Reader") -> ToolMeaning:
    part = reader.mapping(known=("kind", "effects"))
    if not part:
        reader.problem("needs 'kind' or 'effects'")
    stated = {item.choice(Effect) for item in part["effects"].items()} if "effects" in part else None
    return ToolMeaning(
        tool=name.lower(),
        kind=part["kind"].choice(Kind) if "kind" in part else None,
        effects=None if stated is None else tuple(effect for effect in Effect if effect in stated),
    )
