import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sentric_analyzer.processes import IN_THE_BACKGROUND, give_way


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.parametrize("more", [0, 12])
def test_one_thread_gives_way_and_none_is_pushed_forward(more: int) -> None:
    def given() -> tuple[int, int]:
        before = niceness() + more
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), before)
        give_way()
        return before, niceness()

    here = niceness()
    with ThreadPoolExecutor(1) as pool:
        before, after = pool.submit(given).result()
    assert after == max(5, before)
    assert niceness() == here


def test_what_nobody_waits_for_gives_way_to_what_gives_way() -> None:
    def given() -> tuple[int, int]:
        before = niceness()
        give_way(IN_THE_BACKGROUND)
        return before, niceness()

    with ThreadPoolExecutor(1) as pool:
        before, after = pool.submit(given).result()
    assert after == max(10, before)
