import asyncio
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from e2e.browser_agent.guarded import policy
from fixtures.pipeline import Pipeline
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.place import here
from sentric.instrumentors import _browser_use_landing as landing
from sentric.instrumentors._browser_use_landing import LandingError, Landings, origin_of
from sentric.settings import Settings

AWAY = "http://away.example"


class Browser:
    """The browser session of an agent, as far as it is looked at: where it stands, and its tabs."""

    def __init__(self, url: str) -> None:
        self.url, self.agent_focus_target_id, self.tabs = url, "one", {"two": "http://opened.example/"}
        self.closed = list[str]()
        self.taken = 0
        page = SimpleNamespace(navigate=self._navigate)
        self.tab = SimpleNamespace(cdp_client=SimpleNamespace(send=SimpleNamespace(Page=page)), session_id="s")
        self.is_fast = False

    async def get_current_page_url(self) -> str:
        return self.url

    async def get_or_create_cdp_session(self, target_id: str) -> Any:
        return self.tab

    async def _navigate(self, params: dict[str, str], session_id: str) -> None:
        if not self.is_fast:
            self.url = params["url"]

    async def _cdp_close_page(self, target_id: str) -> None:
        self.closed.append(target_id)
        del self.tabs[target_id]

    async def state(self, *_: Any, **__: Any) -> Any:
        self.taken += 1
        tabs = [SimpleNamespace(target_id=target, url=url) for target, url in self.tabs.items()]
        return SimpleNamespace(url=self.url, tabs=[SimpleNamespace(target_id="one", url=self.url), *tabs])


class Agent:
    def __init__(self) -> None:
        self.state = SimpleNamespace(last_result=None)
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture(params=["enforce"])
def landings(
    request: pytest.FixtureRequest, pipeline: Pipeline, agent: Agent, tmp_path: Path
) -> Generator[Landings, None, None]:
    """Within a run."""
    settings = Settings(
        mode=request.param, policy=str(policy(tmp_path, AWAY)), guard_dir=str(tmp_path / "guard"), agent_id=""
    )
    gate = Gate(pipeline.telemetry, settings, "browser-use 0.13")
    run = gate.begin(About(agent="a", framework="browser-use 0.13"), subject=agent)
    assert isinstance(run, LiveRun)
    with run.current():
        yield Landings(gate, lambda _: nullcontext())
    run.end()


def visits(pipeline: Pipeline) -> list[tuple[str, str]]:
    found = [span.attributes or {} for span in pipeline.ended if span.name.startswith("execute_tool")]
    return [(str(one["gen_ai.tool.call.arguments"]), str(one.get("sentric.refused", ""))) for one in found]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Shop.Example:80/x?y", "http://shop.example"),
        ("https://user:word@shop.example/", "https://shop.example"),
        ("http://away.example\\@shop.example", "http://away.example"),
        ("about:blank", ""),
        ("chrome-error://chromewebdata/", ""),
        ("", ""),
    ],
)
def test_the_origin_of_a_page_is_the_browsers(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["data:text/html,x", "file:///etc/hosts", "http://[", "\ud800"])
def test_a_page_without_an_origin_is_one_of_its_own(url: str) -> None:
    assert len(origin_of(url)) == 64


async def test_an_origin_is_judged_once_and_not_where_an_action_aimed_at_it(
    landings: Landings, pipeline: Pipeline
) -> None:
    browser = Browser("http://found.example/1")
    await landings.shown(browser.state, browser, (), {})
    browser.url = "http://found.example/2"
    assert await landings.acted_on(browser) is None
    aimed: Any = SimpleNamespace(model_dump=lambda **_: {"navigate": {"url": "http://asked.example/"}})
    landings.aimed(aimed)
    browser.url = "http://asked.example/here"
    await landings.shown(browser.state, browser, (), {})
    assert visits(pipeline) == [('{"url":"http://found.example/1"}', "")]
    assert browser.taken == 2


async def test_a_refused_page_is_left_before_it_is_shown_and_the_model_is_told(
    landings: Landings, agent: Agent
) -> None:
    browser = Browser(f"{AWAY}/page")
    shown = await landings.shown(browser.state, browser, (), {})
    assert (shown.url, browser.taken) == ("about:blank", 2)
    (result,) = agent.state.last_result
    assert result.error.startswith("navigate was refused.")


async def test_a_refused_page_is_not_acted_on(landings: Landings) -> None:
    browser = Browser(f"{AWAY}/page")
    refusal = await landings.acted_on(browser)
    assert refusal is not None
    assert refusal.rules == ("not-there",)
    assert browser.url == "about:blank"


async def test_a_new_tab_is_closed_and_one_that_was_there_before_is_not(landings: Landings) -> None:
    browser = Browser("about:blank")
    browser.tabs["old"] = f"{AWAY}/users/own"
    await landings.shown(browser.state, browser, (), {})
    browser.tabs["new"] = f"{AWAY}/popup"
    shown = await landings.shown(browser.state, browser, (), {})
    assert browser.closed == ["new"]
    assert {tab.target_id for tab in shown.tabs} == {"one", "two", "old"}


async def test_a_page_that_cannot_be_left_is_not_shown(
    landings: Landings, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(f"{AWAY}/page")
    browser.is_fast = True
    with pytest.raises(LandingError):
        await landings.shown(browser.state, browser, (), {})
    assert browser.taken == landing.ROUNDS
    assert agent.stopped, "it was refused too often by then"
    monkeypatch.setattr(landing, "_SECONDS", 0.01)
    browser.tab.cdp_client.send.Page.navigate = lambda **_: asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        await landings.shown(browser.state, browser, (), {})
    refusal = await landings.acted_on(browser)
    assert refusal is not None
    assert refusal.cause == "undecided"


async def test_the_known_origins_are_bounded(landings: Landings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "_ORIGINS", 3)
    browser = Browser("")
    for number in range(5):
        browser.url = f"http://{number}.example/"
        assert await landings.acted_on(browser) is None
    place = here()
    assert place is not None
    assert list(landing._of(place.run).origins) == [f"http://{number}.example" for number in (2, 3, 4)]


@pytest.mark.parametrize("landings", ["observe"], indirect=True)
async def test_where_nothing_is_enforced_nothing_is_looked_at(landings: Landings, pipeline: Pipeline) -> None:
    browser: Any = SimpleNamespace()

    async def state() -> str:
        return "shown"

    assert await landings.shown(state, browser, (), {}) == "shown"
    assert await landings.acted_on(browser) is None
    assert visits(pipeline) == []
