"""What it costs to make a request durable, beside hashing, checking and writing the same bytes."""

import asyncio
import hashlib
import os
import tempfile
import time
import zlib
from pathlib import Path

import uvloop

from sentric_analyzer.log import LogReader, LogWriter, Record, Signal

SIZES = ((3_000, 20_000), (30_000, 5_000), (660_000, 400))
"""Bytes of a request, and how many of them."""
SENDERS = 64


def bodies(size: int, count: int) -> list[bytes]:
    base = os.urandom(size - 8)
    return [number.to_bytes(8, "big") + base for number in range(count)]


async def appended(directory: Path, requests: list[bytes]) -> None:
    with LogReader.open(directory) as reader, LogWriter.open(directory, reader.link) as log:
        left = iter(requests)

        async def send() -> None:
            for body in left:
                await log.append_async(Record("", Signal.TRACES, body, 0))

        await asyncio.gather(*(send() for _ in range(SENDERS)))


def written(directory: Path, requests: list[bytes]) -> None:
    file = os.open(directory / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, body in enumerate(requests, 1):
        zlib.crc32(body)
        os.writev(file, [hashlib.sha256(body).digest(), body])
        if number % SENDERS == 0:
            os.fdatasync(file)
    os.close(file)


def main() -> None:
    print("log: append, group fdatasync, acknowledge; the floor hashes, checks and writes the same bytes in one thread")
    for size, count in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            requests = bodies(size, count)
            began, cpu = time.perf_counter(), time.process_time()
            uvloop.run(appended(Path(directory, "log"), requests))
            taken, ours = time.perf_counter() - began, time.process_time() - cpu
            cpu = time.process_time()
            written(Path(directory), requests)
            floor = time.process_time() - cpu
        each = ours / count * 1e6
        print(f"{size:>8} bytes  {each:7.0f} µs of CPU  {count / taken:7.0f}/s  ratio {ours / floor:4.1f}")


if __name__ == "__main__":
    main()
