import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest

from sentric_analyzer.logs import described, set_up

SECRET = "the card is 4111 1111 1111 1111"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], str]]:
    """Sets logging up in a form, has something go wrong, and gives what was written."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def say(form: str) -> str:
        set_up(form)
        try:
            fail()
        except ValueError:
            logging.getLogger("sentric_analyzer.tests").exception("not\njudged \x1b[31m")
        return capsys.readouterr().err

    yield say
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"it cannot be that {SECRET}") from error


@pytest.mark.parametrize("form", ["text", "json"])
def test_errors_are_told_by_type_and_place_and_not_in_their_words(said: Callable[[str], str], form: str) -> None:
    line = said(form)
    assert "ValueError" in line
    assert "KeyError" in line
    assert "in fail" in line
    assert "4111" not in line
    assert "raise" not in line


def test_a_message_in_text_stays_on_its_line(said: Callable[[str], str]) -> None:
    assert said("text").splitlines()[0] == r"ERROR sentric_analyzer.tests: not\u000ajudged \u001b[31m"


def test_json_is_one_object_a_line(said: Callable[[str], str]) -> None:
    (line,) = said("json").splitlines()
    told = json.loads(line)
    assert told["body"] == "not\njudged \x1b[31m"
    assert told["severity_text"] == "ERROR"
    assert told["exception"].startswith("ValueError\n  ")


def test_warnings_are_log_lines(said: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    said("json")
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger().handlers[0], "stream", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn_explicit("old", DeprecationWarning, "library.py", 1)
    assert "DeprecationWarning: old" in json.loads(stream.getvalue())["body"]


def test_an_error_in_one_line_names_its_type_and_place() -> None:
    with pytest.raises(ValueError, match="card") as caught:
        fail()
    assert described(caught.value).startswith("ValueError in test_logs.py, line ")
    assert described(ValueError(SECRET)) == "ValueError"
