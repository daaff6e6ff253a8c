import os
import subprocess
import sys
from pathlib import Path

from fixtures.spans import DAY, START, span
from fixtures.store_rows import rows
from sentric_analyzer.storage import Store, embedded_url
from support.otlp import batch_of

INSERT_FOR_EVER = """
import sys
from itertools import count
from fixtures.spans import DAY, START, span
from sentric_analyzer.storage import Store
from support.otlp import batch_of
with Store.open(sys.argv[1]) as store:
    for batch in count(int(sys.argv[2])):
        spans = [span(n, trace=batch + 1, start=START + n % 4 * DAY) for n in range(400)]
        print(batch, flush=True)
        store.insert_spans([batch_of(spans)], f"batch-{batch}")
"""


def kill_while_inserting(url: str, batch: int, batches: int) -> int:
    """Insert batches until some have been begun, then kill; gives the batch that was being inserted."""
    process = subprocess.Popen(
        [sys.executable, "-c", INSERT_FOR_EVER, url, str(batch)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    with process:
        try:
            for line in process.stdout:
                batch = int(line)
                batches -= 1
                if batches == 0:
                    break
        finally:
            process.kill()
    return batch


def test_killed_inserts_that_are_repeated_with_their_token_stand_exactly_once(tmp_path: Path) -> None:
    url = embedded_url(tmp_path)
    begun = 0
    for batches in (3, 2, 2):
        begun = kill_while_inserting(url, begun, batches)

    with Store.open(url) as store:
        last = [span(n, trace=begun + 1, start=START + n % 4 * DAY) for n in range(400)]
        store.insert_spans([batch_of(last)], f"batch-{begun}")
        found = rows(store, "SELECT TraceId, count() FROM otel_traces GROUP BY TraceId ORDER BY TraceId")
        indexed = rows(store, "SELECT TraceId FROM otel_traces_trace_id_ts GROUP BY TraceId ORDER BY TraceId")

    assert found == [(f"{batch + 1:032x}", 400) for batch in range(begun + 1)]
    assert [(trace,) for trace, _ in found] == indexed
