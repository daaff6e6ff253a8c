"""Locks of one process: nothing comes between taking one and the block that gives it back."""

import os
import sys
import threading
from types import FrameType
from typing import Any

from sentric.forks import process_lock


def test_no_line_of_ours_is_run_between_taking_a_lock_and_giving_it_back() -> None:
    called: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        called.append(frame.f_code.co_qualname)

    lock, before = process_lock(), sys.gettrace()
    sys.settrace(note)
    try:
        with lock:
            pass
    finally:
        sys.settrace(before)
    assert called == []


def test_a_child_finds_free_what_another_thread_holds() -> None:
    lock, taken, end = process_lock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            end.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    child = os.fork()
    if child == 0:
        with lock, lock:
            os._exit(7)
    end.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
