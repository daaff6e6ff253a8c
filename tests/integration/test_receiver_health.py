"""What the receiver says of its health."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from support.receiving import EXPORT, Receiving, receiving, request_of, until

HEALTH = "/grpc.health.v1.Health/"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path) as started:
        yield started


@contextmanager
def channel_to(service: Receiving) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.grpc, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield channel


def check(channel: grpc.Channel, name: str = "") -> int:
    answer = channel.unary_unary(f"{HEALTH}Check")(StringValue(value=name).SerializeToString(), timeout=20)
    return Int32Value.FromString(answer).value


@pytest.mark.parametrize("signal", ["", "trace.v1.TraceService", "logs.v1.LogsService", "metrics.v1.MetricsService"])
def test_every_service_says_that_it_serves(tmp_path: Path, signal: str) -> None:
    with receiving(tmp_path, ingest_keys="required") as service, channel_to(service) as channel:
        assert check(channel, f"opentelemetry.proto.collector.{signal}" if signal else "") == 1


def test_an_unknown_service_is_not_found_and_bad_requests_are_refused(service: Receiving) -> None:
    with channel_to(service) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, "nobody")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(f"{HEALTH}Check")(b"\xff", timeout=20)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        watched = channel.unary_stream(f"{HEALTH}Watch")(StringValue(value="nobody").SerializeToString(), timeout=20)
        assert Int32Value.FromString(next(watched)).value == 3
        watched.cancel()


def test_questions_that_are_never_finished_are_bounded_and_hold_up_nobody(tmp_path: Path) -> None:
    done = threading.Event()

    def questions() -> Iterator[bytes]:
        done.wait(20)
        yield b""

    with receiving(tmp_path, ingest_keys="required") as service, channel_to(service) as channel:
        ask = channel.stream_unary(f"{HEALTH}Check").future
        calls = [ask(questions(), timeout=30) for _ in range(10)]
        until(lambda: sum(call.done() for call in calls) == 6)
        assert {call.code() for call in calls if call.done()} == {grpc.StatusCode.UNAVAILABLE}
        assert check(channel) == 1
        done.set()


def test_a_watcher_is_told_of_a_disk_that_is_full_and_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with receiving(tmp_path) as service, channel_to(service) as channel:
        watched = channel.unary_stream(f"{HEALTH}Watch")(b"", timeout=60)
        assert Int32Value.FromString(next(watched)).value == 1
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", full)
            with pytest.raises(grpc.RpcError):
                channel.unary_unary(EXPORT)(request_of("a"), timeout=20)
        assert Int32Value.FromString(next(watched)).value == 2
        assert check(channel) == 2
        assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20) == b""
        assert Int32Value.FromString(next(watched)).value == 1
        threading.Thread(target=service.receiver.stop).start()
        with suppress(grpc.RpcError):
            assert [Int32Value.FromString(answer).value for answer in watched] == [2]
