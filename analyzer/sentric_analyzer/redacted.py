"""The analyzer's front door for log records: redacted before they are kept. Spans are redacted in columns."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

from sentric.redaction import Redactor
from sentric_analyzer.spans import Attributes, LogRecord, Origin


def redacted_logs(records: Iterable[LogRecord], redactor: Redactor) -> Iterator[LogRecord]:
    """Log records whose secrets have become fingerprints."""
    origins = _Origins(redactor)
    for record in records:
        yield replace(
            record,
            body=_value(record.body, redactor),
            attributes=_attributes(record.attributes, redactor),
            origin=origins.redacted(record.origin),
        )


class _Origins:
    """Redacts each origin once: a request's spans share theirs."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._done: dict[int, tuple[Origin, Origin]] = {}

    def redacted(self, origin: Origin) -> Origin:
        """The origin's redacted twin."""
        if (known := self._done.get(id(origin))) is None:
            known = self._done[id(origin)] = (origin, self._make(origin))  # the original too: its id stays taken
        return known[1]

    def _make(self, origin: Origin) -> Origin:
        return replace(
            origin,
            resource=_attributes(origin.resource, self._redactor),
            scope_attributes=_attributes(origin.scope_attributes, self._redactor),
        )


def _attributes(attributes: Attributes, redactor: Redactor) -> Attributes:
    return cast("Attributes", _value(attributes, redactor)) if attributes else attributes


def _value(value: Any, redactor: Redactor) -> Any:
    return redactor.value(value)
