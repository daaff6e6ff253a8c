"""`make bench-ingest`: what the service takes in, keeps and judges a second, beside a floor of the same run."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ingest import floor
from benchmarks.ingest.loads import CONNECTIONS, SPANS_PER_REQUEST
from benchmarks.ingest.peers import PEERS, running
from benchmarks.ingest.plan import Plan
from benchmarks.ingest.run import Measured, differences, measure
from benchmarks.ingest.service import sentric
from benchmarks.ingest.target import Target

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sentric-bench"


def main() -> int:
    """Measure, and print one line of JSON for each target; 1 where what was kept is not what was sent."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="sentric-bench-", dir=asked.dir) as directory:
        peer = _of_peer(asked, Path(directory)) if asked.peer else {}
        least = floor.measured(asked.load, asked.spans_per_request)
        with sentric(Path(directory)) as target:
            measured = measure(_plan(asked, target), target)
    found = {"target": target.name} | _figures(asked, measured)
    found |= {"floor_cpu_us_per_span": least["floor"], "ratio_to_floor": found["cpu_us_per_span"] / least["floor"]}
    if peer:
        found["ratio_to_peer"] = found["stored_spans_per_s"] / peer["stored_spans_per_s"]
    _print(found)
    wrong = differences(measured.sent, measured.kept)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _of_peer(asked: argparse.Namespace, directory: Path) -> dict[str, Any]:
    """Measure a peer and print its line. What it keeps otherwise than it was sent is told, and no failure."""
    with running(asked.peer, directory, asked.cache) as target:
        measured = measure(_plan(asked, target, lenient=True), target)
    found = {"peer": target.name} | _figures(asked, measured)
    found["stored_spans_per_s"] = measured.kept.spans / measured.stored
    _print(found)
    if measured.kept.distinct != measured.sent.spans:
        print(f"{target.name} has {measured.kept.distinct:,} of {measured.sent.spans:,} spans", file=sys.stderr)
    return found


def _print(found: dict[str, Any]) -> None:
    print(json.dumps({key: round(value, 2) if isinstance(value, float) else value for key, value in found.items()}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-ingest BENCH_ARGS=…", description=__doc__)
    parser.add_argument("--load", choices=SPANS_PER_REQUEST, default="plain")
    parser.add_argument("--protocol", choices=("http", "grpc"), default="http")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long new requests are begun")
    parser.add_argument("--rate", type=float, default=0.0, help="spans a second; 0: as fast as they are acknowledged")
    parser.add_argument("--spans-per-request", type=int, help="default: 200, and 10 of the small load")
    parser.add_argument("--connections", type=int, help="requests in flight; default: 8, and 32 of the small load")
    parser.add_argument("--dir", help="where the data lies while it runs; default: where temporary files do")
    parser.add_argument("--peer", choices=PEERS, help="another receiver, driven first")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where peers are installed")
    asked = parser.parse_args()
    if asked.peer and asked.protocol != "http":
        parser.error("peers are driven over HTTP")
    asked.connections = asked.connections or CONNECTIONS[asked.load]
    asked.spans_per_request = asked.spans_per_request or SPANS_PER_REQUEST[asked.load]
    return asked


def _plan(asked: argparse.Namespace, target: Target, *, lenient: bool = False) -> Plan:
    return Plan(
        load=asked.load,
        spans_per_request=asked.spans_per_request,
        protocol=asked.protocol,
        address=target.address(asked.protocol),
        seconds=asked.seconds,
        rate=asked.rate,
        connections=asked.connections,
        headers=dict(target.headers),
        lenient=lenient,
    )


def _figures(asked: argparse.Namespace, measured: Measured) -> dict[str, Any]:
    sent, memory = measured.sent, measured.memory
    sending = sent.ended - sent.began
    return {
        "load": asked.load,
        "protocol": asked.protocol,
        "spans_per_request": asked.spans_per_request,
        "bytes_per_span": sent.bytes / sent.spans,
        "cores": os.cpu_count(),
        "spans": sent.spans,
        "runs": sent.runs,
        "findings": sum(sent.findings.values()),
        "sending_s": sending,
        "drain_s": measured.stored - sending,
        "acknowledged_requests_per_s": sent.requests / sending,
        "acknowledged_spans_per_s": sent.spans / sending,
        "ack_p50_ms": sent.p50_ms,
        "ack_p99_ms": sent.p99_ms,
        "refused_requests": sent.refused,
        "broken_requests": sent.reconnected,
        "behind_spans": measured.behind,
        "generator_cpu_us_per_span": 1e6 * sent.cpu / sent.spans,
        "stored_spans_per_s": sent.spans / measured.stored,
        "evaluated_spans_per_s": sent.spans / measured.judged if measured.judged else None,
        "peak_rss_mb": memory.peak_rss,
        "peak_pss_mb": memory.peak_pss,
        "rss_slope_mb_per_min": memory.slope(),
        "cpu_us_per_span": 1e6 * measured.cpu / sent.spans,
    }


if __name__ == "__main__":
    sys.exit(main())
