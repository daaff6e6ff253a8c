import asyncio
import gzip
import json
import os
import threading
from collections import Counter as Tally
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.control import KeyRing
from sentric_analyzer.log import Limits
from sentric_analyzer.receiver import intake as intake_module
from sentric_analyzer.receiver.counts import METRICS as DECLARED
from sentric_analyzer.receiver.counts import Counter
from sentric_analyzer.receiver.decode import JSON, PROTOBUF, Bounds, Decoded, Partly, decode
from sentric_analyzer.receiver.exports import METRICS, TRACES
from sentric_analyzer.receiver.gate import Gate, Rates, Sender
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.refusal import Reason, Refusal
from support.log import Log
from support.wire import under

SOMEBODY = Sender("192.0.2.1")


class Fixture:
    def __init__(self, log: Log, executor: ThreadPoolExecutor) -> None:
        self.counts: Tally[tuple[str, str]] = Tally()
        self.log = log
        self.now = 0.0
        self.gate = Gate(KeyRing({}), Rates(bytes=1 << 20), clock=lambda: self.now)
        bounds = Bounds(body=1 << 20, items=100, messages=1_000_000, value=1 << 20)
        self.intake = Intake(
            log, bounds, self._count, executor, self.gate, clock=lambda: 42, monotonic=lambda: self.now
        )

    def _count(self, counter: Counter, value: str, amount: int) -> None:
        assert value in DECLARED[counter].values
        self.counts[counter, value] += amount

    async def accept(self, body: bytes, media: str = PROTOBUF, encoding: str = "", sender: Sender = SOMEBODY) -> Partly:
        return await self.intake.accept(TRACES, body, media, encoding, sender)


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Fixture]:
    with Log.open(tmp_path, Limits(backlog_bytes=1 << 20)) as log, ThreadPoolExecutor(1) as executor:
        yield Fixture(log, executor)


def request_of(*names: str) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for name in names:
        scope.spans.add(name=name, trace_id=b"t" * 16, span_id=b"s" * 8)
    scope.spans.add(name="without ids")
    return request.SerializeToString()


async def test_what_is_accepted_is_in_the_log_and_counted(fixture: Fixture) -> None:
    assert await fixture.accept(request_of("a", "b")) == Partly(rejected=1)

    (entry,) = fixture.log.read(0)
    assert (entry.record.projects, entry.record.signal, entry.record.received) == ((), "traces", 42)
    spans = ExportTraceServiceRequest.FromString(entry.record.body).resource_spans[0].scope_spans[0].spans
    assert [span.name for span in spans] == ["a", "b"]
    assert fixture.counts == {
        (Counter.REQUESTS, "traces"): 1,
        (Counter.ITEMS, "traces"): 2,
        (Counter.INVALID, "traces"): 1,
        (Counter.BYTES, "traces"): len(entry.record.body),
    }


async def test_what_comes_again_is_acknowledged_and_not_kept_twice(fixture: Fixture) -> None:
    for _ in range(3):
        await fixture.accept(request_of("a"))
    assert len(list(fixture.log.read(0))) == 1
    assert fixture.counts[Counter.DUPLICATES, "traces"] == 2
    assert fixture.counts[Counter.ITEMS, "traces"] == 1


async def test_what_is_empty_and_metrics_are_acknowledged_and_not_kept(fixture: Fixture) -> None:
    assert not await fixture.accept(b"")
    assert not await fixture.accept(b"{}", JSON)
    assert not await fixture.intake.accept(METRICS, b"\x0a\x00", PROTOBUF, "", SOMEBODY)
    assert list(fixture.log.read(0)) == []
    assert fixture.counts == {(Counter.REQUESTS, "traces"): 2, (Counter.REQUESTS, "metrics"): 1}


MANY_VALUES = under((0x0A, 0x12, 0x12), b"\x4a\x00" * 500_000)


