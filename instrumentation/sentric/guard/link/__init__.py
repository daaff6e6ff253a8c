# ruff: noqa: D101, D102
"""The guard's way to the service, and what it keeps while there is none."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sentric.errors import SentricError
from sentric.events import AgentState
from sentric.policy.rule import Decision
from sentric.settings import Settings


class LinkError(SentricError):
    pass


class SpoolError(SentricError):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    decision_id: str
    decision: Decision
    allowed: bool
    reasons: tuple[str, ...]
    before: AgentState
    cumulative_risk: int
    strikes: int
    agent_state: str
    approval_id: str = ""
    approval_state: str = ""
    approval_expires: str = ""


class Watch(Protocol):
    has_lease: bool

    def state(self) -> AgentState | None: ...
    def wait(self, seconds: float) -> bool: ...
    def told(self, answer: Answer) -> None: ...
    def close(self) -> None: ...


class Link:
    @classmethod
    def of(cls, settings: Settings) -> "Link | None":
        return None

    def decide(self, wish: Mapping[str, object]) -> Answer:
        raise LinkError("none")

    def wait(self, approval_id: str, given_up: threading.Event) -> None: ...
    def withdraw(self, approval_id: str) -> None: ...
    def watch(self, agent_id: str, agent_name: str) -> Watch:
        raise LinkError("none")


class Spool:
    @classmethod
    def of(cls, settings: Settings) -> "Spool":
        return cls()

    def keep(self, record: Mapping[str, object]) -> None: ...
