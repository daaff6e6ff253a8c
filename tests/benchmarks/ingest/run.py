"""One load, sent to one target, until all of it is kept and judged."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.ingest import processes
from benchmarks.ingest.generator import READY
from benchmarks.ingest.plan import Plan, Sent
from benchmarks.ingest.target import Kept, Progress, Target

LOOK_EVERY = 0.5
"""Seconds between two looks at the target's progress after the last acknowledgement."""
WATCH_EVERY = 1.0
"""The same while requests are sent."""
SAY_EVERY = 5.0
SETTLED_AFTER = 3.0
"""Seconds without progress after which a target that has all is done: longer than a trace waits for late spans."""
STUCK_AFTER = 120.0
"""Seconds without progress after which a target is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one load did to one target."""

    sent: Sent
    kept: Kept
    stored: float
    """Seconds from the first request until every span was stored."""
    judged: float
    """Seconds from the first request until every run was judged; 0 without runs."""
    behind: int
    """Spans acknowledged and not stored when the last one was acknowledged."""
    cpu: float
    """Seconds of the target's processes."""
    memory: processes.Memory


def measure(plan: Plan, target: Target) -> Measured:
    """Send a load, wait for the target, and stop it."""
    with _generator(plan) as generator, processes.watched(target.pid) as memory:
        before = processes.cpu(target.pid)
        watch = _Watch(target)
        sent = _sent(generator, watch)
        behind = sent.spans - watch.look().spans
        watch.until(sent)
        cpu = processes.cpu(target.pid) - before
    return Measured(
        sent=sent,
        kept=target.stop(),
        stored=watch.stored - sent.began,
        judged=watch.judged - sent.began if sent.runs else 0.0,
        behind=max(0, behind),
        cpu=cpu,
        memory=memory,
    )


def differences(sent: Sent, kept: Kept) -> list[str]:
    """What was kept otherwise than it was sent, a line for each; none where all is well."""
    rows = [
        ("spans", sent.spans, kept.spans),
        ("different spans", sent.spans, kept.distinct),
        ("judged runs", sent.runs, kept.runs),
        ("findings in runs without harm", 0, kept.misplaced),
    ]
    rules = sorted({*sent.findings, *kept.findings})
    rows += [(f"findings of {rule}", sent.findings.get(rule, 0), kept.findings.get(rule, 0)) for rule in rules]
    return [f"{name}: {expected:,} expected, {found:,} kept" for name, expected, found in rows if expected != found]


class _Watch:
    """Follows a target: when its counts last grew."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._latest = Progress(0)
        self.stored = self.judged = self._grew = self._said = time.monotonic()

    def look(self) -> Progress:
        """Ask how far it is."""
        found, now = self._target.progress(), time.monotonic()
        if found.spans > self._latest.spans:
            self.stored = self._grew = now
        if found.runs > self._latest.runs:
            self.judged = self._grew = now
        self._latest = found
        if now - self._said > SAY_EVERY:
            self._said = now
            print(f"{found.spans:,} spans stored, {found.runs:,} runs judged", file=sys.stderr)
        return found

    def until(self, sent: Sent) -> None:
        """Wait until all is stored and judged, and nothing more happens."""
        self._grew = time.monotonic()
        while True:
            found = self.look()
            quiet = time.monotonic() - self._grew
            complete = found.spans >= sent.spans and found.runs >= sent.runs
            if quiet > (SETTLED_AFTER if complete else STUCK_AFTER):
                if not complete:
                    print(f"given up: no progress for {STUCK_AFTER:.0f} s at {found}", file=sys.stderr)
                return
            time.sleep(LOOK_EVERY)


def _sent(generator: "subprocess.Popen[str]", watch: _Watch) -> Sent:
    """Let the generator send, and say now and then how far the target is."""
    assert generator.stdin is not None
    assert generator.stdout is not None
    if generator.stdout.readline().strip() != READY:
        raise SystemExit("the generator did not start")
    generator.stdin.write("\n")
    generator.stdin.flush()
    while generator.poll() is None:
        watch.look()
        time.sleep(WATCH_EVERY)
    if generator.returncode:
        raise SystemExit(f"the generator ended with {generator.returncode}")
    return Sent.decode(generator.stdout.readline())


@contextmanager
def _generator(plan: Plan) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "benchmarks.ingest.generator", plan.encode()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
