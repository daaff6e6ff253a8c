import asyncio
import copy
import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser_use import Agent
from browser_use.tools.service import Tools

from fixtures.pipeline import Pipeline
from sentric.guard.gate import Gate
from sentric.instrumentors._browser_use_observer import Observer, lay
from sentric.instrumentors.browser_use import BrowserUseInstrumentor
from sentric.settings import Settings

TASKS = ("Buy a duck", "Sell a goose")


class Model:
    model = name = model_name = "m-1"
    provider = "test"
    _verified_api_keys = True

    async def ainvoke(self, messages: list[Any], output_format: Any = None, **_: Any) -> Any:
        return SimpleNamespace(completion="x", usage=None)


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture(params=["by hand", "by hand and zero-code"])
def observer(request: pytest.FixtureRequest, pipeline: Pipeline) -> Generator[Observer, None, None]:
    instrumentor = BrowserUseInstrumentor()
    if request.param != "by hand":
        providers = {"tracer_provider": pipeline.tracers, "logger_provider": pipeline.loggers}
        instrumentor.instrument(settings=Settings(), **providers)
    yield Observer(Gate(pipeline.telemetry, Settings(), "browser-use 0.13"))
    if request.param != "by hand":
        instrumentor.uninstrument()


@pytest.fixture
def agents(observer: Observer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Any, Any]:
    """Two that share their model and their tools."""
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "false")
    monkeypatch.setenv("BROWSER_USE_CONFIG_DIR", str(tmp_path))
    model: Any = Model()
    tools: Any = Tools()
    one, other = (Agent(task=task, llm=model, tools=tools, use_judge=False) for task in TASKS)
    return one, other


async def call(agent: Any) -> None:
    await agent.llm.ainvoke([SimpleNamespace(role="user", text="hello")])
    action = agent.tools.registry.create_action_model()(wait={"seconds": 0})
    await agent.tools.act(action, agent.browser_session)


def by_task(pipeline: Pipeline) -> dict[str, Counter[str]]:
    """The names of the spans of each run, by its task."""
    tasks, names = dict[str, str](), dict[str, Counter[str]]()
    for span in reversed(pipeline.ended):  # a run's root ends last
        run, task = (str((span.attributes or {}).get(name, "")) for name in ("sentric.run.id", "sentric.task"))
        names.setdefault(tasks.setdefault(run, task), Counter())[span.name.split()[0]] += 1
    return names


@pytest.mark.parametrize("first", [0, 1])
async def test_agents_that_share_a_model_and_tools_are_both_observed_to_their_end_in_either_order(
    observer: Observer, agents: tuple[Any, Any], pipeline: Pipeline, first: int
) -> None:
    tools, model = dict(vars(agents[0].tools)), dict(vars(agents[0].llm))
    may_end = (asyncio.Event(), asyncio.Event())
    called = (asyncio.Event(), asyncio.Event())

    async def whole(which: int) -> None:
        with observer.watch(agents[which]):
            await call(agents[which])
            called[which].set()
            await may_end[which].wait()
            await call(agents[which])

    async with asyncio.timeout(20):
        runs = [asyncio.create_task(whole(which)) for which in (0, 1)]
        for event in called:
            await event.wait()
        for which in (first, 1 - first):
            may_end[which].set()
            await runs[which]

    expected = Counter({"chat": 2, "execute_tool": 2, "invoke_agent": 1})
    assert by_task(pipeline) == dict.fromkeys(TASKS, expected)
    assert (vars(agents[0].tools), vars(agents[0].llm)) == (tools, model)


async def test_what_somebody_else_wraps_meanwhile_is_not_lost_and_the_next_run_is_observed_once(
    observer: Observer, agents: tuple[Any, Any], pipeline: Pipeline
) -> None:
    agent, heard = agents[0], list[str]()
    with observer.watch(agent):
        act = agent.tools.act

        async def theirs(*args: Any, **kwargs: Any) -> Any:
            heard.append("act")
            return await act(*args, **kwargs)

        agent.tools.act = theirs
    with observer.watch(agent):
        await call(agent)
    assert agent.tools.act is theirs
    assert heard == ["act"]
    spans = Counter(span.name.split()[0] for span in pipeline.ended)
    assert spans == {"chat": 1, "execute_tool": 1, "invoke_agent": 2}


async def test_an_object_that_cannot_be_changed_stays_as_it_is() -> None:
    class Fixed:
        __slots__ = ()

        async def act(self) -> str:
            return "done"

    fixed = Fixed()

    async def never(*_: Any) -> None:
        raise AssertionError

    lay(fixed, "act", never)()
    assert await fixed.act() == "done"


async def test_lifting_never_raises_into_the_agent_and_a_copy_has_uses_of_its_own() -> None:
    heard = list[object]()

    async def through(wrapped: Any, owner: Any, args: Any, kwargs: Any) -> Any:
        heard.append(owner)
        return await wrapped(*args, **kwargs)

    model = Model()
    lift = lay(model, "ainvoke", through)
    copied = copy.copy(model)
    lift_copied = lay(copied, "ainvoke", through)
    lift()
    assert vars(model) == {}
    await copied.ainvoke([])
    assert heard[0] is copied
    vars(copied).pop("_sentric_ainvoke")
    lift_copied()


async def test_a_tool_that_was_added_is_told_before_the_model_is_asked_and_again_when_it_changes(
    observer: Observer, agents: tuple[Any, Any], pipeline: Pipeline
) -> None:
    agent = agents[0]

    @agent.tools.action("Looks up a price")
    async def look_up(article: str) -> str:
        return article

    with observer.watch(agent):
        await call(agent)
        await call(agent)
        agent.tools.registry.registry.actions["look_up"].description = "Looks up a price, and the user's address"
        await call(agent)
    carried = [json.loads(str((span.attributes or {}).get("sentric.observations", "[]"))) for span in pipeline.ended]
    told = [(index, seen["origin"], seen["source"]) for index, each in enumerate(carried) for seen in each]
    assert told == [(0, "look_up", "tool_definition"), (4, "look_up", "tool_definition")]
