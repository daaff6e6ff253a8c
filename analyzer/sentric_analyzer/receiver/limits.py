"""Bounds on what is taken in, checked before memory is spent on it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import cast

from sentric_analyzer.receiver.refusal import Reason, Refusal

_LENGTH_DELIMITED = 2
_SMALLEST_MESSAGE = 2
"""Bytes of an empty nested message: its tag and its length."""
_MOST_BESIDE = 2
"""Fields of a resource or scope beside those in it: what it is, and a schema URL."""
_TOO_MANY = "the request has too many items: send fewer in each"
_JSON_LEVELS = (
    ("resourceSpans", "resourceLogs", "resourceMetrics"),
    ("scopeSpans", "scopeLogs", "scopeMetrics"),
    ("spans", "logRecords", "metrics"),
)
_SMALLEST_VALUE = 2
"""Bytes of a value in JSON, with its comma."""


class Budget:
    """Bytes of bodies that may be held at once, over all connections. For one thread."""

    def __init__(self, most: int) -> None:
        self._left = most

    def claim(self, count: int) -> bool:
        """Take bytes, if there are so many left."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def release(self, count: int) -> None:
        """Give bytes back."""
        self._left += count


def check_items(body: bytes, most: int) -> int:
    """Refuse a protobuf Export request that would grow to too many messages, before it is parsed.

    An empty span takes 2 bytes on the wire and 80 in memory. Resources and scopes count like spans, log records and
    metrics: in all of OTLP they are field 1, then field 2, then field 2. What lies beside these has a bound too, as
    each field of a hostile request costs as much to walk over as a span.

    Returns:
        An upper bound of the bytes of its largest resource, scope, span, log record or metric.

    Raises:
        Refusal: it has more of them than `most`, or is not protobuf.
    """
    if len(body) <= most * _SMALLEST_MESSAGE:
        return len(body)
    left, others, largest = most, most * _MOST_BESIDE, 0
    level = [(0, len(body))]
    try:
        for number in (1, 2, 2):
            wanted = number << 3 | _LENGTH_DELIMITED
            below: list[tuple[int, int]] = []
            for tag, start, end in chain.from_iterable(_fields(body, *place) for place in level):
                if tag == wanted:
                    left -= 1
                    below.append((start, end))
                else:
                    others -= 1
                    largest = max(largest, end - start)
                if left < 0 or others < 0:
                    raise Refusal(Reason.TOO_MANY, _TOO_MANY)
            level = below
    except IndexError:
        raise Refusal(Reason.MALFORMED, "the body is not a valid protobuf message") from None
    return max(largest, max((end - start for start, end in level), default=0))


def check_json_values(body: bytes, most: int) -> None:
    """Refuse an OTLP/JSON request that would grow to too many values, before it is parsed.

    Each value stands before a comma or ends what a bracket has opened, and takes a byte or more besides. Signs
    inside of strings are counted too; real requests have one in twenty bytes.

    Raises:
        Refusal: it has, or may have, more of them than `most`.
    """
    if len(body) > most * _SMALLEST_VALUE and sum(map(body.count, (b",", b"{", b"["))) > most:
        raise Refusal(Reason.TOO_MANY, "the request has too many values: send fewer in each")


def check_json_items(request: object, most: int) -> None:
    """The same for OTLP/JSON, after `json.loads` and before its messages are made.

    Raises:
        Refusal: it has more of them than `most`.
    """
    left = most
    level = [request]
    for names in _JSON_LEVELS:
        level = [item for parent in level for name in names for item in _children(parent, name)]
        if (left := left - len(level)) < 0:
            raise Refusal(Reason.TOO_MANY, _TOO_MANY)


def _children(parent: object, name: str) -> Sequence[object]:
    children = cast(Mapping[str, object], parent).get(name) if isinstance(parent, dict) else None
    return cast(list[object], children) if isinstance(children, list) else ()


def _fields(body: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of a message: tag, where the value begins, where it ends; IndexError where this is not protobuf."""
    while position < end:
        tag, position = _varint(body, position)
        start = position
        match tag & 7:
            case 0:
                _, position = _varint(body, position)
            case 1:
                position += 8
            case 5:
                position += 4
            case 2:
                length, start = _varint(body, position)
                position = start + length
            case _:
                raise IndexError
        yield tag, start, position
    if position != end:
        raise IndexError


def _varint(body: bytes, position: int) -> tuple[int, int]:
    value = body[position]
    position += 1
    if value < 128:
        return value, position
    value &= 127
    for shift in range(7, 70, 7):
        byte = body[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise IndexError
