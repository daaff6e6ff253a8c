"""Many at once, who do to one control store whatever they can think of: what must be true stays true."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from sentric_analyzer.control import Grant
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.decisions import Decided
from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.deciding import Decider
from support.deciding import Clock, asked, decider, grant, policy
from support.history import acted_out

ACTORS = 32
AGENTS = tuple(f"agent-{number}" for number in range(6))
PEOPLE = tuple(f"person:{name * 12}" for name in "abc")
REQUESTERS = (grant("1" * 12), grant("2" * 12), grant("3" * 12, person="c" * 12))
"""The last is a key of somebody who also approves."""
TOOLS = ("note", "warn", *("ask",) * 8, *("ask_two",) * 4, "block")


class Known(NamedTuple):
    """What an approval is for."""

    approval_id: str
    agent_id: str
    tool: str
    call_id: str
    by: Grant


@dataclass
class Crowd:
    """What all actors share, and what they were told."""

    store: ControlStore
    decide: Decider
    clock: Clock
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: dict[str, Known] = field(default_factory=dict[str, Known])
    answers: list[Decided] = field(default_factory=list[Decided])

    def ask(self, dice: random.Random) -> None:
        by = dice.choice(REQUESTERS)
        self._ask(Known("", dice.choice(AGENTS), dice.choice(TOOLS), f"call-{dice.randrange(4)}", by))

    def use(self, dice: random.Random) -> None:
        """Use an approval: one used long ago too, or for what it is not for, or what somebody else was given."""
        if known := self._some(dice):
            known = known._replace(call_id="call-x") if dice.random() < 0.05 else known
            self._ask(known._replace(by=dice.choice(REQUESTERS)) if dice.random() < 0.05 else known)

    def _ask(self, what: Known) -> None:
        wish = asked(what.agent_id, what.tool, call_id=what.call_id, approval_id=what.approval_id)
        told = self.decide.decide(wish, project="shop", by=what.by)
        with self.lock:
            self.answers.append(told)
            if told.answer["approval_state"] == "pending":
                approval_id = told.answer["approval_id"]
                self.asked.setdefault(approval_id, what._replace(approval_id=approval_id))

    def used(self) -> Counter[str]:
        """How often each approval that was used was."""
        return Counter(
            told.answer["approval_id"]
            for told in self.answers
            if told.answer["allowed"] and told.answer["approval_id"] is not None
        )

    def approve(self, dice: random.Random) -> None:
        self._answer(dice, Said.APPROVE)

    def deny(self, dice: random.Random) -> None:
        self._answer(dice, Said.DENY)

    def _answer(self, dice: random.Random, said: Said) -> None:
        if known := self._some(dice):
            person = dice.choice(PEOPLE)
            self._try(lambda: self.store.approvals.answer(known.approval_id, said, approver=person, actor=person))

    def cancel(self, dice: random.Random) -> None:
        if known := self._some(dice):
            self._try(lambda: self.store.approvals.cancel(known.approval_id, actor="person:olga"))

    def _try(self, step: Callable[[], object]) -> None:
        with suppress(ApprovalStateError, NotAnApproverError):
            step()

    def expire(self, dice: random.Random) -> None:
        """Let time pass: questions live for a hundred seconds."""
        with self.lock:
            self.clock.now += dice.choice((0.0, 1.0, 40.0))
        self.store.approvals.expire()

    def stop(self, dice: random.Random) -> None:
        self._operate(self.store.stopping.stop, dice)

    def reset(self, dice: random.Random) -> None:
        self._operate(self.store.stopping.reset, dice)

    def _operate(self, what: Callable[..., object], dice: random.Random) -> None:
        agent_id = dice.choice(AGENTS)
        what("shop", agent_id, reason="a test", actor="person:olga")

    def _some(self, dice: random.Random) -> Known | None:
        """Most often one of the latest approvals."""
        with self.lock:
            known = list(self.asked.values())
        if not known:
            return None
        return dice.choice(known[-8:] if dice.random() < 0.9 else known)


DEEDS: dict[Callable[[Crowd, random.Random], None], int] = {
    Crowd.ask: 24,
    Crowd.use: 30,
    Crowd.approve: 30,
    Crowd.deny: 2,
    Crowd.cancel: 1,
    Crowd.expire: 2,
    Crowd.stop: 1,
    Crowd.reset: 12,
}


def act(crowd: Crowd, rounds: int, seed: int) -> None:
    """Let all actors do so many things together."""

    def actor(number: int) -> None:
        dice = random.Random(seed * 1000 + number)  # no secret
        for _ in range(rounds // ACTORS):
            (deed,) = dice.choices(tuple(DEEDS), tuple(DEEDS.values()))
            deed(crowd, dice)

    with ThreadPoolExecutor(ACTORS) as threads:
        list(threads.map(actor, range(ACTORS)))


@pytest.mark.parametrize("rounds", [256, pytest.param(10_000, marks=pytest.mark.soak)])
def test_whatever_many_do_at_once_each_approval_is_used_once_and_every_sum_is_exact(
    control_url: str, rounds: int
) -> None:
    clock = Clock()
    with ControlStore.open(control_url, clock=clock, patience=Patience(100.0, 100.0)) as store:
        crowd = Crowd(store, decider(store, policy()), clock)
        for agent_id in AGENTS:
            crowd.decide.decide(asked(agent_id, "note"), project="shop", by=REQUESTERS[0])
        act(crowd, rounds, seed=rounds)
        more = itertools.count(rounds + 1)
        while len(crowd.used()) < rounds / 50:  # how often somebody comes in time is for the threads to say
            act(crowd, rounds, seed=next(more))
        clock.now += 1000.0
        while store.approvals.expire():
            pass
        history = acted_out(store)

        for told in crowd.answers:
            answer = told.answer
            if answer["allowed"]:
                assert answer["strikes"] < 3
                assert answer["agent_state"] == "active"
            assert answer["cumulative_risk"] <= 100
        # What was answered and what was kept are one and the same.
        used = crowd.used()
        assert used == {approval_id: 1 for approval_id, model in history.approvals.items() if model.used}
        counted = Counter(told.answer["decision"] for told in crowd.answers)
        counted["allow"] += len(AGENTS)
        agents = store.agents.page(projects=None, limit=100)
        assert sum(counted.values()) == sum(sum(agent.counts.values()) for agent in agents)
        assert counted == sum((Counter({k.value: n for k, n in agent.counts.items()}) for agent in agents), Counter())
        # Each strike that still counts is shown with what was refused.
        for agent in agents:
            assert len(store.decisions.refusals(agent)) == min(agent.strikes, 100)
        assert {"pending"} & {model.state for model in history.approvals.values()} == set()
