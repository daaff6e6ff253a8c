"""Fuzzes every target, each in a process of its own: `python -m fuzz.run [--seconds N] [TARGET ...]`.

What breaks one is left in the directory that is named at the end.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.targets import TARGETS

MEGABYTES = 1024
"""Memory a target may take: the fuzzer itself and protobuf need a part of it."""
LONGEST = 256 << 10


def fuzz(name: str, seconds: int, found: Path) -> int:
    """Fuzz a target; the exit status, 0 if nothing broke it."""
    corpus = found / name
    corpus.mkdir(parents=True)
    for number, seed in enumerate(TARGETS[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={found}/{name}-",
        "-timeout=20",
    ]
    return subprocess.run([sys.executable, "-m", "fuzz.one", name, corpus, *options]).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    found = Path(tempfile.mkdtemp(prefix="sentric-fuzz-"))
    broken = [name for name in options.targets or TARGETS if fuzz(name, options.seconds, found)]
    print(f"broken: {', '.join(broken)}: see {found}" if broken else f"nothing broke; the corpora are in {found}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
