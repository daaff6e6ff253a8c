"""Other receivers of traces, installed and driven the same way: with what they ship with, on SQLite."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.ingest import processes
from benchmarks.ingest.loads import templates
from benchmarks.ingest.loads.templates import Fresh
from benchmarks.ingest.target import Kept, Progress
from support.serving import poll

START_WITHIN = 300.0
"""Seconds from the start of a peer until it answers."""
WARM_UP = 16
"""Small requests before the measurement: workers load much of their code at the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How a peer is installed, started and looked into."""

    name: str
    package: str
    version: str
    command: Callable[[Path, Path, int], list[str | Path]]
    """Of the directory of its programs, the directory of its data and its port."""
    environment: Callable[[Path, int], Mapping[str, str]]
    database: str
    """File in the directory of its data."""
    count: str
    """SQL: spans, and different ones."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            name="mlflow",
            package="mlflow",
            version="3.17.2",
            command=lambda programs, data, port: [
                programs / "mlflow",
                "server",
                *("--backend-store-uri", f"sqlite:///{data}/mlflow.db", "--artifacts-destination", data / "artifacts"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", str(os.cpu_count())),
            ],
            environment=lambda _data, _port: {"MLFLOW_DISABLE_TELEMETRY": "true"},
            database="mlflow.db",
            count="SELECT count(*), count(DISTINCT trace_id || span_id) FROM spans",
            headers={"x-mlflow-experiment-id": "0"},
        ),
        Peer(
            name="phoenix",
            package="arize-phoenix",
            version="20.26.1",
            command=lambda programs, _data, _port: [programs / "phoenix", "serve"],
            environment=lambda data, port: {
                "PHOENIX_WORKING_DIR": str(data),
                "PHOENIX_HOST": "127.0.0.1",
                "PHOENIX_PORT": str(port),
                "PHOENIX_GRPC_PORT": str(_free_port()),
                "PHOENIX_TELEMETRY_ENABLED": "false",
            },
            database="phoenix.db",
            count="SELECT count(*), count(DISTINCT span_id) FROM spans",
        ),
    )
}
"""By name."""


class RunningPeer:
    """A started peer, warmed up."""

    def __init__(self, peer: Peer, process: "subprocess.Popen[bytes]", data: Path, port: int) -> None:
        self.name, self.pid, self.headers = f"{peer.name} {peer.version}", process.pid, peer.headers
        self._peer, self._data, self._port, self._address = peer, data, port, f"127.0.0.1:{port}"
        poll(self._answers, START_WITHIN)
        self._warm_up()
        self._before = self._counted()

    def address(self, protocol: str) -> str:
        """HOST:PORT of its one endpoint."""
        if protocol != "http":
            raise SystemExit("peers are driven over HTTP")
        return self._address

    def progress(self) -> Progress:
        """What its database has."""
        return Progress(self._counted()[0] - self._before[0])

    def stop(self) -> Kept:
        """Count; it is ended when its block is left."""
        (spans, distinct), (earlier, _) = self._counted(), self._before
        return Kept(spans - earlier, distinct - earlier)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), 1):
                return True
        except OSError:
            time.sleep(0.5)
            return False

    def _warm_up(self) -> None:
        """One request after the other, each until it is acknowledged."""
        load, fresh = templates("small", 10, seed=3, spans=10), Fresh(3)
        for _ in range(WARM_UP):
            (body,) = load[0].render(fresh, time.time_ns())
            headers = {"content-type": "application/x-protobuf", **self.headers}
            request = urllib.request.Request(f"http://{self._address}/v1/traces", data=body, headers=headers)
            poll(partial(_acknowledged, request), START_WITHIN)
        poll(lambda: self._counted()[0] >= WARM_UP * load[0].spans, START_WITHIN)

    def _counted(self) -> tuple[int, int]:
        url = f"file:{self._data / self._peer.database}?mode=ro"
        with closing(sqlite3.connect(url, uri=True, timeout=60)) as database:
            spans, distinct = database.execute(self._peer.count).fetchone()
            return spans, distinct


@contextmanager
def running(name: str, directory: Path, cache: Path) -> Iterator[RunningPeer]:
    """A peer in a directory without data, installed if it was not; it is gone when the block is left."""
    peer, port = PEERS[name], _free_port()
    data = directory / name
    data.mkdir()
    command = peer.command(_installed(peer, cache), data, port)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment.update(peer.environment(data, port))
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=data)
    try:
        yield RunningPeer(peer, process, data, port)
    finally:
        for pid in list(processes.tree(process.pid)):
            _end(pid)
        process.wait()


def _installed(peer: Peer, cache: Path) -> Path:
    """The directory of a peer's programs."""
    where = cache / f"{peer.name}-{peer.version}"
    if not (where / "installed").exists():
        print(f"installing {peer.name} {peer.version} into {where}", file=sys.stderr)
        venv.create(where, with_pip=True, clear=True)
        install: list[str | Path] = [where / "bin" / "pip", "install", "--quiet", f"{peer.package}=={peer.version}"]
        subprocess.run(install, check=True, stdout=sys.stderr)
        (where / "installed").touch()
    return where / "bin"


def _acknowledged(request: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return bool(answer.status < 300)
    except (OSError, urllib.error.URLError):
        time.sleep(0.5)
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
