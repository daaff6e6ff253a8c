"""The service's own log lines, on standard error: for people, or as JSON for a pipeline."""

import json
import logging
import sys
import time

TEXT, JSON = "text", "json"
_LINE = "%(levelname)s %(name)s: %(message)s"


def set_up(form: str) -> None:
    """Write the log lines of this process in a form: `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == JSON else logging.Formatter(_LINE))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for library in ("alembic", "asyncio", "httpx", "uvicorn", "clickhouse_connect", "opentelemetry"):
        logging.getLogger(library).setLevel(logging.WARNING)


class _Json(logging.Formatter):
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
