"""A request that comes again counts once, in every table, wherever the service was killed in between."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sentric_analyzer.storage import Store, embedded_url
from support.load import counted, post, settle
from support.pipelining import EVIL, TIMES, agent, call, request_of, running
from support.serving import SENTRIC, poll, serving

TRACES, TOGETHER = 12, 4
OFTEN = 3
"""That each request is sent to the service that stays, and at least once to each that dies."""
KEY = {"SENTRIC_REDACTION_KEY": "of tests"}
MORTAL = """
import os, runpy, signal, sys
from {module} import {owner}

real = {owner}.{method}

def die(*arguments, **more):
    if {done}:
        real(*arguments, **more)
    os.kill(os.getpid(), signal.SIGKILL)

{owner}.{method} = die
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""The service, until it first comes to a certain place."""
BEFORE_COMMIT = MORTAL.format(module="sentric_analyzer.log", owner="LogReader", method="commit", done=False)
"""The spans are inserted, and the log is not told."""
AFTER_JUDGING = MORTAL.format(module="sentric_analyzer.storage", owner="Store", method="insert_runs", done=True)
"""Judged runs are inserted."""


def requests() -> Iterator[list[dict[str, Any]]]:
    """The spans of each request: the calls of a trace come in one, its end in another."""
    for first in range(1, TRACES, TOGETHER):
        traces = range(first, first + TOGETHER)
        yield [span for trace in traces for span in (call(2, trace, command=EVIL), call(3, trace))]
        yield [agent(trace) for trace in traces]


BODIES = [request_of(*spans).SerializeToString() for spans in requests()]


def send_until_dead(address: str, process: "subprocess.Popen[Any]") -> int:
    """Send all of it again and again, until the service dies; how many requests were acknowledged."""
    acknowledged = 0
    while process.poll() is None:
        for body in BODIES:
            with suppress(OSError, http.client.HTTPException):
                acknowledged += post(address, body)[0] == 200
        time.sleep(0.05)
    assert process.returncode == -signal.SIGKILL
    return acknowledged


def told(data_dir: Path) -> tuple[dict[str, int], Tally[str]]:
    """Rows by table, and the ids of the findings."""
    with Store.open(embedded_url(data_dir)) as store:
        counts = store.counts()
        return counts, Tally(finding.finding_id for finding in store.findings(limit=10_000))


def told_once(directory: Path) -> tuple[dict[str, int], Tally[str]]:
    """The same, where each request comes once and nothing is killed."""
    with running(directory) as there:
        for spans in requests():
            there.send(*spans, project="")
        there.pass_time(TIMES.grace)
        assert there.judged() == TRACES
    return told(directory)


def test_each_request_counts_once_however_often_it_comes(tmp_path: Path) -> None:
    data_dir, once = tmp_path / "data", told_once(tmp_path / "once")
    with serving(data_dir, before=[sys.executable, "-c", BEFORE_COMMIT], **KEY) as first:
        address = first.stated["otlp_http"]
        ports = ["--otlp-http", address, "--otlp-grpc", first.stated["otlp_grpc"]]
        send_until_dead(address, first.process)
    for place in (BEFORE_COMMIT, AFTER_JUDGING):
        command = [
            sys.executable,
            "-c",
            place,
            SENTRIC,
            "serve",
            "--data-dir",
            data_dir,
            *ports,
            "--http",
            "127.0.0.1:0",
        ]
        with subprocess.Popen(command, env={**os.environ, "SENTRIC_GRACE": "0.1", **KEY}, cwd=tmp_path) as mortal:
            try:
                send_until_dead(address, mortal)
            finally:
                mortal.kill()
    with serving(data_dir, *ports, **KEY) as last:
        poll(last.ready)
        senders = [threading.Thread(target=lambda: [last.post(body) for body in BODIES]) for _ in range(OFTEN)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
        settle(last)
        poll(lambda: len(last.get("/v1/runs?limit=100")["runs"]) == TRACES)
        again = 'sentric_receiver_duplicates_total{signal="traces"}'
        poll(lambda: counted(last, again) >= (OFTEN - 1) * len(BODIES))
        assert last.stop() == 0
    assert told(data_dir) == once
    assert once[0]["otel_traces"] == 3 * TRACES
    assert once[0]["agent_runs"] == TRACES
    assert set(once[1].values()) == {1}
