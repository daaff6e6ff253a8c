"""How long the command line takes to answer, and the service to be ready."""

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

SENTRIC = Path(sys.executable).with_name("sentric")
RUNS = 5
_FREE = [part for option in ("--otlp-grpc", "--otlp-http", "--http") for part in (option, "127.0.0.1:0")]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def process(*command: object) -> Callable[[], object]:
    return lambda: subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def until_ready(directory: Path) -> float:
    """Milliseconds from the start of `sentric serve` to the first good answer of /readyz."""
    began = time.perf_counter()
    service = subprocess.Popen([SENTRIC, "serve", "--data-dir", directory, *_FREE], stdout=subprocess.DEVNULL)
    try:
        while not is_ready(directory, service.pid):
            time.sleep(0.005)
        return (time.perf_counter() - began) * 1000
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait()


def is_ready(directory: Path, pid: int) -> bool:
    try:
        stated = json.loads((directory / "serve.json").read_text())
        if stated["pid"] != pid:
            return False
        with urllib.request.urlopen(f"http://{stated['http']}/readyz") as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def show(name: str, times: list[float], floor: list[float], of: str) -> None:
    ratio = statistics.median(times) / statistics.median(floor)
    print(
        f"{name:<24} median {statistics.median(times):6.0f} ms   worst {max(times):6.0f} ms"
        f"   {of} {statistics.median(floor):5.0f} ms   ratio {ratio:4.1f}"
    )


def main() -> None:
    """Print the figures."""
    bare = process(sys.executable, "-c", "import click")
    show("sentric --help", [timed(process(SENTRIC, "--help")) for _ in range(RUNS)],
         [timed(bare) for _ in range(RUNS)], "import click")  # fmt: skip
    engine = process(sys.executable, "-c", "import chdb, clickhouse_connect, fastapi, grpc")
    with tempfile.TemporaryDirectory() as directory:
        starts = [until_ready(Path(directory)) for _ in range(RUNS)]
    show("sentric serve, ready", starts, [timed(engine) for _ in range(RUNS)], "its imports")


if __name__ == "__main__":
    main()
