"""The process that sends a load: encodes it, says that it is ready, waits for a line, sends, says what it sent."""

import asyncio
import random
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

import uvloop

from benchmarks.ingest.connections import CONNECTIONS, Connection, RefusedForNowError
from benchmarks.ingest.loads import templates
from benchmarks.ingest.loads.templates import Fresh, Template
from benchmarks.ingest.plan import Plan, Sent

READY = "ready"
"""What is said when the load is encoded."""
GIVE_UP_AFTER = 120.0
"""Seconds for which one request is tried."""
_BACKOFF = (0.05, 1.0)
"""Seconds before the first retry, doubled for each further one, and the most."""


@dataclass(frozen=True, slots=True)
class _Request:
    body: bytes
    due: float
    """When it is to be sent; 0 where there is no rate."""


class Generator:
    """Sends one load once."""

    def __init__(self, plan: Plan, load: list[Template]) -> None:
        self._plan, self._load, self.sent = plan, load, Sent()
        self._fresh, self._begun = Fresh(plan.seed), 0.0
        self._waiting = asyncio.Queue[_Request | None](plan.connections)
        self._took = array("d")
        self._findings = Counter[str]()

    async def run(self) -> Sent:
        """Send for as long as the plan says, and then what was begun."""
        sent, cpu = self.sent, time.process_time()
        sent.began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._plan.connections):
                tasks.create_task(self._deliver(CONNECTIONS[self._plan.protocol](self._plan)))
            tasks.create_task(self._produce())
        sent.ended, sent.cpu, sent.findings = time.monotonic(), time.process_time() - cpu, dict(self._findings)
        cuts = statistics.quantiles(self._took, n=100) if len(self._took) > 1 else [0.0] * 99
        sent.p50_ms, sent.p99_ms = cuts[49] * 1000, cuts[98] * 1000
        return sent

    async def _produce(self) -> None:
        for template in self._templates():
            self.sent.spans += template.spans
            self.sent.runs += template.runs
            self._findings.update(template.findings)
            for body in template.render(self._fresh, time.time_ns()):
                due = self._due(template)
                await asyncio.sleep(max(0.0, due - time.monotonic()) if due else 0.0)
                await self._waiting.put(_Request(body, due))
        for _ in range(self._plan.connections):
            await self._waiting.put(None)

    def _templates(self) -> Iterator[Template]:
        for template in cycle(self._load):
            if time.monotonic() >= self.sent.began + self._plan.seconds:
                return
            yield template

    def _due(self, template: Template) -> float:
        if not self._plan.rate:
            return 0.0
        due = self.sent.began + self._begun / self._plan.rate
        self._begun += template.spans / len(template.bodies)
        return due

    async def _deliver(self, connection: Connection) -> None:
        try:
            while request := await self._waiting.get():
                began = request.due or time.monotonic()
                await self._acknowledged(connection, request.body)
                self._took.append(time.monotonic() - began)
                self.sent.requests += 1
                self.sent.bytes += len(request.body)
        finally:
            await connection.close()

    async def _acknowledged(self, connection: Connection, body: bytes) -> None:
        """Send until it is acknowledged; the same bytes, so that the receiver knows them again."""
        pause, most = _BACKOFF
        end = time.monotonic() + GIVE_UP_AFTER
        while True:
            try:
                return await connection.send(body)
            except (RefusedForNowError, OSError) as error:
                self.sent.refused += isinstance(error, RefusedForNowError)
                self.sent.reconnected += isinstance(error, OSError)
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, most)


async def _main(plan: Plan) -> None:
    load = templates(plan.load, plan.spans_per_request, seed=plan.seed)
    print(READY, flush=True)
    sys.stdin.readline()
    print((await Generator(plan, load).run()).encode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main(Plan.decode(sys.argv[1])))
