"""OTLP as bytes that no library would write: nested deeper, and repeated more often, than any message."""

from collections.abc import Sequence

REQUEST_TO_SPAN = (0x0A, 0x12, 0x12)
"""The tags above a span: its resource's spans, its scope's spans, the span."""
ATTRIBUTE_VALUE = (0x4A, 0x12)
"""From a span to the value of an attribute."""
ARRAY = (0x2A, 0x0A)
"""From a value to one in its array."""
KEY_VALUES = (0x32, 0x0A, 0x12)
"""From a value to one in its list of keys and values."""


def wrap(tag: int, content: bytes) -> bytes:
    """A nested message."""
    return _head(tag, len(content)) + content


def under(tags: Sequence[int], content: bytes = b"") -> bytes:
    """A message in a message for each tag, the outermost first."""
    heads, length = [], len(content)
    for tag in reversed(tags):
        heads.append(_head(tag, length))
        length += len(heads[-1])
    return b"".join([*reversed(heads), content])


def nested(levels: int, step: Sequence[int] = ARRAY) -> bytes:
    """A request with a value in a value, so many levels deep."""
    return under((*REQUEST_TO_SPAN, *ATTRIBUTE_VALUE, *(step * levels)))


def _head(tag: int, length: int) -> bytes:
    head = bytearray([tag])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    return bytes([*head, length])
