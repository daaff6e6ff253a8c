"""What an agent has added up to, as far as this process knows: for what is decided before anybody else is asked."""

from sentric.events import AgentState
from sentric.forks import process_lock

_named: "dict[tuple[str, str], Sums]" = {}
"""Bounded by the agents that settings name."""


class Sums:
    """The sums of one agent. Any thread may use them."""

    def __init__(self) -> None:
        self._state = AgentState(enforced=True)
        self._told: AgentState | None = None
        self.turn = process_lock()
        """Held while something is decided by what they are, and added to them."""

    @classmethod
    def of(cls, project: str, agent_id: str) -> "Sums":
        """Those of an agent that somebody has named: of all its runs in this process, also when one is over."""
        return _named.setdefault((project, agent_id), cls())

    @property
    def state(self) -> AgentState:
        """What it has added up to now."""
        return self._state

    def tell(self, state: AgentState) -> None:
        """Hear what somebody who knows better says; the same object again says nothing new."""
        with self.turn:
            if state is not self._told:
                self._told = self._state = state

    def add(self, risk: int = 0, strikes: int = 0) -> None:
        """Count what is done now, or a refusal."""
        with self.turn:
            now = self._state
            self._state = AgentState(now.risk + risk, now.strikes + strikes, now.enforced, now.stopped)
