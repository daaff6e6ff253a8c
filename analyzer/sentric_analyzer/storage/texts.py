"""Columns of texts: finding those that may hold a secret, and changing a few of many."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sentric.redaction import Redactor
from sentric.redaction.scan import SIGNS
from sentric_analyzer.storage.arrow import Array, compute


def suspects(column: Array, redactor: Redactor) -> Sequence[int]:
    """The places of a column without nulls that may hold a secret."""
    import pyarrow as pa

    if not len(column):
        return ()
    lines = compute().binary_join_element_wise(column, "", pa.scalar("\n"))
    _, offsets, data = lines.buffers()
    starts = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1].tolist()
    return redactor.suspects(memoryview(data)[: starts[-1]], starts, lambda *_: _signs(column))  # without a copy


def _signs(column: Array) -> Mapping[int, Sequence[int]]:
    """The signs of encodings in texts, by the number of the text: found by Arrow's RE2, in no time of Python's."""
    import numpy as np
    import pyarrow as pa

    def matching(texts: Array, pattern: bytes) -> Any:
        return np.flatnonzero(compute().match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False))

    texts = column.cast(pa.binary())  # so that a pattern takes bytes, as ours do
    places = matching(texts, b"|".join(b"(?:%b)" % sign for sign in SIGNS))
    texts, told = texts.take(pa.array(places)), np.zeros(len(places), np.uint8)
    for number, sign in enumerate(SIGNS):
        told[matching(texts, sign)] |= 1 << number
    return dict(zip(places.tolist(), map(_numbers, told.tolist()), strict=True))


@cache
def _numbers(bits: int) -> Sequence[int]:
    """The numbers of the bits that are set."""
    return [number for number in range(bits.bit_length()) if bits >> number & 1]


def redacted(column: Array, redactor: Redactor) -> Array:
    """A column of texts without secrets."""
    places = suspects(column, redactor)
    if not places:
        return column
    import pyarrow as pa

    return replaced(column, places, [redactor.text(text) for text in column.take(pa.array(places)).to_pylist()])


def replaced(column: Array, places: Sequence[int] | Any, texts: Sequence[str]) -> Array:
    """A column with other texts at some places, which are in order."""
    import numpy as np
    import pyarrow as pa

    mask = np.zeros(len(column), bool)
    mask[places] = True
    return compute().replace_with_mask(column, pa.array(mask), pa.array(texts, column.type))


def in_hex(column: Array) -> Array:
    """Ids as lower-case hex."""
    import numpy as np
    import pyarrow as pa

    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    if not len(column) or data is None:
        return pa.array([""] * len(column), pa.string())
    raw = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    written = pa.py_buffer(_hex_digits()[raw].tobytes())
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(((ends - ends[0]) * 2).astype(np.int32)), written)


@cache
def _hex_digits() -> Any:
    """The two digits of each byte, as one number that lies in memory like them."""
    import numpy as np

    return np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint16)
