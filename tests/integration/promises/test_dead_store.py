"""Storage that is away is waited for: nothing is lost or doubled, and the service says what it waits for."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentric.events import Run
from sentric_analyzer.storage import Store, StoreAwayError, connection
from support.clickhouse import (
    BAD_GATEWAY,
    NO_SPACE,
    READONLY,
    TOO_MANY_PARTS,
    WRONG_PASSWORD,
    ClickHouse,
    Trouble,
    clickhouse,
)
from support.load import counted, post, request_of, sending
from support.serving import ENDS_WITHIN, poll, reason, serving

STORED = 'sentric_pipeline_stored_total{what="spans"}'
AWAY, REFUSED = (f'sentric_store_failures_total{{why="{why}"}}' for why in ("away", "refused"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    with clickhouse(tmp_path / "clickhouse") as started:
        yield started


TROUBLES = {
    "5xx": (BAD_GATEWAY, AWAY, "cannot be reached"),
    "read-only": (READONLY, AWAY, "READONLY"),
    "too many parts": (TOO_MANY_PARTS, AWAY, "Too many parts"),
    "full": (NO_SPACE, AWAY, "NOT_ENOUGH_SPACE"),
    "password": (WRONG_PASSWORD, REFUSED, "refused the user or the password"),
    "schema": (
        Trouble(404, 60, "Table sentric.otel_traces does not exist. (UNKNOWN_TABLE)"),
        REFUSED,
        "UNKNOWN_TABLE",
    ),
}
"""Errors of a store, where each is counted, and what is said of it."""


def test_an_error_of_the_store_is_waited_for(server: ClickHouse, tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--store", server.url) as service:
        poll(service.ready)
        address = service.stated["otlp_http"]
        assert post(address, request_of(1, "before"))[0] == 200
        poll(lambda: counted(service, STORED) == 1)
        for number, (name, (trouble, counter, said)) in enumerate(TROUBLES.items()):
            stored, failures = 1 + 2 * number, counted(service, counter)
            server.trouble(trouble)
            assert post(address, request_of(1, f"{name}, first"))[0] == 200
            poll(lambda counter=counter, least=failures + 2: counted(service, counter) >= least)
            assert post(address, request_of(1, f"{name}, second"))[0] == 200
            assert said in reason(service), name
            assert counted(service, STORED) == stored, name
            server.trouble(None)
            poll(lambda all_of_it=stored + 2: counted(service, STORED) == all_of_it)
            poll(service.ready)
        assert service.stop() == 0
        errors = service.errors()
    assert {name: errors.count(said) for name, (*_, said) in TROUBLES.items()} == dict.fromkeys(TROUBLES, 1)
    sent = [f"{name}, {which}" for name in TROUBLES for which in ("first", "second")]
    assert server.counts() == dict.fromkeys(["before", *sent], 1)


def test_a_server_that_dies_and_comes_back_is_a_bounded_backlog_and_then_refusals(
    server: ClickHouse, tmp_path: Path
) -> None:
    accepted: list[str] = []
    with serving(tmp_path / "data", "--store", server.url, SENTRIC_LOG_BACKLOG=str(2 << 20)) as service:
        poll(service.ready)
        address = service.stated["otlp_http"]
        assert post(address, request_of(1, "warm"))[0] == 200
        poll(lambda: counted(service, STORED) == 1)
        server.kill()
        for number in range(300):
            status, retry = post(address, request_of(1, f"{number}", padding=20_000))
            accepted += [f"{number}"] if status == 200 else []
        assert (status, retry) == (503, "1")
        assert (2 << 20) // 20_000 * 0.9 < len(accepted) < 300
        poll(lambda: "connection refused" in reason(service))
        server.start()
        poll(service.ready)
        poll(lambda: counted(service, STORED) == len(accepted) + 1)
        assert post(address, request_of(1, "after"))[0] == 200
        poll(lambda: counted(service, STORED) == len(accepted) + 2)
        assert service.stop() == 0
    assert server.counts() == dict.fromkeys([*accepted, "warm", "after"], 1)


def test_a_server_that_is_killed_again_and_again_gets_everything_once(server: ClickHouse, tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--store", server.url) as service:
        poll(service.ready)
        with sending(service.stated["otlp_http"], 2) as senders:
            for _ in range(3):
                time.sleep(0.7)
                server.kill()
                time.sleep(0.3)
                server.start()
        poll(lambda: len(server.counts()) == len(senders.acknowledged))
        poll(service.ready)
        assert service.stop() == 0
    assert server.counts() == dict.fromkeys(senders.acknowledged, 1)


def test_a_service_stops_while_it_waits_and_goes_on_at_the_next_start(server: ClickHouse, tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--store", server.url) as service:
        poll(service.ready)
        server.kill()
        assert post(service.stated["otlp_http"], request_of(1, "meanwhile"))[0] == 200
        poll(lambda: counted(service, AWAY) >= 1)
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - begun < ENDS_WITHIN
    server.start()
    with serving(tmp_path / "data", "--store", server.url) as service:
        poll(service.ready)
        assert service.stop() == 0
    assert server.counts() == {"meanwhile": 1}


def test_a_server_that_is_away_at_the_start_ends_it(server: ClickHouse, tmp_path: Path) -> None:
    server.kill()
    with pytest.raises(AssertionError, match="cannot be reached: connection refused"):
        serving(tmp_path / "data", "--store", server.url).__enter__()


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    server: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT", 1)
    assert server.process
    with Store.open(server.url) as store:
        server.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreAwayError, match="timed out"):
            store.judged_traces([("shop", "0" * 32)])
        server.process.send_signal(signal.SIGCONT)
        assert store.judged_traces([("shop", "0" * 32)]) == set()


def test_what_the_store_refuses_for_its_value_is_set_aside_and_the_rest_goes_on(
    server: ClickHouse, tmp_path: Path
) -> None:
    refusing = Trouble(500, 321, "Value 'poison' is out of range", inserts_only=True, with_value="poison")
    data_dir = tmp_path / "data"
    names = [f"good {number}" for number in range(9)]
    with serving(data_dir, "--store", server.url) as service:
        poll(service.ready)
        address = service.stated["otlp_http"]
        server.trouble(READONLY)  # so that they are one batch
        assert post(address, request_of(1, "first"))[0] == 200
        poll(lambda: counted(service, AWAY) >= 1)
        for name in [*names[:4], "poison", *names[4:]]:
            assert post(address, request_of(1, name))[0] == 200
        server.trouble(refusing)
        poll(lambda: counted(service, STORED) == 10)
        assert counted(service, 'sentric_pipeline_failed_total{what="request"}') == 1
        assert service.ready()
        assert service.stop() == 0
        assert "out of range" not in service.errors()
    (kept,) = (data_dir / "set-aside").iterdir()
    assert kept.read_bytes() == request_of(1, "poison")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert server.counts() == dict.fromkeys(["first", *names], 1)


def test_a_server_is_asked_about_as_many_traces_as_come_due_at_once(server: ClickHouse) -> None:
    with Store.open(server.url) as store:
        asked = [(f"project {number % 7}", f"{number:032x}") for number in range(20_000)]
        assert store.judged_traces(asked) == set()
        assert store.earlier_runs(Run(project="shop", run_id="r" * 500_000, conversation="c" * 500_000), 3) == []
