"""What was acknowledged is stored, once, whatever is killed and whenever."""

import random
import time
from pathlib import Path

import pytest

from sentric_analyzer.log.inspection import inspect_log
from support.load import Senders, sending, stored
from support.serving import Serving, poll, serving


def ports_of(service: Serving) -> list[str]:
    return ["--otlp-http", service.stated["otlp_http"], "--otlp-grpc", service.stated["otlp_grpc"]]


def under_load(senders: Senders, chance: random.Random) -> None:
    """Wait until much has been acknowledged lately, and then for any moment."""
    before = len(senders.acknowledged)
    poll(lambda: len(senders.acknowledged) > before + 500)
    time.sleep(chance.random() * 0.3)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_no_acknowledged_span_is_lost_or_doubled_when_the_service_is_killed(kills: int, tmp_path: Path) -> None:
    chance = random.Random(kills)
    data_dir = tmp_path / "data"
    with serving(data_dir) as service:
        ports, address = ports_of(service), service.stated["otlp_http"]
        poll(service.ready)
        with sending(address) as senders:
            under_load(senders, chance)
            service.kill()
            for _ in range(kills - 1):
                with serving(data_dir, *ports) as again:
                    under_load(senders, chance)
                    again.kill()
            with serving(data_dir, *ports) as last:
                under_load(senders, chance)
                senders.stop()
                last.kill()
    before = inspect_log(data_dir / "log")
    with serving(data_dir, *ports) as service:
        poll(service.ready)
        assert inspect_log(data_dir / "log").committed >= before.end  # all is replayed before it is ready
        assert service.stop() == 0
    kept = stored(data_dir)
    assert before.damage == []
    assert set(senders.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
    assert senders.again >= kills


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_nor_when_its_receiver_is_killed_and_comes_back_by_itself(kills: int, tmp_path: Path) -> None:
    chance = random.Random(kills)
    data_dir = tmp_path / "data"
    with serving(data_dir) as service:
        poll(service.ready)
        with sending(service.stated["otlp_http"]) as senders:
            for _ in range(kills):
                under_load(senders, chance)
                service.receiver().kill()
            under_load(senders, chance)
        assert service.stop() == 0
    with serving(data_dir) as service:
        poll(service.ready)
        assert service.stop() == 0
    kept = stored(data_dir)
    assert set(senders.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
    assert senders.again >= kills
