import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.turns import MOST, Turns


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What the first call waits for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def turns() -> Iterator[Turns]:
    with ThreadPoolExecutor(1) as executor:
        yield Turns(executor)


async def begun(*calls: Any) -> list[asyncio.Task[Any]]:
    """Tasks that have got as far as they can."""
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


async def test_whoever_has_many_waiting_holds_up_others_by_one(turns: Turns, gate: threading.Event) -> None:
    done: list[str] = []

    def call(name: str) -> Callable[[], None]:
        return lambda: done.append(name)

    tasks = await begun(turns.run("first", gate.wait), *(turns.run("many", call(f"many{n}")) for n in range(3)))
    tasks += await begun(turns.run("one", call("one")), turns.run("two", call("two")))
    gate.set()
    await asyncio.gather(*tasks)
    assert done == ["many0", "one", "two", "many1", "many2"]


async def test_of_one_sender_only_so_many_wait(turns: Turns, gate: threading.Event) -> None:
    tasks = await begun(turns.run("other", gate.wait), *(turns.run("a", int) for _ in range(MOST)))
    with pytest.raises(Refusal) as caught:
        await turns.run("a", int)
    assert caught.value.reason is Reason.BUSY
    tasks += await begun(turns.run("b", int))
    gate.set()
    await asyncio.gather(*tasks)
    assert await turns.run("a", lambda: 5) == 5


async def test_what_a_call_raises_is_raised_and_the_next_is_run(turns: Turns) -> None:
    with pytest.raises(ZeroDivisionError):
        await turns.run("a", lambda: 1 // 0)
    assert await turns.run("a", lambda: 5) == 5


async def test_what_nobody_waits_for_is_not_run(turns: Turns, gate: threading.Event) -> None:
    done: list[int] = []
    first, second = await begun(turns.run("a", gate.wait), turns.run("a", lambda: done.append(1)))
    second.cancel()
    await asyncio.sleep(0)
    gate.set()
    await first
    assert await turns.run("a", lambda: 5) == 5
    assert not done
