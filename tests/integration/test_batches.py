"""The log's records become few large inserts, each of them the same one when it is repeated."""

from pathlib import Path

import pytest

from sentric_analyzer import parts
from sentric_analyzer.log import Record, Signal
from sentric_analyzer.log.positions import COMMITTED, write_position
from sentric_analyzer.storage import SpanBatch, Store
from support.load import request_of
from support.log import Log
from support.pipelining import NOW, running

REQUESTS = 20


@pytest.fixture
def inserts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The tokens of the inserts and how many parts each had, with parts of one request."""
    made: list[tuple[str, int]] = []
    insert = Store.insert_spans

    def noted(store: Store, batches: list[SpanBatch], token: str) -> None:
        insert(store, batches, token)
        made.append((token, len(batches)))

    monkeypatch.setattr(Store, "insert_spans", noted)
    monkeypatch.setattr(parts, "PART_BYTES", 1)
    return made


def test_what_is_prepared_meanwhile_is_stored_together(inserts: list[tuple[str, int]], tmp_path: Path) -> None:
    with Log.open(tmp_path / "log") as log:
        for number in range(REQUESTS):
            log.append(Record((), Signal.TRACES, request_of(number + 1, f"{number}"), NOW))
    with running(tmp_path):
        assert sum(parts for _, parts in inserts) == REQUESTS
        assert len(inserts) < REQUESTS
    token, parts = inserts.pop()
    write_position(tmp_path / "log", COMMITTED, int(token.partition("-")[0]))  # killed before it was noted
    inserts.clear()
    with running(tmp_path) as there:
        assert inserts == [(token, parts)]
        assert there.store.counts()["otel_traces"] == REQUESTS
