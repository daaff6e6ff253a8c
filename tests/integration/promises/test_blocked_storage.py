"""Storage that stands still: requests are taken in up to a bound, then refused, and nothing grows or is lost."""

import signal
import time
from pathlib import Path

from sentric_analyzer.receiver.intake import _PATIENCE
from support.load import counted, post, request_of, stored
from support.serving import poll, serving

STORED = 'sentric_pipeline_stored_total{what="spans"}'
BACKLOG = 2 << 20


def test_blocked_storage_is_a_bounded_backlog_and_then_refusals(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    accepted: list[str] = []
    with serving(data_dir, SENTRIC_LOG_BACKLOG=str(BACKLOG)) as service:
        poll(service.ready)
        address, receiver = service.stated["otlp_http"], service.receiver()
        assert post(address, request_of(1, "warm", padding=20_000))[0] == 200
        poll(lambda: counted(service, STORED) == 1)
        before = receiver.memory_info().rss
        service.process.send_signal(signal.SIGSTOP)
        slowest = 0.0
        try:
            for number in range(300):
                begun = time.monotonic()
                status, retry = post(address, request_of(1, f"{number}", padding=20_000))
                slowest = max(slowest, time.monotonic() - begun)
                accepted += [f"{number}"] if status == 200 else []
            assert (status, retry) == (503, "1")
        finally:
            service.process.send_signal(signal.SIGCONT)
        assert BACKLOG // 20_000 * 0.9 < len(accepted) < BACKLOG // 20_000 * 1.2
        assert slowest < _PATIENCE
        assert receiver.memory_info().rss - before < 16 << 20
        poll(lambda: post(address, request_of(1, "after"))[0] == 200)
        poll(lambda: counted(service, STORED) == len(accepted) + 2)
        assert counted(service, 'sentric_receiver_refused_total{reason="busy"}') >= 300 - len(accepted)
        assert service.stop() == 0
    assert stored(data_dir) == dict.fromkeys([*accepted, "warm", "after"], 1)
