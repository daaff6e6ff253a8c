"""The tools that the MCP servers of this process have listed, whoever asked for them, and whenever.

Definitions are often listed long before a run begins, and in another session than the one that calls the tool. So each
run is told of the definition of a tool when it calls it, and of the one before, where it has changed: a tool that was
changed since this process first heard of it is one, in every run. Servers are told apart by the names they give
themselves.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import ref

from sentric.forks import process_lock
from sentric.guard.calls import Offered

TOOLS_LIMIT = 1024
"""Most tools that are remembered."""
DEFINITION_LIMIT = 65_537
"""Longest definition that is remembered, in characters: one more than a run reads."""
NAME_LIMIT = 256
"""Longest name of a tool that is looked for, in characters."""
WRAPPERS_READ = 8
"""How many functions that wrap each other are looked into."""
_SEPARATOR = re.compile(r"[-_./:]")
"""What stands between the prefix that a framework gives a tool and the tool's own name."""


class ListedTools:
    """Remembers definitions. Any thread may use it."""

    def __init__(self) -> None:
        self._servers: dict[str, OrderedDict[str, tuple[str, ...]]] = {}
        self._origins: dict[int, tuple[ref[Any], str]] = {}
        self._count = 0
        self._lock = process_lock()

    def note(self, server: str, tools: Iterable[tuple[str, str]]) -> None:
        """A server has listed these tools, each its name and the JSON of its definition."""
        with self._lock:
            kept = self._servers.setdefault(server, OrderedDict())
            for name, definition in tools:
                stated, known = definition[:DEFINITION_LIMIT], kept.pop(name, None)
                self._count += known is None
                before = known[-1:] if known else ()
                kept[name] = known if known and before == (stated,) else (*before, stated)
                if self._count > TOOLS_LIMIT:
                    self._forget()

    def offered(self, server: str, name: str) -> list[Offered]:
        """The definition of a tool, after the one before it, if it has changed; nothing where it was never listed."""
        with self._lock:
            tools = self._servers.get(server)
            found = tools.get(name, ()) if tools else ()
        return [Offered(origin=f"{server}/{name}", definition=definition) for definition in found]

    def remember(self, server: str, tool: Any) -> None:
        """A server's tool, as the object that its list was read into."""
        key = id(tool)
        self._origins[key] = (ref(tool, lambda _: self._origins.pop(key, None)), server)

    def origin(self, tool: object) -> tuple[str, str] | None:
        """The server and name of a tool, told by the object that the server's list was read into."""
        known, server = self._origins.get(id(tool), (None, ""))
        return (server, str(getattr(tool, "name", ""))) if known is not None and known() is tool else None

    def called_by(self, function: Any) -> tuple[str, str] | None:
        """The server and name of the tool that a function was made for, as adapters of frameworks make them.

        Such a function closes over the very object that the server's list was read into. Names say less: a framework
        may put a prefix before them, and several servers may have the same.
        """
        for _ in range(WRAPPERS_READ):
            found = {origin for held in _held(function) if (origin := self.origin(held)) is not None}
            if found:
                return found.pop() if len(found) == 1 else None
            function = getattr(function, "__wrapped__", None)
        return None

    def described(self, name: str, description: str) -> list[Offered]:
        """What a server says of the one tool of this name, perhaps after a prefix, that it describes in these words."""
        if len(name) > NAME_LIMIT:
            return []
        names = (name, *(name[mark.end() :] for mark in _SEPARATOR.finditer(name)))
        words = f'"description": {json.dumps(description, ensure_ascii=False)}'
        with self._lock:
            found = [
                (server, own)
                for server, tools in self._servers.items()
                for own in names
                if own in tools and words in tools[own][-1]
            ]
        return self.offered(*found[0]) if len(found) == 1 else []

    def _forget(self) -> None:
        """The oldest tool of the server that has most, so that none can have those of others forgotten."""
        server = max(self._servers, key=lambda name: len(self._servers[name]))
        self._servers[server].popitem(last=False)
        self._count -= 1
        if not self._servers[server]:
            del self._servers[server]


def _held(function: Any) -> Iterator[object]:
    """What a function closes over."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it is empty
            continue


listed = ListedTools()
"""Of this process."""
