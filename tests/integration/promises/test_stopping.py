"""SIGTERM ends the service in the time it gives itself, whatever waits; nothing is left behind, and nothing is lost."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sentric_analyzer.log.inspection import inspect_log
from support.load import post, request_of, sending, stored
from support.serving import ENDS_WITHIN, SENTRIC, poll, serving

SPANS_EACH = 1_000


@pytest.mark.parametrize("requests", [10, pytest.param(200, marks=pytest.mark.soak)])
def test_a_backlog_is_left_in_the_log(requests: int, tmp_path: Path) -> None:
    data_dir, sent = tmp_path / "data", 0
    while not sent or not inspect_log(data_dir / "log").waiting_records:  # a quick machine has the first ones in hand
        with serving(data_dir) as service:
            poll(service.ready, 300)
            service.process.send_signal(signal.SIGSTOP)
            for number in range(sent, sent + requests):
                names = [f"{number}/{part}" for part in range(SPANS_EACH)]
                assert post(service.stated["otlp_http"], request_of(number + 1, *names))[0] == 200
            service.process.send_signal(signal.SIGTERM)  # which it finds when it goes on
            status, taken = service.end(signal.SIGCONT)
            assert (status, taken < ENDS_WITHIN) == (0, True)
        sent, requests = sent + requests, 3 * requests
    with serving(data_dir) as service:
        poll(service.ready, 300)
        assert service.stop() == 0
    kept = stored(data_dir)
    assert len(kept) == sent * SPANS_EACH
    assert set(kept.values()) == {1}


def test_what_has_begun_is_answered_and_idle_connections_hold_nothing_up(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        with sending(service.stated["otlp_http"]) as senders:
            poll(lambda: len(senders.acknowledged) > 100)
            status, taken = service.end()
            ports = ["--otlp-http", service.stated["otlp_http"]]
            with serving(tmp_path / "data", *ports) as again:  # the senders go on there
                senders.stop()
                assert again.stop() == 0
        assert (status, taken < ENDS_WITHIN) == (0, True)
    with serving(tmp_path / "data") as service:  # what was left in the log is stored before this is ready
        poll(service.ready)
        assert service.stop() == 0
    kept = stored(tmp_path / "data")
    assert set(senders.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_whole_group_may_be_signalled(number: int, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        service.receiver().send_signal(number)
        status, taken = service.end(number)
        assert (status, taken < ENDS_WITHIN) == (0, True)
        assert service.process.stderr
        assert service.process.stderr.read() == ""


@pytest.mark.parametrize("after", [0.2, 0.6, 1.0])
def test_a_start_can_be_stopped(after: float, tmp_path: Path) -> None:
    command = [SENTRIC, "serve", "--data-dir", tmp_path / "data"]
    free = [part for name in ("--otlp-grpc", "--otlp-http", "--http") for part in (name, "127.0.0.1:0")]
    with subprocess.Popen([*command, *free], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        poll(lambda: "serve" in " ".join(psutil.Process(process.pid).cmdline()))
        time.sleep(after)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert time.monotonic() - begun < ENDS_WITHIN


def test_a_killed_service_leaves_no_receiver(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        receiver = service.receiver()
        service.kill()
        poll(lambda: not receiver.is_running() or receiver.status() == psutil.STATUS_ZOMBIE)


def test_the_receiver_has_only_what_it_needs() -> None:
    program = "import sys, sentric_analyzer.receiver.process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split()
    heavy = {"chdb", "clickhouse_connect", "pyarrow", "fastapi", "sqlalchemy", "pydantic", "uvicorn", "re2", "yaml"}
    assert not heavy & set(loaded)


def test_a_receiver_that_died_is_there_again_on_the_same_ports(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        former = service.receiver()
        former.kill()
        poll(lambda: 'sentric_process_deaths_total{process="receiver"} 1.0' in service.text("/metrics"))

        def answers() -> bool:
            try:
                return post(service.stated["otlp_http"], request_of(1, "a"))[0] == 200
            except OSError:
                return False

        poll(answers)
        assert service.receiver().pid != former.pid
        assert service.receiver().memory_info().rss < 100 << 20
        poll(lambda: 'sentric_pipeline_stored_total{what="spans"} 1.0' in service.text("/metrics"))
        assert service.stop() == 0
    assert stored(tmp_path / "data") == {"a": 1}
