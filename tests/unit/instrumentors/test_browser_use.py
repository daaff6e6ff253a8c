import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser_use.agent.service import Agent
from browser_use.agent.views import ActionResult
from browser_use.tokens.service import TokenCost
from browser_use.tools.service import Tools
from browser_use.utils import SignalHandler

from fixtures.pipeline import Pipeline
from sentric.guard.live_run import About, LiveRun
from sentric.instrumentors.browser_use import BrowserUseInstrumentor
from sentric.settings import Settings

WRAPPED = (
    (Agent, "run"),
    (Agent, "rerun_history"),
    (Agent, "step"),
    (Tools, "act"),
    (TokenCost, "register_llm"),
    (SignalHandler, "sigterm_handler"),
)


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def instrumented(pipeline: Pipeline) -> Generator[None, None, None]:
    instrumentor = BrowserUseInstrumentor()
    instrumentor.instrument(settings=Settings(), tracer_provider=pipeline.tracers, logger_provider=pipeline.loggers)
    yield
    instrumentor.uninstrument()


class Model:
    """As much of a chat model as `register_llm` looks at."""

    model, provider, name = "m-1", "test", "m-1"

    async def ainvoke(self, messages: list[Any], output_format: Any = None, **_: Any) -> Any:
        if not messages:
            raise ValueError("an empty prompt")
        return SimpleNamespace(completion="x", usage=None)


def begun(pipeline: Pipeline) -> LiveRun:
    return LiveRun(pipeline.telemetry, Settings(), About(agent="a", framework="f"))


async def test_an_action_within_a_run_gives_a_span(instrumented: None, pipeline: Pipeline) -> None:
    tools = Tools()
    action = tools.registry.create_action_model()(wait={"seconds": 0})
    result = await tools.act(action=action, browser_session=SimpleNamespace())  # type: ignore[arg-type]  # it needs none
    assert isinstance(result, ActionResult)
    assert pipeline.spans == [], "outside of a run there is nothing to add it to"
    with begun(pipeline).current():
        await tools.act(action, SimpleNamespace())  # type: ignore[arg-type]  # it needs none
    (span,) = pipeline.spans
    assert span.name == "execute_tool wait"
    assert span.attributes["gen_ai.tool.call.arguments"] == '{"seconds":0}'


async def test_a_model_shared_by_many_agents_is_wrapped_once_and_its_errors_pass(
    instrumented: None, pipeline: Pipeline
) -> None:
    model: Any = Model()
    for _ in range(3):
        TokenCost().register_llm(model)
    with begun(pipeline).current():
        await model.ainvoke(["hello"])
        with pytest.raises(ValueError, match="an empty prompt"):
            await model.ainvoke([])
    assert [(span.name, span.status) for span in pipeline.spans] == [("chat m-1", "UNSET"), ("chat m-1", "ERROR")]


def test_uninstrument_puts_everything_back(pipeline: Pipeline) -> None:
    before = [vars(owner)[name] for owner, name in WRAPPED]
    instrumentor = BrowserUseInstrumentor()
    instrumentor.instrument(settings=Settings(), tracer_provider=pipeline.tracers)
    during = [vars(owner)[name] for owner, name in WRAPPED]
    instrumentor.uninstrument()
    assert all(one is not other for one, other in zip(before, during, strict=True))
    assert [vars(owner)[name] for owner, name in WRAPPED] == before


@pytest.mark.parametrize(
    ("name", "value", "logged"),
    [
        ("SENTRIC_DISABLED", "true", ""),
        (
            "SENTRIC_CAPTURE",
            "some",
            "sentric: nothing is observed: SENTRIC_CAPTURE is 'some': use one of full, metadata",
        ),
    ],
)
def test_switched_off_or_set_wrongly_it_wraps_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, value: str, logged: str
) -> None:
    monkeypatch.setenv(name, value)
    before = vars(Tools)["act"]
    instrumentor = BrowserUseInstrumentor()
    instrumentor.instrument()
    try:
        assert vars(Tools)["act"] is before
        assert "\n".join(record.message for record in caplog.records) == logged
    finally:
        instrumentor.uninstrument()


def too_old(tmp_path: Path) -> None:
    """Put a browser-use there that is too old."""
    package = tmp_path / "browser_use"
    (package / "tools").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tools" / "__init__.py").touch()
    (package / "tools" / "service.py").write_text("class Tools:\n    async def act(self): ...\n")
    (tmp_path / "browser_use-0.8.1.dist-info").mkdir()
    (tmp_path / "browser_use-0.8.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: browser-use\nVersion: 0.8.1\n"
    )


def test_a_browser_use_that_is_too_old_is_reported_in_one_line_and_left_alone(tmp_path: Path) -> None:
    too_old(tmp_path)
    program = (
        "from sentric.instrumentors.browser_use import BrowserUseInstrumentor\n"
        "BrowserUseInstrumentor().instrument()\n"
        "from browser_use.tools.service import Tools\n"
        "print(type(Tools.__dict__['act']).__name__)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "function\n"
    assert shown.stderr == "sentric: browser-use 0.8.1 is too old to be observed: install browser-use>=0.9\n"


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"SENTRIC_MODE": "enforce", "SENTRIC_CAPTURE": "some"}, "SENTRIC_CAPTURE is 'some'"),
        ({"SENTRIC_MODE": "enforced"}, "SENTRIC_MODE is 'enforced'"),
        ({"SENTRIC_MODE": "enforce"}, "browser-use 0.8.1 is too old"),
    ],
)
def test_what_cannot_be_guarded_is_not_imported_where_that_is_wanted(
    tmp_path: Path, environ: dict[str, str], why: str
) -> None:
    too_old(tmp_path)
    program = (
        "from sentric.instrumentors.browser_use import BrowserUseInstrumentor\n"
        "BrowserUseInstrumentor().instrument()\n"
        "for turn in range(2):\n"
        "    try:\n"
        "        from browser_use.tools.service import Tools\n"
        "    except Exception as error:\n"
        "        print(turn, type(error).__name__, error)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = shown.stdout.splitlines()
    assert first.startswith(f"0 GuardError sentric: {why}")
    assert second.startswith("1 GuardError"), "not when it is tried again either"
