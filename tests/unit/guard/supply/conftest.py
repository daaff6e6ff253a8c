import logging
from collections.abc import Callable

import pytest

from sentric.guard.supply.turns import Turns


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread does the steps: the test does."""

    def nothing(_: Turns, *args: object) -> bool:
        return True

    monkeypatch.setattr(Turns, "start", nothing)
    monkeypatch.setattr(Turns, "wait_for_first", nothing)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The errors that were logged since the last time."""

    def told() -> list[str]:
        lines = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
        caplog.clear()
        return lines

    return told
