import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest
from opentelemetry import trace

import sentric
from fixtures.pipeline import Pipeline
from sentric import ActionBlocked
from sentric.guard.called import RESULT_LIMIT
from sentric.guard.place import here
from support.guarding import calls

DONE: list[str] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    DONE.clear()


@sentric.guard
def parts(word: str, count: int = 3) -> Generator[str, str, str]:
    DONE.append("begun")
    try:
        for number in range(count):
            sent = yield f"{word}{number} "
            DONE.append(sent or "-")
    except ValueError:
        yield "caught"
    finally:
        DONE.append("ended")
    return word


@sentric.guard
async def parts_aside(word: str, count: int = 3) -> AsyncGenerator[str, str]:
    DONE.append("begun")
    try:
        for number in range(count):
            sent = yield f"{word}{number} "
            DONE.append(sent or "-")
    except ValueError:
        yield "caught"
    finally:
        await asyncio.sleep(0)
        DONE.append("ended")


def result(pipeline: Pipeline) -> Any:
    (span,) = pipeline.spans
    return span.attributes.get("gen_ai.tool.call.result")


def test_a_refused_generator_runs_nothing(enforced: None, pipeline: Pipeline) -> None:
    made = parts("erase")
    assert calls(pipeline) == []  # calling it runs nothing, so nothing is judged so far
    with pytest.raises(ActionBlocked):
        next(made)
    assert (DONE, calls(pipeline)) == ([], [("parts", "rule")])


async def test_a_refused_async_generator_runs_nothing(enforced: None, pipeline: Pipeline) -> None:
    with pytest.raises(ActionBlocked):
        await anext(parts_aside("erase"))
    assert (DONE, calls(pipeline)) == ([], [("parts_aside", "rule")])


def test_a_generator_is_the_generator_it_was(enforced: None, pipeline: Pipeline) -> None:
    assert inspect.isgeneratorfunction(parts)
    made = parts("a", 2)
    assert (next(made), made.send("x")) == ("a0 ", "a1 ")
    with pytest.raises(StopIteration) as end:
        next(made)
    assert end.value.value == "a"
    assert DONE == ["begun", "x", "-", "ended"]
    assert result(pipeline) == "a0 a1 "


async def test_an_async_generator_is_the_generator_it_was(enforced: None, pipeline: Pipeline) -> None:
    assert inspect.isasyncgenfunction(parts_aside)
    made = parts_aside("a", 2)
    assert (await anext(made), await made.asend("x")) == ("a0 ", "a1 ")
    assert [item async for item in made] == []
    assert DONE == ["begun", "x", "-", "ended"]
    assert result(pipeline) == "a0 a1 "


def test_what_is_thrown_into_a_generator_gets_there(enforced: None, pipeline: Pipeline) -> None:
    made = parts("a")
    next(made)
    assert made.throw(ValueError("x")) == "caught"
    with pytest.raises(KeyError):
        made.throw(KeyError("y"))
    assert DONE == ["begun", "ended"]
    assert pipeline.spans[0].attributes["error.type"] == "KeyError"
    assert result(pipeline) == "a0 caught"


async def test_what_is_thrown_into_an_async_generator_gets_there(enforced: None, pipeline: Pipeline) -> None:
    made = parts_aside("a")
    await anext(made)
    assert await made.athrow(ValueError("x")) == "caught"
    with pytest.raises(KeyError):
        await made.athrow(KeyError("y"))
    assert DONE == ["begun", "ended"]
    assert pipeline.spans[0].attributes["error.type"] == "KeyError"


def test_a_generator_that_nobody_wants_more_of_is_closed(enforced: None, pipeline: Pipeline) -> None:
    made = parts("a")
    next(made)
    made.close()
    assert DONE == ["begun", "ended"]
    assert result(pipeline) == "a0 "
    assert "error.type" not in pipeline.spans[0].attributes


async def test_an_async_generator_that_nobody_wants_more_of_is_closed(enforced: None, pipeline: Pipeline) -> None:
    async for _ in (made := parts_aside("a")):
        break
    await made.aclose()
    assert DONE == ["begun", "ended"]
    assert result(pipeline) == "a0 "


def test_between_two_items_the_code_is_not_inside_the_action(enforced: None) -> None:
    """Else the same call, made there, would pass for the one that was judged."""
    seen: list[Any] = []

    @sentric.guard
    def inner() -> Generator[int, None, None]:
        for number in range(2):
            place = here()
            seen.append(len(place.calls) if place else 0)
            yield number

    for _ in inner():
        assert here() is None
        assert not trace.get_current_span().is_recording()
    assert seen == [1, 1]


async def test_the_same_stream_within_a_stream_is_judged_by_itself(enforced: None, pipeline: Pipeline) -> None:
    async for _ in parts_aside("a", 1):
        async for _ in parts_aside("a", 1):
            pass
    assert len(calls(pipeline)) == 2


def test_a_stream_is_kept_as_far_as_it_is_told(
    guarded: Callable[..., None], pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded("observe")
    chunk = "x" * 1000

    @sentric.guard
    def endless() -> Generator[str, None, None]:
        while True:
            yield chunk

    stream = endless()
    for _ in range(3 * RESULT_LIMIT // 1000):
        next(stream)
    stream.close()
    assert len(result_of(pipeline, "endless")) < RESULT_LIMIT


def result_of(pipeline: Pipeline, tool: str) -> str:
    (span,) = [span for span in pipeline.spans if span.name == f"execute_tool {tool}"]
    return str(span.attributes["gen_ai.tool.call.result"])


async def test_a_cancelled_stream_ends(enforced: None, pipeline: Pipeline) -> None:
    started = asyncio.Event()

    @sentric.guard
    async def slow() -> AsyncGenerator[int, None]:
        started.set()
        await asyncio.Event().wait()
        yield 1

    async def use() -> None:
        async for _ in slow():
            pass

    task = asyncio.create_task(use())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pipeline.spans[0].attributes["error.type"] == "CancelledError"
