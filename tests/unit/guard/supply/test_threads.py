"""Sources whose own threads do their steps."""

from pathlib import Path
from threading import Event, Thread

import pytest

from sentric.errors import PolicyError
from sentric.guard.supply.file import FromFile
from sentric.guard.supply.service import FromService
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from support.serving import poll
from support.supplying import BROKEN, decided, pack, rules, stated


def test_a_thread_looks_for_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric.guard.supply.file._EVERY", 0.01)
    path = tmp_path / "ours.yaml"
    path.write_text(pack("one"))
    source = FromFile(path)
    first = source.current()
    path.write_text(BROKEN)
    path.write_text(pack("two"))
    poll(lambda: source.current() is not first)
    second = source.current()
    assert (decided(first), decided(second)) == (("one", first.digest), ("two", second.digest))


class Hanging:
    """A service that answers when it is told to."""

    def __init__(self, body: bytes) -> None:
        self.body, self.asked, self.answers = body, 0, Event()

    def __call__(self, etag: str) -> tuple[str, bytes | None]:
        self.asked += 1
        assert self.answers.wait(60)
        return "", self.body


def settings(tmp_path: Path, mode: str, seconds: float) -> Settings:
    return Settings(
        mode=mode, url="http://service:1", project="shop", guard_dir=str(tmp_path / "guard"), decide_timeout=seconds
    )


def test_the_first_decision_waits_for_the_service(tmp_path: Path) -> None:
    service = Hanging(stated(pack("one")))
    source = FromService(settings(tmp_path, "enforce", 60), service)
    found: list[tuple[str, str]] = []
    threads = [Thread(target=lambda: found.append(decided(source.current()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    poll(lambda: service.asked == 1)
    assert found == []
    service.answers.set()
    for thread in threads:
        thread.join(60)
    assert [name for name, _ in found] == ["one"] * 4
    assert service.asked == 1


def test_it_waits_no_longer_than_it_may_and_the_service_may_come_back(tmp_path: Path) -> None:
    service = Hanging(stated(pack("one")))
    source = FromService(settings(tmp_path, "enforce", 0.05), service)
    for _ in range(2):
        with pytest.raises(PolicyError, match=r"http://service:1 has not answered within 0\.05 s: look whether"):
            source.current()
    service.answers.set()

    def recovered() -> bool:
        try:
            return rules(source.current()) == ["one"]
        except PolicyError:
            return False

    poll(recovered)
    poll(lambda: list((tmp_path / "guard").glob("*.json")))
    again = FromService(settings(tmp_path, "enforce", 0.05), hanging := Hanging(b""))
    assert rules(again.current()) == ["one"]
    hanging.answers.set()


def test_an_observed_agent_never_waits_for_it(tmp_path: Path) -> None:
    service = Hanging(stated(pack("one")))
    source = FromService(settings(tmp_path, "observe", 60), service)
    assert source.current() is load_policy()
    service.answers.set()
    poll(lambda: rules(source.current()) == ["one"])


def test_it_is_asked_at_once_when_the_policy_is_said_to_have_changed(tmp_path: Path) -> None:
    service = Hanging(stated(pack("one")))
    service.answers.set()
    source = FromService(settings(tmp_path, "enforce", 60), service)
    assert rules(source.current()) == ["one"]
    service.body = stated(pack("two"), number=2)
    source.told()
    poll(lambda: rules(source.current()) == ["two"], 10)
