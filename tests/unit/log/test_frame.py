import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.log import Record, Signal
from sentric_analyzer.log.frame import encode, find_frame, read_frame

records = st.builds(
    Record,
    projects=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.isprintable)).map(
        tuple
    ),
    signal=st.sampled_from(Signal),
    body=st.binary(max_size=2000),
    received=st.integers(0, (1 << 64) - 1),
)


MARKER = b"\xf5MARKER\n"


def open_with(content: bytes) -> int:
    file = os.memfd_create("segment")
    os.write(file, content)
    return file


@given(records, st.binary(max_size=50))
def test_a_record_is_read_as_it_was_written(record: Record, before: bytes) -> None:
    content = before + b"".join(encode(record, record.digest(), MARKER))
    file = open_with(content)
    try:
        frame = read_frame(file, len(before), len(content), MARKER)
        assert frame is not None
        assert (frame.record, frame.digest, frame.end) == (record, record.digest(), len(content))
    finally:
        os.close(file)


@given(records, st.data())
def test_no_changed_bit_goes_unseen(record: Record, data: st.DataObject) -> None:
    content = bytearray(b"".join(encode(record, record.digest(), MARKER)))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    file = open_with(bytes(content))
    try:
        assert read_frame(file, 0, len(content), MARKER) is None
    finally:
        os.close(file)


@given(records, st.data())
def test_a_frame_cut_short_is_no_frame(record: Record, data: st.DataObject) -> None:
    content = b"".join(encode(record, record.digest(), MARKER))
    length = data.draw(st.integers(0, len(content) - 1))
    file = open_with(content[:length])
    try:
        assert read_frame(file, 0, length, MARKER) is None
        assert find_frame(file, 0, length, MARKER) is None
    finally:
        os.close(file)


@pytest.mark.parametrize("garbage", [b"", b"x" * 3, MARKER * 5, b"\0" * ((1 << 20) - 2), b"x" * (3 << 20)])
def test_the_next_frame_is_found_behind_garbage(garbage: bytes, tmp_path: Path) -> None:
    record = Record(("p",), Signal.LOGS, b"body", 1)
    content = garbage + b"".join(encode(record, record.digest(), MARKER))
    file = open_with(content)
    try:
        assert find_frame(file, 0, len(content), MARKER) == len(garbage)
    finally:
        os.close(file)
