"""A small body that unpacks to a huge one costs no more than the limit does, and is not even read without a key."""

import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import grpc
import pytest

from sentric.settings import Settings
from sentric_analyzer.control import Scope
from sentric_analyzer.receiver.encodings import zstd
from support.receiving import EXPORT, Apart, answer_from, apart, framed, head_of, receiving, ring

BOMB = 1 << 30
"""Bytes it unpacks to."""
LIMIT = Settings().body_limit
"""Bytes that a body may be."""
TIMES = 20
"""How many times as long as unpacking the limit once a refusal may take. Unpacking it all takes 64 times as long."""
BLOCK = bytes(1 << 20)


def deflated() -> Iterator[bytes]:
    """Raw deflate of the bomb: a full flush makes each block independent of those before it."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from (block for _ in range(BOMB // len(BLOCK)))
    yield packer.flush()


def checked(check: Callable[[bytes, int], int], start: int) -> int:
    for _ in range(BOMB // len(BLOCK)):
        start = check(BLOCK, start)
    return start


@cache
def bomb(encoding: str) -> bytes:
    match encoding:
        case "gzip":
            trailer = checked(zlib.crc32, 0).to_bytes(4, "little") + BOMB.to_bytes(4, "little")
            return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"".join(deflated()) + trailer
        case "deflate":
            return b"\x78\xda" + b"".join(deflated()) + checked(zlib.adler32, 1).to_bytes(4, "big")
        case _:
            packer = zstd.ZstdCompressor()
            return b"".join(packer.compress(BLOCK) for _ in range(BOMB // len(BLOCK))) + packer.flush()


ENCODINGS = ("gzip", "deflate", "zstd")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with apart(tmp_path_factory.mktemp("log")) as started:
        assert started.is_alive()
        yield started


def refuse(service: Apart, encoding: str) -> None:
    with service.connect() as connection:
        connection.sendall(framed(bomb(encoding), f"Content-Encoding: {encoding}"))
        assert answer_from(connection).startswith(b"HTTP/1.1 413 ")


def unpack(encoding: str) -> None:
    """As much of it as the limit allows."""
    unpacker = zstd.ZstdDecompressor() if encoding == "zstd" else zlib.decompressobj(wbits=47)
    assert len(unpacker.decompress(bomb(encoding), LIMIT)) == LIMIT


def least(work: Callable[[], None], rounds: int = 5) -> float:
    """Seconds of the fastest of some rounds: noise only ever adds."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_it_is_refused_with_flat_memory(service: Apart, encoding: str, figure: Callable[[str, float], None]) -> None:
    service.forget_peak()
    before = service.memory()
    refuse(service, encoding)
    grown = service.peak() - before
    figure(f"memory for a bomb in {encoding}, by the limit", grown / LIMIT)
    assert grown < 2 * LIMIT
    assert service.is_alive()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_it_is_refused_as_soon_as_the_limit_is_reached(
    service: Apart, encoding: str, figure: Callable[[str, float], None]
) -> None:
    floor, refused = least(lambda: unpack(encoding)), least(lambda: refuse(service, encoding))
    figure(f"time to refuse a bomb in {encoding}, by that of unpacking the limit", refused / floor)
    assert refused < TIMES * floor


def test_grpc_refuses_it_with_flat_memory(service: Apart, figure: Callable[[str, float], None]) -> None:
    service.forget_peak()
    before = service.memory()
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(service.grpc, options=options) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(EXPORT)(bytes(8 * LIMIT), timeout=60, compression=grpc.Compression.Gzip)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    grown = service.peak() - before
    figure("memory for a bomb over gRPC, by the limit", grown / LIMIT)
    assert grown < 2 * LIMIT
    assert service.is_alive()


@pytest.mark.parametrize("key", [(), ("Authorization: Bearer bad",)], ids=["none", "wrong"])
def test_nothing_of_it_is_read_from_who_has_no_key(tmp_path: Path, key: tuple[str, ...]) -> None:
    keys = ring(good=Scope.INGEST)
    with (
        receiving(tmp_path, keys=keys, ingest_keys="required", body_limit=LIMIT) as guarded,
        guarded.connect() as connection,
    ):
        connection.sendall(head_of(LIMIT - 1, "Content-Encoding: gzip", *key))  # and no body
        assert answer_from(connection).startswith(b"HTTP/1.1 401 ")


def test_nothing_is_read_of_what_nobody_knows_to_unpack(service: Apart) -> None:
    with service.connect() as connection:
        connection.sendall(head_of(LIMIT - 1, "Content-Encoding: br"))  # and no body
        assert answer_from(connection).startswith(b"HTTP/1.1 415 ")
