import asyncio
import time

import pytest

from sentric_analyzer.receiver.calls import Reading
from sentric_analyzer.receiver.refusal import Reason, Refusal


class Call:
    """A call, as gRPC gives it, with a message that may never come."""

    def __init__(self, message: bytes | None = None) -> None:
        self._message = message

    def peer(self) -> str:
        return "ipv4:192.0.2.1:5"

    async def read(self) -> bytes:
        if self._message is None:
            await asyncio.Future()
        assert self._message is not None
        return self._message


async def refusal_of(reading: asyncio.Task[bytes]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await reading
    return caught.value


async def test_one_too_many_takes_the_place_of_the_slowest() -> None:
    reading = Reading(1, 1, 60)
    slow = asyncio.create_task(reading.read(Call()))
    await asyncio.sleep(0)
    assert await reading.read(Call(b"a")) == b"a"
    assert (await refusal_of(slow)).reason is Reason.BUSY


async def test_one_whose_time_is_over_in_this_moment_makes_room_too() -> None:
    reading, comes = Reading(1, 1, 0.02), asyncio.Event()

    async def read_then() -> bytes:
        await comes.wait()
        return await reading.read(Call(b"a"))

    other = asyncio.create_task(read_then())
    asyncio.get_running_loop().call_later(0.01, comes.set)
    slow = asyncio.create_task(reading.read(Call()))
    await asyncio.sleep(0)
    time.sleep(0.05)  # noqa: ASYNC251  # both are due when the loop looks again, the other one first
    assert await other == b"a"
    assert isinstance(await refusal_of(slow), Refusal)
