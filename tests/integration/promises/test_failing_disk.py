"""A disk that is full, read-only, broken or slow: senders are told to try again, and it mends without a restart."""

import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.log.space import _INTERVAL
from sentric_analyzer.receiver.intake import _PATIENCE
from support.load import counted, post, request_of, sending, stored
from support.log import Log
from support.receiving import apart, names_in
from support.serving import Serving, poll, serving
from support.tracing import needs_strace, traced

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
STORED = 'sentric_pipeline_stored_total{what="spans"}'
SMALL_DISK = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'


def may_mount() -> bool:
    command = ["unshare", "-m", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True).returncode == 0


def refused_over_grpc(address: str, body: bytes) -> tuple[grpc.StatusCode, int]:
    """The code of a refusal, and the seconds it asks to wait."""
    with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(EXPORT)(body, timeout=10)
    error: Any = caught.value
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    retry = RetryInfo()
    assert Status.FromString(details).details[0].Unpack(retry)
    return error.code(), retry.retry_delay.seconds


@pytest.mark.skipif(not may_mount(), reason="mounting a small file system needs root")
@pytest.mark.parametrize("reserve", [0, 1 << 20], ids=["to the last byte", "with a reserve"])
def test_a_full_disk(reserve: int, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "log").mkdir(parents=True, mode=0o700)
    small = ["unshare", "-m", "sh", "-c", SMALL_DISK, str(data_dir / "log")]
    accepted: list[str] = []
    with serving(data_dir, before=small, SENTRIC_LOG_RESERVE=str(reserve)) as service:
        inside = Path(f"/proc/{service.process.pid}/root{data_dir}/log")
        poll(service.ready)

        def send(name: str, size: int = 20_000) -> tuple[int, str | None]:
            answer = post(service.stated["otlp_http"], request_of(1, name, padding=size))
            accepted.extend([name] if answer[0] == 200 else [])
            return answer

        assert send("first")[0] == 200
        (inside / "filler").write_bytes(bytes(3_200_000 - reserve))
        time.sleep(_INTERVAL)  # so long an answer of the disk is good
        answers = [send(f"filling {number}") for number in range(60)]
        assert answers[0] == (200, None)
        assert answers[-1] == (503, "1")
        assert refused_over_grpc(service.stated["otlp_grpc"], request_of(1, "grpc", padding=20_000)) == (
            grpc.StatusCode.UNAVAILABLE,
            1,
        )
        assert shutil.disk_usage(inside).free >= reserve - 65536
        (inside / "filler").unlink()
        poll(lambda: send("after")[0] == 200, 5)
        poll(lambda: counted(service, STORED) == len(accepted))
        assert service.ready()
        assert counted(service, 'sentric_receiver_refused_total{reason="unavailable"}') > 0
        assert service.stop() == 0
    assert stored(data_dir) == dict.fromkeys(accepted, 1)


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    large = request_of(1, "over", padding=30_000)
    with apart(tmp_path) as service:
        pid, address = service.process.pid, f"127.0.0.1:{service.port}"
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        accepted = [name for name in "abcdef" if post(address, request_of(1, name, padding=5000))[0] == 200]
        assert post(address, large) == (503, "1")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        poll(lambda: post(address, large)[0] == 200)
    with Log.open(tmp_path) as log:
        assert log.recovery.torn_bytes == 0
        assert names_in(log) == [*accepted, "over"]
    assert accepted


def failing(calls: str, error: str) -> Callable[[int, Path], Any]:
    """Let system calls of a process fail."""
    return lambda pid, output: traced(pid, output, "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}")


