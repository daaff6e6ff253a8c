"""Runs programs the way a user does, under an interpreter of either virtual environment."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
AGENT = Path(__file__).with_name("agent.py")
NEWEST, OLDEST = Path(sys.prefix), ROOT / ".venv-oldest"
CHROMIUM = "/usr/bin/chromium"
_OURS = ("OTEL_", "SENTRIC_")


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str
    took: float
    """Seconds."""


class Environment:
    """A virtual environment and a scratch directory for what runs in it."""

    def __init__(self, prefix: Path, scratch: Path) -> None:
        self.bin, self.scratch = prefix / "bin", scratch
        assert (self.bin / "opentelemetry-instrument").exists(), f"{prefix} is missing: run `make test`, which makes it"

    def variables(self, **stated: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        own = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "ANONYMIZED_TELEMETRY": "false",
            "BROWSER_USE_CLOUD_SYNC": "false",
            "BROWSER_USE_VERSION_CHECK": "false",
            "BROWSER_USE_CONFIG_DIR": str(self.scratch / "config"),
            "PROFILE": str(self.scratch / "profile"),
        }
        return inherited | own | stated

    def start(self, *command: str, **stated: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            env=self.variables(**stated),
            cwd=self.scratch,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **stated: str) -> Finished:
        began = time.monotonic()
        with self.start(*command, **stated) as process:
            try:
                out, err = process.communicate(timeout=120)
            finally:
                kill(process)
        return Finished(process.returncode, out, err, time.monotonic() - began)


def kill(process: "subprocess.Popen[str]") -> None:
    """End a program and every browser it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def chromium(scratch: Path) -> Generator[str, None, None]:
    """A Chrome that was already running: the URL of its DevTools."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--headless=new", "--no-sandbox", "--no-first-run", f"--user-data-dir={scratch / 'running'}")
    command = (CHROMIUM, *options, f"--remote-debugging-port={port}", "about:blank")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None, f"Chromium on port {port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a state, at most so long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"not reached in {seconds} s: {what}"
        time.sleep(0.05)
