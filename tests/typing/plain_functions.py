"""What type checkers make of the decorator and the calls: `make types` reads this file, nobody runs it."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import sentric


@sentric.guard(agent="shopper", action="add", context={"ticket": "T-1"})
def add(first: int, second: int = 1) -> int:
    return first + second


@sentric.guard
async def send(to: str) -> bytes:
    return to.encode()


@sentric.guard(context=lambda arguments: {"size": len(arguments)})
def lines(count: int) -> Iterator[str]:
    yield from map(str, range(count))


@sentric.guard()
async def pieces(count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield str(number)


class Shop:
    @sentric.guard
    def buy(self, thing: str) -> float:
        return len(thing)

    @sentric.guard
    @staticmethod
    def close(hour: int) -> bool:
        return hour > 0


async def use() -> None:
    assert_type(add(1, second=2), int)
    assert_type(await send("a"), bytes)
    assert_type(lines(1), Iterator[str])
    assert_type([piece async for piece in pieces(1)], list[str])
    assert_type(Shop().buy("duck"), float)
    assert_type(Shop.close(1), bool)
    assert_type(sentric.call("add", {"first": 1}, add), int)
    assert_type(await sentric.acall("add", {"first": 1}, add), int)
    assert_type(await sentric.acall("send", {"to": "a"}, send), bytes)
    assert_type(sentric.evaluate(action="add"), sentric.Verdict)
    assert_type(sentric.evaluate(action="add").allowed, bool)
    assert_type(await sentric.aevaluate(action="add", arguments={"first": 1}), sentric.Verdict)
    add("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with sentric.run(agent="shopper", task="Buy a duck"):
        await send("a")
