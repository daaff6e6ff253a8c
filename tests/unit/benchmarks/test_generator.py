import asyncio
from collections.abc import Sequence

from benchmarks.ingest.generator import Generator
from benchmarks.ingest.loads import templates
from benchmarks.ingest.plan import Plan, Sent
from benchmarks.ingest.run import differences
from benchmarks.ingest.target import Kept


async def test_what_is_refused_for_now_is_sent_again_as_it_was() -> None:
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                bodies.append(await reader.readexactly(length))
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % (503 if len(bodies) == 1 else 200))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    plan = Plan(
        load="plain",
        spans_per_request=5,
        protocol="http",
        address=f"{host}:{port}",
        seconds=1.0,
        rate=50,
        connections=1,
    )
    sent = await Generator(plan, templates("plain", 5, seed=1, spans=5)).run()
    server.close()
    await server.wait_closed()
    assert bodies[0] == bodies[1]
    assert len(set(bodies)) == sent.requests == len(bodies) - 1
    assert (sent.spans, sent.refused) == (5 * sent.requests, 1)
    assert sent.bytes == sum(map(len, set(bodies)))


def test_each_difference_is_named() -> None:
    sent = Sent(spans=1_000, runs=3, findings={"a": 2})
    assert differences(sent, Kept(spans=1_000, distinct=1_000, runs=3, findings={"a": 2})) == []
    assert _names(differences(sent, Kept(999, 998, 2, {"a": 1, "b": 1}, 1))) == [
        "spans",
        "different spans",
        "judged runs",
        "findings in runs without harm",
        "findings of a",
        "findings of b",
    ]


def _names(lines: Sequence[str]) -> list[str]:
    return [line.partition(":")[0] for line in lines]
