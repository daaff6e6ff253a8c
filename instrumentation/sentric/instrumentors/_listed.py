"""The tools that the MCP servers of this process have listed, whoever asked for them, and whenever.

Definitions are often listed long before a run begins, and in another session than the one that calls the tool. So each
run is told of the definition of a tool when it calls it, and of the one before, where it has changed: a tool that was
changed since this process first heard of it is one, in every run. Servers are told apart by the names they give
themselves.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from sentric.guard.calls import Offered

TOOLS_LIMIT = 1024
"""Most tools that are remembered."""
DEFINITION_LIMIT = 65_537
"""Longest definition that is remembered, in characters: one more than a run reads."""
NAME_LIMIT = 256
"""Longest name of a tool that is looked for, in characters."""
_SEPARATOR = re.compile(r"[-_./:]")
"""What stands between the prefix that a framework gives a tool and the tool's own name."""


class ListedTools:
    """Remembers definitions. Any thread may use it."""

    def __init__(self) -> None:
        self._servers: dict[str, OrderedDict[str, tuple[str, ...]]] = {}
        self._count = 0
        self._lock = Lock()

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

    def resolve(self, name: str) -> tuple[str, str] | None:
        """The server and the name there of a tool that a framework knows by `name`, perhaps with a prefix of its own.

        None where no server has listed it, or it may be one of several: who is taken for another server's tool would
        be judged by that one's definition.
        """
        if len(name) > NAME_LIMIT:
            return None
        names = (name, *(name[mark.end() :] for mark in _SEPARATOR.finditer(name)))
        with self._lock:
            found = {(server, own) for server, tools in self._servers.items() for own in names if own in tools}
        return found.pop() if len(found) == 1 else None

    def _forget(self) -> None:
        """The oldest tool of the server that has most, so that none can have those of others forgotten."""
        server = max(self._servers, key=lambda name: len(self._servers[name]))
        self._servers[server].popitem(last=False)
        self._count -= 1
        if not self._servers[server]:
            del self._servers[server]


listed = ListedTools()
"""Of this process."""
