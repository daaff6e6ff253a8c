"""What a decision over HTTP takes, at a steady rate, beside the least that such a service can answer.

The floor is `GET /healthz` of the same service, asked at the same rate over as many connections, before and after. Each
request is sent when its time has come, whether those before it are answered or not; its latency counts from then.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.serving import Serving, poll, serving

RATES = (100, 200)
"""Requests a second."""
SECONDS = 10
CONNECTIONS = 32
AGENTS = 50

PLAIN: dict[str, Any] = {"action": "read_file", "arguments": {"path": "notes/plan.md"}, "reasoning": "I need the plan."}
WARNED: dict[str, Any] = {
    "action": "http_request",
    "arguments": {"url": "https://api.example.com/v1/items", "method": "POST", "body": "item " * 60},
    "context": {"ticket": "OPS-17"},
}
BLOCKED: dict[str, Any] = {"action": "run_shell", "arguments": {"command": "rm -rf / --no-preserve-root"}}
ASKED: dict[str, Any] = {"action": "send_payment", "arguments": {"amount": 950, "currency": "EUR", "to": "ACME"}}
MIX = (PLAIN, PLAIN, WARNED, PLAIN, ASKED, PLAIN, WARNED, PLAIN, BLOCKED, PLAIN)


def request(method: str, path: str, key: str = "", body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    if body:
        head += "Content-Type: application/json\r\n"
    if key:
        head += f"Authorization: Bearer {key}\r\n"
    return f"{head}\r\n".encode() + body


def decisions(key: str, mix: Sequence[dict[str, Any]], count: int) -> list[bytes]:
    """Requests of which every agent's strikes stay few: a blocked action is asked for by an agent of its own."""
    made = []
    for number in range(count):
        wish = mix[number % len(mix)]
        agent = f"agent-{number % AGENTS}" if wish is not BLOCKED else f"rogue-{number}"
        unlike = {"call_id": f"call-{number}"} if wish is ASKED else {}
        agent = f"payer-{number // 50}" if wish is ASKED else agent
        made.append(request("POST", "/v1/decisions", key, json.dumps({"agent_id": agent, **wish, **unlike}).encode()))
    return made


async def answered(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return status


async def latencies(address: str, requests: Iterable[bytes], rate: float) -> list[float]:
    """Milliseconds from the time at which each request was due to its answer."""
    host, _, port = address.rpartition(":")
    connections = [await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS)]
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    taken: list[float] = []

    async def send(payload: bytes, due: float) -> None:
        reader, writer = await free.get()
        writer.write(payload)
        status = await answered(reader)
        assert status == 200, status
        taken.append((time.perf_counter() - due) * 1e3)
        free.put_nowait((reader, writer))

    began = time.perf_counter()
    tasks = []
    for number, payload in enumerate(requests):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(payload, due)))
    await asyncio.gather(*tasks)
    for _, writer in connections:
        writer.close()
    return sorted(taken)


def shown(name: str, found: list[float], floor: list[float] | None = None) -> None:
    def at(sorted_: list[float], share: float) -> float:
        return sorted_[int(share * (len(sorted_) - 1))]

    ratio = f"  ratio to the floor {at(found, 0.5) / at(floor, 0.5):4.1f}" if floor else ""
    print(
        f"{name:<34} p50 {at(found, 0.5):6.2f} ms  p90 {at(found, 0.9):6.2f} ms  p99 {at(found, 0.99):6.2f} ms  "
        f"most {found[-1]:6.1f} ms{ratio}"
    )


def leave_the_core_of(service: Serving) -> None:
    """Not to ask from the core on which the service answers: whoever asks is elsewhere."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core for core in cores if core != cores[service.process.pid % len(cores)]} or cores)


def main() -> None:
    print(f"decisions over HTTP, {SECONDS} s each; the floor is GET /healthz of the same service at the same rate")
    with tempfile.TemporaryDirectory() as directory, serving(Path(directory, "data")) as service:
        poll(service.ready)
        leave_the_core_of(service)
        key, address = service.new_key("decide"), service.stated["http"]
        asyncio.run(latencies(address, decisions(key, MIX, 40), RATES[0]))
        for rate in RATES:
            count = rate * SECONDS
            floor = asyncio.run(latencies(address, [request("GET", "/healthz")] * (count // 4), rate))
            shown(f"{rate}/s: floor", floor)
            for name, mix in (("decisions of all sorts", MIX), ("plain allows", (PLAIN,))):
                shown(f"{rate}/s: {name}", asyncio.run(latencies(address, decisions(key, mix, count), rate)), floor)


if __name__ == "__main__":
    main()
