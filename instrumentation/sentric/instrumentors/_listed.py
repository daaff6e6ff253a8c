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
"""Most tools that are remembered; the one that was listed longest ago is forgotten first."""
NAME_LIMIT = 256
"""Longest name of a tool that is looked for, in characters."""
_SEPARATOR = re.compile(r"[-_./:]")
"""What stands between the prefix that a framework gives a tool and the tool's own name."""


class ListedTools:
    """Remembers definitions. Any thread may use it."""

    def __init__(self) -> None:
        self._definitions: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._servers: dict[str, dict[str, None]] = {}
        self._lock = Lock()

    def note(self, server: str, tools: Iterable[tuple[str, str]]) -> None:
        """A server has listed these tools, each its name and the JSON of its definition."""
        with self._lock:
            for name, definition in tools:
                known = self._definitions.pop((server, name), ())
                self._definitions[server, name] = known if known[-1:] == (definition,) else (*known[-1:], definition)
                self._servers.setdefault(name, {})[server] = None
            while len(self._definitions) > TOOLS_LIMIT:
                self._forget(*next(iter(self._definitions)))

    def offered(self, server: str, name: str) -> list[Offered]:
        """The definition of a tool, after the one before it, if it has changed; nothing where it was never listed."""
        with self._lock:
            found = self._definitions.get((server, name), ())
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
            found = {(server, own) for own in names for server in self._servers.get(own, ())}
        return found.pop() if len(found) == 1 else None

    def _forget(self, server: str, name: str) -> None:
        del self._definitions[server, name]
        self._servers[name].pop(server, None)
        if not self._servers[name]:
            del self._servers[name]


listed = ListedTools()
"""Of this process."""
