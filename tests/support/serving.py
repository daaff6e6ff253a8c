"""A real `sentric serve` for a test, in its own process."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

SENTRIC = Path(sys.executable).with_name("sentric")
DEADLINE = 60.0
ENDS_WITHIN = 10.0
"""Seconds in which a service ends: twice what it gives itself, because other tests run beside it."""
T = TypeVar("T")


def poll(ask: Callable[[], T], deadline: float = DEADLINE) -> T:
    """Ask until the answer is true; fail at the deadline."""
    end = time.monotonic() + deadline
    while not (answer := ask()):
        assert time.monotonic() < end, f"still {answer!r} after {deadline} s"
        time.sleep(0.02)
    return answer


class Serving:
    """A running service: where it listens, and how to talk to it."""

    def __init__(self, data_dir: Path, process: "subprocess.Popen[str]") -> None:
        self.data_dir = data_dir
        self.process = process
        self.stated: dict[str, Any] = poll(self._announced)

    def _announced(self) -> dict[str, Any]:
        if self.process.poll() is not None:
            _, errors = self.process.communicate()
            raise AssertionError(f"sentric serve ended with {self.process.returncode}: {errors}")
        try:
            stated: dict[str, Any] = json.loads((self.data_dir / "serve.json").read_text())
        except (OSError, ValueError):
            return {}
        return stated if stated["pid"] == self.process.pid else {}

    def get(self, path: str) -> Any:
        """The JSON at a path of the REST API."""
        with urllib.request.urlopen(f"http://{self.stated['http']}{path}", timeout=10) as answer:
            return json.load(answer)

    def ready(self) -> bool:
        """Whether it is ready."""
        try:
            return bool(self.get("/readyz") == {"status": "ready"})
        except urllib.error.HTTPError as error:
            error.close()
            return False

    def text(self, path: str) -> str:
        """The text at a path of the REST API."""
        with urllib.request.urlopen(f"http://{self.stated['http']}{path}", timeout=10) as answer:
            return answer.read().decode()

    def post(self, body: bytes, path: str = "/v1/traces", content_type: str = "application/x-protobuf") -> int:
        """Send an OTLP request; the status of the answer."""
        request = urllib.request.Request(
            f"http://{self.stated['otlp_http']}{path}", data=body, headers={"content-type": content_type}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)

    def new_key(self, *scopes: str) -> str:
        """A key of the default project."""
        admin = (self.data_dir / "admin.key").read_text().strip()
        wish = urllib.request.Request(
            f"http://{self.stated['http']}/v1/keys",
            data=json.dumps({"projects": ["default"], "scopes": scopes}).encode(),
            headers={"Authorization": f"Bearer {admin}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(wish, timeout=10) as answer:
            return str(json.load(answer)["key"])

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send it a signal: its exit status, and after how many seconds. No process of it may be left."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        begun = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(60)
        taken = time.monotonic() - begun
        poll(lambda: not [each for each in children if each.is_running()])
        return status, taken

    def errors(self) -> str:
        """What it has said on its standard error, once it has ended."""
        return self.process.communicate()[1]

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self.process.kill()
        self.process.wait(20)

    def receiver(self) -> psutil.Process:
        """The process of its receiver."""
        (child,) = psutil.Process(self.process.pid).children()
        return child


def reason(service: Serving) -> str:
    """Why a service is not ready; empty while it is."""
    try:
        service.get("/readyz")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    return ""


@contextmanager
def serving(data_dir: Path, *options: str, before: Sequence[str] = (), **environ: str) -> Iterator[Serving]:
    """A service on free ports; it is gone when the block is left. What is named before runs it, and becomes it."""
    command: list[str | Path] = [*before, SENTRIC, "serve", "--data-dir", data_dir]
    for name in ("--otlp-grpc", "--otlp-http", "--http"):
        command += [name, "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SENTRIC_GRACE": "0.1", **environ},
        cwd=data_dir.parent,
    )
    try:
        yield Serving(data_dir, process)
    finally:
        process.kill()
        process.communicate()
