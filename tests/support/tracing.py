"""System calls of a running process, watched or made to fail with strace."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.serving import poll


def _may_trace() -> bool:
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(command, capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not _may_trace(), reason="needs strace, and leave to trace processes")


@contextmanager
def traced(pid: int, output: Path, *options: str) -> Iterator[None]:
    """Trace all threads of a process until the block is left."""
    command = ["strace", "-f", "-y", "-p", str(pid), "-o", str(output), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr
        try:
            poll(lambda: "attached" in strace.stderr.readline(), 10)
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate(timeout=20)
