"""Telling guards of what concerns their agents: each record is looked at once, however many guards there are."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from sentric.policy.rule import Decision
from sentric_analyzer.api.waiting import Heard
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.feed import Feed

_Tell = Callable[[Sequence[Record]], object]

_OF_SUMS = frozenset({*(f"decision.{each}" for each in Decision), "approval.deny", "approval.expire"})
"""What may change an agent's sums; whose is in the detail."""
_OF_AGENT = frozenset({"agent.stop", "agent.reset", "agent.shut_down", "agent.name"})
ANY = ""
"""For the id of an agent: every agent of the project."""


def concerned(record: Record) -> str | None:
    """The agent whose guard must know of a record, or `ANY`; None: no guard must."""
    if record.what in _OF_SUMS:
        return str(json.loads(record.detail).get("agent_id", ANY))
    if record.what in _OF_AGENT:  # by name: which names an agent has had is for its state to say
        return ANY if json.loads(record.detail).get("target") == "name" else record.subject
    return ANY if record.what == "policy.activate" else None


class Guards:
    """Those who are told. Of the event loop, but for the feed's thread, which tells.

    Args:
        feed: tells of what happens.
    """

    def __init__(self, feed: Feed) -> None:
        self._lock = threading.Lock()
        self._tells: dict[str, dict[str, list[_Tell]]] = {}
        """By project and by the id of the agent."""
        self._feed = feed
        self._leave: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def heard(self, project: str, agent_id: str) -> AsyncGenerator[Heard]:
        """Hear of what concerns an agent, from entering until leaving."""
        told, loop = Heard(), asyncio.get_running_loop()

        def tell(records: Sequence[Record]) -> None:
            loop.call_soon_threadsafe(told.put, records)

        with self._lock:
            if not self._tells:
                self._leave = self._feed.listen(self._listen)
            self._tells.setdefault(project, {}).setdefault(agent_id, []).append(tell)
        try:
            yield told
        finally:
            with self._lock:
                agents = self._tells[project]
                agents[agent_id].remove(tell)
                if not agents[agent_id]:
                    del agents[agent_id]
                if not agents:
                    del self._tells[project]
                if not self._tells:
                    self._leave()

    def _listen(self, records: Sequence[Record]) -> None:
        with self._lock:
            if not records:
                for agents in self._tells.values():
                    _tell(agents, ANY, ())
            for record in records:
                agents = self._tells.get(record.project, {})
                if agents and (whose := concerned(record)) is not None:
                    _tell(agents, whose, (record,))


def _tell(agents: Mapping[str, Sequence[_Tell]], whose: str, records: Sequence[Record]) -> None:
    for tells in agents.values() if whose == ANY else (agents.get(whose, ()),):
        for tell in tells:
            tell(records)
