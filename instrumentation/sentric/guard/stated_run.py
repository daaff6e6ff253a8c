"""Runs that a program states itself: what happens in a block belongs together."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Any

from sentric.errors import SentricError
from sentric.guard import process
from sentric.guard.calls import said
from sentric.guard.live_run import About, LiveRun


class Block:
    """A block in which an agent is observed, for `with` and for `async with`; used again, it is another run."""

    def __init__(self, begin: Callable[[], AbstractContextManager[None]]) -> None:
        self._begin = begin
        self._block: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        if self._block is not None:
            raise SentricError("the block of this run is in use: leave it first, or make another one")
        block = self._begin()
        block.__enter__()
        self._block = block

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(kind, error, trace)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def run(
    *, agent: str = "", task: str = "", agent_id: str = "", conversation: str = "", model: str = "", framework: str = ""
) -> Block:
    """State a run: what is guarded in the block belongs to it, and rules that need a task can speak.

        with sentric.run(agent="shopper", task=question):
            ...

    Within another run it is the run of a sub-agent: the human's task is still that of the outer one.

    Args:
        agent: name of the agent.
        task: what the human wants, in their own words.
        agent_id: what its risk is kept under, in all its runs. Empty: `SENTRIC_AGENT_ID`, or its own in each run.
        conversation: id that runs share which go on from each other.
        model: name of the model.
        framework: what drives the agent, with its version; Python where it is empty.

    Raises:
        SettingError: entering the block, where a setting cannot be used and verdicts are to be enforced.
    """
    about = About(
        agent=agent or "python",
        framework=framework or process.FRAMEWORK,
        conversation=conversation,
        model=model,
        task=task,
    )
    return Block(partial(_stated, about, agent_id))


@contextmanager
def _stated(about: About, agent_id: str) -> Generator[None, None, None]:
    live = process.begin(about, agent_id)
    if live is None:
        yield
        return
    with running(live, dict):
        yield


@contextmanager
def running(run: LiveRun, how: Callable[[], Mapping[str, Any]]) -> Generator[None, None, None]:
    """A whole run: the agent's error ends it and goes on its way; else `how` says how it ended."""
    with run.current():
        try:
            yield
        except BaseException as error:
            name = type(error).__qualname__
            run.end(error=said(error) or name, error_type=name)
            raise
        run.end(**how())
