"""`sentric analyze` on the labelled development runs, which are not part of this project."""

import os
import subprocess
import sys
import time
from pathlib import Path

SENTRIC = Path(sys.executable).with_name("sentric")
RUNS = Path(os.environ.get("SENTRIC_EVAL", Path(__file__).parents[3] / "shared" / "eval")) / "dev.otlp.jsonl.gz"
_READ_ONLY = """
import sys; from pathlib import Path; from sentric_analyzer.cli.inputs import find
print(sum(1 for _ in find([Path(sys.argv[1])], longest=1 << 20).spans()))
"""


def measured(*command: object) -> tuple[float, float]:
    """Seconds, and the process's peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    process.returncode = status
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Print the figures."""
    if not RUNS.is_file():
        print(f"sentric analyze: skipped, because {RUNS.name} is not here (SENTRIC_EVAL names its directory)")
        return
    floor, _ = measured(sys.executable, "-c", _READ_ONLY, RUNS)
    took, peak = measured(SENTRIC, "analyze", "--format", "json", RUNS)
    print(
        f"sentric analyze, 1,310 traces   {took:5.1f} s   peak {peak:4.0f} MB   reading alone {floor:4.1f} s   "
        f"ratio {took / floor:4.1f}"
    )


if __name__ == "__main__":
    main()
