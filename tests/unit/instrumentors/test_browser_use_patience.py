"""A real agent with its real tools, held to a policy: a step's limit stands still while a person is asked."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from browser_use import Agent
from browser_use.tools.service import Tools

from e2e.browser_agent.guarded import policy
from fixtures.pipeline import Pipeline
from sentric.guard.gate import Gate
from sentric.instrumentors._browser_use_observer import Observer
from sentric.instrumentors._instrumentor import GuardError
from sentric.settings import Settings
from support.enforcing import Service, linked
from unit.instrumentors.test_browser_use_observer import Model

LIMIT = 2
"""Seconds."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    return linked(monkeypatch, Service(hold=threading.Event()))


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "false")
    monkeypatch.setenv("BROWSER_USE_CONFIG_DIR", str(tmp_path))
    model: Any = Model()
    tools: Any = Tools()

    @tools.action("Pay Paul")
    async def pay_paul() -> str:
        return "paid"

    return Agent(task="Tidy up", llm=model, tools=tools, use_judge=False, step_timeout=LIMIT)


@pytest.fixture
def observer(service: Service, tmp_path: Path) -> Observer:
    rules = policy(tmp_path, "http://away.example")
    settings = Settings(mode="enforce", policy=str(rules), guard_dir=str(tmp_path / "guard"))
    return Observer(Gate(Pipeline().telemetry, settings, "browser-use 0.13"))


async def act(agent: Any) -> Any:
    action = agent.tools.registry.create_action_model()(pay_paul={})
    return await agent.tools.act(action, None)


async def test_a_wait_that_is_longer_than_a_step_may_take_trips_nothing(
    observer: Observer, service: Service, agent: Any
) -> None:
    agent.step = lambda: act(agent)
    assert service.hold is not None
    with observer.watch(agent):
        assert f"{agent.settings.step_timeout}" == str(LIMIT), "its messages name the limit that it was given"
        step = asyncio.create_task(asyncio.wait_for(agent.step(), timeout=agent.settings.step_timeout))
        done, _ = await asyncio.wait({step}, timeout=LIMIT + 0.5)
        assert not done
        assert service.waiting.is_set()
        service.hold.set()
        result = await asyncio.wait_for(step, 20)
    assert result.extracted_content == "paid"
    assert agent.settings.step_timeout == LIMIT


async def test_a_step_that_takes_too_long_by_itself_is_given_up(observer: Observer, agent: Any) -> None:
    agent.step = asyncio.Event().wait
    agent.settings.step_timeout = 0.1
    with observer.watch(agent), pytest.raises(TimeoutError):
        await asyncio.wait_for(agent.step(), timeout=agent.settings.step_timeout)


@pytest.mark.parametrize("broken", ["begin", "_lay_all"])
async def test_an_agent_that_cannot_be_guarded_does_not_begin(
    observer: Observer, agent: Any, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, broken, lambda *_: None)
    with pytest.raises(GuardError), observer.watch(agent):
        raise AssertionError
