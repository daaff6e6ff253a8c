"""Work that may have to wait, written once for those who may be held up and for those who must not.

It is a generator that gives what takes long, a call without arguments, and is sent what that has returned. A thread
makes the call where it is; a coroutine has another thread make it.
"""

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Steps: TypeAlias = Generator[Callable[[], Any], Any, T]


def go(steps: Steps[T]) -> T:
    """Do the work here, however long it takes."""
    try:
        call = next(steps)
        while True:
            try:
                given = call()
            except BaseException as error:  # noqa: BLE001  # it is the work's own business: it gets it back
                call = steps.throw(error)
            else:
                call = steps.send(given)
    except StopIteration as end:
        result: T = end.value
        return result


async def go_aside(steps: Steps[T]) -> T:
    """Do the work, and let other tasks go on meanwhile. Whoever cancels it ends the work, not the call it waits for."""
    try:
        call = next(steps)
        while True:
            try:
                given = await _aside(call)
            except BaseException as error:  # noqa: BLE001  # it is the work's own business: it gets it back
                call = steps.throw(error)
            else:
                call = steps.send(given)
    except StopIteration as end:
        result: T = end.value
        return result


async def _aside(call: Callable[[], Any]) -> Any:
    if _is_trio():
        import trio  # type: ignore[import-not-found]  # only where it runs already

        return await trio.to_thread.run_sync(call, abandon_on_cancel=True)
    return await asyncio.wrap_future(_begun(call))


def _is_trio() -> bool:
    if (sniffio := sys.modules.get("sniffio")) is None or "trio" not in sys.modules:
        return False
    try:
        return bool(sniffio.current_async_library() == "trio")
    except sniffio.AsyncLibraryNotFoundError:
        return False


def _begun(call: Callable[[], Any]) -> "Future[Any]":
    """A thread of its own: a person may take minutes, and a pool would make others wait, and the process's end too."""
    future: Future[Any] = Future()
    context = contextvars.copy_context()

    def work() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            given = context.run(call)
        except BaseException as error:  # noqa: BLE001  # whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(given)

    threading.Thread(target=work, name="sentric-guard", daemon=True).start()
    return future
