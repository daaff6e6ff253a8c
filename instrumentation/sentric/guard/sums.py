"""What an agent has added up to, as far as this process knows: for what is decided before anybody else is asked."""

import os
from threading import RLock

from sentric.events import AgentState

_named: "dict[tuple[str, str], Sums]" = {}
"""Bounded by the agents that settings name."""


class Sums:
    """The sums of one agent. Any thread may use them."""

    def __init__(self) -> None:
        self._state = AgentState(enforced=True)
        self._told: AgentState | None = None
        self.turn = RLock()
        """Held while something is decided by what they are, and added to them."""

    @classmethod
    def of(cls, project: str, agent_id: str) -> "Sums":
        """Those of an agent that somebody has named: of all its runs in this process, also when one is over."""
        return _named.setdefault((project, agent_id), cls())

    @property
    def state(self) -> AgentState:
        """What it has added up to now."""
        return self._state

    def at_least(self, state: AgentState) -> None:
        """Hear one of several answers, which may come in another order than they were given."""
        with self.turn:
            now = self._state
            self._state = AgentState(
                max(now.risk, state.risk), max(now.strikes, state.strikes), now.enforced, state.stopped or now.stopped
            )

    def tell(self, state: AgentState) -> None:
        """Hear what somebody who knows better says; what was said before says nothing new."""
        with self.turn:
            if state != self._told:
                self._told = self._state = state

    def add(self, risk: int = 0, strikes: int = 0) -> None:
        """Count what is done now, or a refusal."""
        with self.turn:
            now = self._state
            self._state = AgentState(now.risk + risk, now.strikes + strikes, now.enforced, now.stopped)


def _after_fork() -> None:
    """Go on in a child: a thread of the parent may hold what nobody here gives back."""
    for sums in _named.values():
        sums.turn = RLock()


os.register_at_fork(after_in_child=_after_fork)