@pytest.mark.parametrize(
    ("body", "media", "encoding", "is_light"),
    [
        (request_of("a"), PROTOBUF, "", True),
        (gzip.compress(request_of("a")), PROTOBUF, "gzip", True),
        (b"{}", JSON, "", True),
        (json.dumps({"padding": "x" * 100_000}).encode(), JSON, "", False),
        (gzip.compress(json.dumps({"padding": "x" * 100_000}).encode()), JSON, "gzip", False),
        (gzip.compress(request_of("x" * (3 << 20))), PROTOBUF, "gzip", False),
        (gzip.compress(request_of(*"a" * 10_001)), PROTOBUF, "gzip", False),
        (request_of(*"a" * 10_001), PROTOBUF, "", False),
        (gzip.compress(b"\x18\x00" * 50_000), PROTOBUF, "gzip", False),
        (b"no gzip", PROTOBUF, "gzip", False),
        (gzip.compress(MANY_VALUES), PROTOBUF, "gzip", False),
        (MANY_VALUES, PROTOBUF, None, False),
        (request_of("a"), PROTOBUF, None, True),
        (request_of("x" * (1 << 20)), PROTOBUF, "", False),
    ],
    ids=range(14),
)
async def test_a_body_that_takes_long_to_decode_leaves_the_loop_free(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, body: bytes, media: str, encoding: str | None, is_light: bool
) -> None:
    threads: list[threading.Thread] = []

    def noting(*arguments: Any) -> Decoded:
        threads.append(threading.current_thread())
        return decode(*arguments)

    monkeypatch.setattr(intake_module, "decode", noting)
    with suppress(Refusal):
        await fixture.intake.accept(TRACES, body, media, encoding, SOMEBODY)
    assert [thread is threading.main_thread() for thread in threads] == [is_light]


async def refusal_of(fixture: Fixture, body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await fixture.accept(body)
    return caught.value


async def test_a_bad_body_is_refused_and_counted(fixture: Fixture) -> None:
    assert (await refusal_of(fixture, b"\xff")).reason is Reason.MALFORMED
    assert fixture.counts == {(Counter.REFUSED, "malformed"): 1}


async def test_a_full_disk_is_a_refusal_to_try_again_and_is_told_once(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        for name in "ab":
            refusal = await refusal_of(fixture, request_of(name))
            assert (refusal.reason, refusal.answer.retry) == (Reason.UNAVAILABLE, True)
    assert caplog.text.count("No space left on device") == 1
    assert fixture.intake.is_failing
    fixture.now += 60
    assert not fixture.intake.is_failing  # so that somebody tries again
    await fixture.accept(request_of("a"))
    assert len(list(fixture.log.read(0))) == 1


async def test_too_long_a_backlog_is_a_refusal_to_try_again(fixture: Fixture) -> None:
    await fixture.accept(request_of("x" * (1 << 19), "y" * (1 << 18)))
    await fixture.accept(request_of("z" * (1 << 19)))
    refusal = await refusal_of(fixture, request_of("more"))
    assert (refusal.reason, refusal.answer.status, refusal.answer.retry) == (Reason.BUSY, 503, True)


async def test_a_slow_disk_is_a_refusal_to_try_again(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, go_on = asyncio.get_running_loop(), asyncio.Event()
    monkeypatch.setattr(
        os, "fdatasync", lambda _: asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10) and None
    )
    monkeypatch.setattr(intake_module, "_PATIENCE", 0.01)
    assert (await refusal_of(fixture, request_of("a"))).reason is Reason.BUSY
    go_on.set()
    monkeypatch.setattr(intake_module, "_PATIENCE", 10.0)
    await fixture.accept(request_of("a"))  # the sender tries again, and the first try has been written meanwhile
    assert len(list(fixture.log.read(0))) == 1


async def test_a_mistake_of_our_own_tells_the_sender_nothing(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(intake_module, "decode", broken)
    refusal = await refusal_of(fixture, b"")
    assert (refusal.reason, refusal.answer.status) == (Reason.INTERNAL, 500)
    assert "secret detail" not in str(refusal)
    assert "secret detail" in caplog.text


async def test_what_a_key_decides_goes_into_the_log_and_what_was_sent_is_charged(fixture: Fixture) -> None:
    key = Sender("key-1", projects=("shop", "office"))
    body = request_of("x" * 1000)
    await fixture.accept(gzip.compress(body), encoding="gzip", sender=key)
    (entry,) = fixture.log.read(0)
    assert entry.record.projects == ("shop", "office")
    charged: list[int] = []
    fixture.gate.charge = lambda _, count: charged.append(count)  # type: ignore[method-assign]
    await fixture.accept(gzip.compress(body), encoding="gzip", sender=key)
    assert sum(charged) == len(entry.record.body)


async def test_what_is_refused_is_charged_too(fixture: Fixture) -> None:
    charged: list[int] = []
    fixture.gate.charge = lambda _, count: charged.append(count)  # type: ignore[method-assign]
    await refusal_of(fixture, b"\xff" * 100)
    assert sum(charged) == 100


async def test_cut_values_are_counted(fixture: Fixture) -> None:
    request = ExportTraceServiceRequest.FromString(request_of("a"))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.add(key="k").value.string_value = "x" * ((1 << 20) - 200)
    fixture.intake.bounds = replace(fixture.intake.bounds, value=1000)
    assert await fixture.accept(request.SerializeToString()) == Partly(rejected=1, cut=1)
    assert fixture.counts[Counter.CUT, "traces"] == 1
