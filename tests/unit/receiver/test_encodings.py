import gzip
import random
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.receiver.encodings import ENCODINGS, decompress, parse_encoding, zstd
from sentric_analyzer.receiver.refusal import Reason, Refusal

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("encoding", COMPRESSORS)
@given(body=st.binary(max_size=3000))
def test_a_body_is_what_it_was_before_it_was_compressed(encoding: str, body: bytes) -> None:
    assert decompress(COMPRESSORS[encoding](body), encoding, 3000) == body


@pytest.mark.parametrize("encoding", COMPRESSORS)
def test_a_bomb_is_refused_without_growing(encoding: str) -> None:
    bomb = COMPRESSORS[encoding](bytes(1 << 20))
    with pytest.raises(Refusal, match="larger than 1000 bytes when decompressed") as caught:
        decompress(bomb, encoding, 1000)
    assert caught.value.reason is Reason.TOO_LARGE
    assert len(decompress(bomb, encoding, 1 << 20)) == 1 << 20


@pytest.mark.parametrize("encoding", COMPRESSORS)
@given(data=st.data())
def test_a_damaged_body_is_refused(encoding: str, data: st.DataObject) -> None:
    body = COMPRESSORS[encoding](b"spans" * 100)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    for damaged in (cut, body + b"junk", data.draw(st.binary(max_size=50))):
        with pytest.raises(Refusal) as caught:
            decompress(damaged, encoding, 100_000)
        assert caught.value.reason is Reason.MALFORMED


def test_members_of_one_body_are_joined_up_to_a_bound() -> None:
    assert decompress(gzip.compress(b"a") * 16, "gzip", 100) == b"a" * 16
    with pytest.raises(Refusal):
        decompress(gzip.compress(b"a") * 17, "gzip", 100)
    with pytest.raises(Refusal) as caught:
        decompress(gzip.compress(b"a" * 60) * 2, "gzip", 100)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("encoding", COMPRESSORS)
@pytest.mark.parametrize("length", [64 << 10, 256 << 10, 512 << 10, 1_000_001])
def test_bodies_of_many_pieces_and_parts_are_joined(encoding: str, length: int) -> None:
    for body in (bytes(length), random.Random(length).randbytes(length)):
        packed = COMPRESSORS[encoding](body)
        assert decompress(packed, encoding, length) == body
        assert decompress(packed * 3, encoding, 3 * length) == body * 3
        for refused, most in ((packed, length - 1), (packed[:-1], length), (packed + b"junk", length)):
            with pytest.raises(Refusal):
                decompress(refused, encoding, most)


def test_a_zstd_body_cannot_ask_for_a_huge_window() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    compressor = zstd.ZstdCompressor(options=options)
    body = compressor.compress(bytes(1000)) + compressor.flush()
    with pytest.raises(Refusal):
        decompress(body, "zstd", 10_000)


@pytest.mark.parametrize("header", ["", "identity", "Identity"])
def test_no_encoding_leaves_a_body_as_it_is(header: str) -> None:
    assert decompress(b"body", parse_encoding(header), 1) == b"body"


def test_only_known_encodings_are_read() -> None:
    assert {parse_encoding(f" {name.upper()} ") for name in ENCODINGS} == set(ENCODINGS)
    for header in ("br", "gzip, gzip", "gzip;q=1"):
        with pytest.raises(Refusal) as caught:
            parse_encoding(header)
        assert caught.value.reason is Reason.ENCODING
