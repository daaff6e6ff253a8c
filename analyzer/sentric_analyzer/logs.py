"""The service's own log lines, on standard error: for people, or as JSON for a pipeline.

Of an error that is told with a traceback its type and its places are written, never its own words: what agents and
strangers sent may stand in these.
"""

import json
import logging
import re
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

TEXT, JSON = "text", "json"
_LIBRARIES = ("alembic", "asyncio", "httpx", "httpx2", "openai", "uvicorn", "clickhouse_connect", "opentelemetry")
"""Those that have much to say."""
_LINE = "%(levelname)s %(name)s: %(message)s"
_MOST_PLACES = 30
"""Places of an error that are written: those it came through last."""
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

_Caught: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up(form: str) -> None:
    """Write the log lines of this process in a form: `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == JSON else _Text(_LINE))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


def described(error: BaseException) -> str:
    """What went wrong and where, without the error's own words."""
    places = traceback.extract_tb(error.__traceback__)
    place = next((one for one in reversed(places) if "sentric" in one.filename), places[-1] if places else None)
    return f"{type(error).__name__}{f' in {Path(place.filename).name}, line {place.lineno}' if place else ''}"


class _Formatter(logging.Formatter):
    def formatException(self, ei: _Caught) -> str:  # noqa: N802  # the library's name
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            places = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
            lines.append(type(error).__name__)
            lines += [f"  {place.filename}, line {place.lineno}, in {place.name}" for place in reversed(places)]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


class _Text(_Formatter):
    """A line for people; hostile text in a message begins no other, and moves no terminal's cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        record.message = _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", record.message)
        return super().formatMessage(record)


class _Json(_Formatter):
    """One object a line, with the names of the OpenTelemetry log data model, so that hostile text breaks no line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03}Z",
            "severity_text": record.levelname,
            "body": record.getMessage(),
            "logger": record.name,
            "pid": record.process,
            "thread": record.threadName,
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
