import logging

import pytest

from sentric.guard.boundary import shielded


@shielded("default")
def broken(text: str) -> str:
    raise ValueError(f"about {text}")


def test_our_own_bug_gives_the_default_and_is_logged_once_without_what_it_was_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert broken("a private page") == "default"
    assert broken("a private page") == "default"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError" in record.message
    assert "test_boundary.py" in record.message
    assert "private" not in caplog.text


def test_what_works_is_left_alone() -> None:
    assert shielded(None)(len)("abc") == 3


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_the_agents_own_end_passes(signal: type[BaseException]) -> None:
    @shielded(None)
    def leaves() -> None:
        raise signal

    with pytest.raises(signal):
        leaves()