@needs_strace
@pytest.mark.parametrize(
    ("calls", "error"),
    [("writev", "EROFS"), ("writev,fdatasync", "EIO"), ("fdatasync", "EIO")],
    ids=["read-only", "broken", "broken when it matters"],
)
def test_a_disk_that_fails(calls: str, error: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        address = service.stated["otlp_http"]
        assert post(address, request_of(1, "before"))[0] == 200
        with failing(calls, error)(service.receiver().pid, tmp_path / "strace"):
            for _ in range(3):
                assert post(address, request_of(1, "meanwhile")) == (503, "1")
        assert post(address, request_of(1, "meanwhile"))[0] == 200
        poll(lambda: counted(service, STORED) == 2)
        assert service.stop() == 0
    assert stored(tmp_path / "data") == {"before": 1, "meanwhile": 1}


@needs_strace
def test_a_disk_that_refuses_the_positions_is_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        address = service.stated["otlp_http"]
        with failing("fsync", "EIO")(service.process.pid, tmp_path / "strace"):
            assert post(address, request_of(1, "a"))[0] == 200
            assert post(address, request_of(1, "b"))[0] == 200
            poll(lambda: (tmp_path / "strace").read_text().count("EIO") > 2)
            assert service.ready()
        poll(lambda: counted(service, STORED) == 2)
        assert service.stop() == 0
    assert stored(tmp_path / "data") == {"a": 1, "b": 1}


def in_hand(service: Serving, name: str, answers: list[Any]) -> threading.Thread:
    """Send in a thread."""
    body = request_of(1, name)
    thread = threading.Thread(target=lambda: answers.append(post(service.stated["otlp_http"], body)))
    thread.start()
    return thread


@needs_strace
@pytest.mark.parametrize(
    ("seconds", "answer"),
    [(2, (200, None)), pytest.param(13, (503, "1"), marks=pytest.mark.soak)],
    ids=["slow", "hanging"],
)
def test_a_disk_that_hangs(seconds: int, answer: tuple[int, str | None], tmp_path: Path) -> None:
    delay = f"inject=fdatasync:delay_enter={seconds}s:when=1"
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        answers: list[Any] = []
        begun = time.monotonic()
        with traced(service.receiver().pid, tmp_path / "strace", "-e", "trace=fdatasync", "-e", delay):
            threads = [in_hand(service, name, answers) for name in "abc"]
            for thread in threads:
                thread.join(30)
            assert answers == [answer] * 3
            assert time.monotonic() - begun > 0.9 * min(seconds, _PATIENCE)
            poll(lambda: post(service.stated["otlp_http"], request_of(1, "after"))[0] == 200)
        with sending(service.stated["otlp_http"], 1) as senders:
            poll(lambda: len(senders.acknowledged) > 20)
        for name in "abc":
            assert post(service.stated["otlp_http"], request_of(1, name))[0] == 200
        assert service.stop() == 0
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        assert service.stop() == 0
    kept = stored(tmp_path / "data")
    assert set("abc") | {"after"} | set(senders.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}


def incompressible(name: str) -> bytes:
    """A request with a span that takes room on a disk."""
    request = ExportTraceServiceRequest.FromString(request_of(1, name))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.add(key="noise").value.bytes_value = os.urandom(200_000)
    return request.SerializeToString()


@pytest.mark.skipif(not may_mount(), reason="mounting a small file system needs root")
def test_a_store_whose_disk_is_full_is_waited_for(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "store").mkdir(parents=True, mode=0o700)
    small = ["unshare", "-m", "sh", "-c", SMALL_DISK.replace("size=4m", "size=24m"), str(data_dir / "store")]
    with serving(data_dir, before=small) as service:
        inside = Path(f"/proc/{service.process.pid}/root{data_dir}/store")
        poll(service.ready)
        address = service.stated["otlp_http"]
        assert post(address, request_of(1, "first"))[0] == 200
        poll(lambda: counted(service, STORED) == 1)
        (inside / "filler").write_bytes(bytes(shutil.disk_usage(inside).free - 100_000))
        for name in "abcde":
            assert post(address, incompressible(name))[0] == 200
        poll(lambda: counted(service, 'sentric_store_failures_total{why="away"}') >= 2)
        assert not service.ready()
        (inside / "filler").unlink()
        poll(lambda: counted(service, STORED) == 6)
        poll(service.ready)
        service.process.send_signal(signal.SIGSTOP)  # the disk goes with the process: what is on it is copied behind it
        shutil.copytree(inside, data_dir / "store", symlinks=True, dirs_exist_ok=True)
    assert stored(data_dir) == dict.fromkeys(["first", *"abcde"], 1)
