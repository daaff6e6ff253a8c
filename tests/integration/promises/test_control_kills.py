"""A service that is killed with approvals pending and decisions under way: what was answered is so, and is so once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric_analyzer.control.store import ControlStore, control_url
from support.controlling import keep
from support.deciding import DOCUMENTS
from support.history import acted_out
from support.serving import Serving, poll, serving

AGENTS = 8


@dataclass
class Agent:
    """An agent and the person who answers it, one after the other; what they know for sure."""

    agent_id: str
    keys: dict[str, str]
    dice: random.Random
    sums: tuple[int, int] = (0, 0)
    """Risk and strikes, as answered last."""
    states: dict[str, str] = field(default_factory=dict[str, str])
    """Of approvals, as answered last."""
    calls: dict[str, str] = field(default_factory=dict[str, str])
    under_way: str = ""
    """The approval that the last thing asked for was about, which was perhaps not answered."""
    number: int = 0
    steps: int = 0
    used: int = 0

    def act(self, address: str, killed: threading.Event) -> None:
        """Do one thing after the other, until nobody answers."""
        with httpx.Client(base_url=f"http://{address}", timeout=30.0, trust_env=False) as client:
            while not killed.is_set():
                try:
                    self.step(client)
                    self.steps += 1
                except httpx.TransportError:
                    return

    def step(self, client: httpx.Client) -> None:
        """Ask, have it approved or denied, use it, begin anew."""
        waiting = [one for one, state in self.states.items() if state == "pending"]
        ready = [one for one, state in self.states.items() if state == "approved"]
        risk, strikes = self.sums
        if strikes >= 2 or risk >= 80:
            self.under_way = "reset"
            self._post(client, f"/v1/agents/{self.agent_id}/reset", "olga")
            self.sums = (0, 0)
        elif ready:
            self.decide(client, "ask", ready[0])
        elif len(waiting) > 3:
            self.under_way = waiting[0]
            said = "deny" if self.dice.random() < 0.2 else "approve"
            state = self._post(client, f"/v1/approvals/{waiting[0]}/{said}", "ann")["state"]
            self.states[waiting[0]] = state
            self.sums = (risk, strikes + (state == "denied"))
        else:
            self.decide(client, self.dice.choice(("ask", "ask", "ask", "warn", "block")))
        self.under_way = ""

    def decide(self, client: httpx.Client, tool: str, approval_id: str = "") -> None:
        self.number += 1
        self.under_way = approval_id or tool
        call_id = self.calls.get(approval_id, str(self.number))
        wish = {"agent_id": self.agent_id, "action": tool, "call_id": call_id, "approval_id": approval_id}
        told = self._post(client, "/v1/decisions", "agent", **wish)
        self.sums = told["cumulative_risk"], told["strikes"]
        if approval_id:
            assert told["allowed"]
            self.used += 1
            self.states[approval_id] = "used"
        elif told["approval_id"]:
            self.states[told["approval_id"]] = told["approval_state"]
            self.calls[told["approval_id"]] = call_id

    def look(self, client: httpx.Client) -> None:
        """Compare what the service knows now with what it answered."""
        head = {"Authorization": f"Bearer {self.keys['ann']}"}
        changed = 0
        is_open = {"pending", "approved"}
        for approval_id in [one for one, state in self.states.items() if state in is_open] + list(self.states)[-3:]:
            found = client.get(f"/v1/approvals/{approval_id}", headers=head).json()
            state = "used" if found["used"] else found["state"]
            if state != self.states[approval_id]:
                # Perhaps what was asked for last was done, and only its answer was lost.
                assert approval_id == self.under_way
                assert (self.states[approval_id], state) in {
                    ("pending", "approved"),
                    ("pending", "denied"),
                    ("approved", "used"),
                }
                changed += 1
                self.used += state == "used"
                self.states[approval_id] = state
        assert changed <= 1
        if not (answer := client.get(f"/v1/agents/{self.agent_id}", headers=head)).is_success:
            assert self.sums == (0, 0)
            return
        (known,) = answer.json()["agents"]
        risk, strikes = self.sums
        one_more = {(risk, strikes), (risk + 10, strikes), (risk + 30, strikes), (risk, strikes + 1), (0, 0)}
        assert (known["risk"], known["strikes"]) in (one_more if self.under_way else {self.sums})
        self.sums = known["risk"], known["strikes"]
        self.under_way = ""

    def _post(self, client: httpx.Client, path: str, who: str, **body: Any) -> Any:
        answer = client.post(path, json=body, headers={"Authorization": f"Bearer {self.keys[who]}"})
        assert answer.status_code == 200, answer.text
        return answer.json()


def crash(service: Serving, agents: list[Agent], steps: int) -> None:
    """Let all agents act, and kill the service in the middle of it, when they have done so much."""
    end = sum(agent.steps for agent in agents) + steps
    killed = threading.Event()
    with ThreadPoolExecutor(len(agents)) as threads:
        acting = [threads.submit(agent.act, service.stated["http"], killed) for agent in agents]
        poll(lambda: sum(agent.steps for agent in agents) >= end or any(one.done() for one in acting))
        service.kill()
        killed.set()
        for one in acting:
            one.result()


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_a_service_that_is_killed_keeps_what_it_answered(tmp_path: Path, kills: int) -> None:
    data, policy = tmp_path / "data", tmp_path / "policy"
    data.mkdir()
    policy.mkdir()
    for name, text in DOCUMENTS.items():
        (policy / name).write_text(text)
    with ControlStore.open(control_url(data)) as store:
        keys, _ = keep(store)
    agents = [Agent(f"agent-{n}", keys, random.Random(n)) for n in range(AGENTS)]
    for number in range(kills + 1):
        with serving(data, SENTRIC_POLICY=str(policy / "policy.yaml")) as service:
            poll(service.ready)
            with httpx.Client(base_url=f"http://{service.stated['http']}", timeout=30.0, trust_env=False) as client:
                for agent in agents:
                    agent.look(client)
            if number < kills:
                crash(service, agents, 90 + number % 7)
            else:
                assert service.stop() == 0
    with ControlStore.open(control_url(data)) as store:
        history = acted_out(store)
        used = sum(model.used for model in history.approvals.values())
        assert used == sum(agent.used for agent in agents)
        assert used > 0
        pending = {one for one, model in history.approvals.items() if model.state == "pending"}
        known = {one for agent in agents for one, state in agent.states.items() if state == "pending"}
        assert known <= pending
