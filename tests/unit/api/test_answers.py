import asyncio
import threading

import pytest
from starlette.exceptions import HTTPException

from sentric_analyzer.api import answers as module
from sentric_analyzer.api.answers import answers


async def test_a_request_waits_for_those_before_it_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    answer, go_on = answers(1), threading.Event()
    first = asyncio.ensure_future(answer(go_on.wait))
    await asyncio.sleep(0)  # it has begun, and so has the only place
    with pytest.raises(HTTPException, match="try again") as refused:
        await answer(lambda: 1)
    assert refused.value.status_code == 503
    go_on.set()
    assert (await first).body == b"true"
    assert (await answer(lambda: 2)).body == b"2"


async def test_what_fails_leaves_its_place_to_others() -> None:
    answer = answers(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await answer(lambda: 1 // 0)
    assert (await answer(lambda: 3)).body == b"3"
