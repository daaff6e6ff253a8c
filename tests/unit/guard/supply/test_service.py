"""The policy of a service: only what it has stated, whole, never an older one; and what it gave last."""

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sentric.errors import PolicyError, SentricError
from sentric.guard.supply.service import POLL, FromService
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.control.signing import Signer
from support.serving import poll
from support.supplying import BROKEN, SIGNER, decided, pack, rules, stated

pytestmark = pytest.mark.usefixtures("by_hand")
Told = Callable[[], list[str]]
AWAY = SentricError("http://service:1 does not answer: look whether the service runs")
RUN = 5
"""Decisions of one engine."""
OTHER = Signer(bytes([1]) * 32)


@dataclass
class Service:
    """What the service answers next, and what it was asked."""

    answer: tuple[str, bytes | None] | SentricError = AWAY
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, etag: str) -> tuple[str, bytes | None]:
        self.asked.append(etag)
        if isinstance(self.answer, SentricError):
            raise self.answer
        return self.answer

    def gives(self, body: bytes, etag: str = '"1"') -> None:
        self.answer = etag, body


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture(params=["", SIGNER.public_key], ids=["unsigned", "signed"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return observing(tmp_path, mode="enforce", policy_key=request.param)


def observing(tmp_path: Path, **more: Any) -> Settings:
    stated: dict[str, Any] = {"url": "http://service:1", "project": "shop", "guard_dir": str(tmp_path / "guard")}
    return Settings(**{**stated, **more})


def kept(settings: Settings) -> Path:
    (path,) = Path(settings.guard_dir).iterdir()
    return path


def asked(source: FromService) -> FromService:
    source.step()
    return source


def refused(source: FromService) -> str:
    with pytest.raises(PolicyError) as caught:
        source.current()
    return str(caught.value)


def test_the_policy_of_the_service_is_in_force_until_it_gives_another(
    settings: Settings, service: Service, told: Told
) -> None:
    service.gives(stated(pack("one")))
    source = FromService(settings, service)
    first = asked(source).current()
    service.answer = ('"1"', None)
    assert asked(source).current() is first
    service.gives(stated(pack("two"), number=2), '"2"')
    second = asked(source).current()
    assert (decided(first), decided(second)) == (("one", first.digest), ("two", second.digest))
    service.gives(stated(pack("two"), number=3), '"3"')  # put in force again
    assert asked(source).current() is second
    assert source.step() == POLL
    assert service.asked == ["", '"1"', '"1"', '"2"', '"3"']
    assert told() == []


def test_while_it_does_not_answer_the_policy_stays(settings: Settings, service: Service, told: Told) -> None:
    service.gives(stated(pack("one")))
    source = FromService(settings, service)
    first = asked(source).current()
    service.answer = AWAY
    for _ in range(3):
        assert source.step() < POLL
        assert source.current() is first
    (line,) = told()
    assert line == f"sentric: the policy stays as it was, because the service has given no other: {AWAY}"
    service.answer = ('"1"', None)
    asked(source)
    service.answer = AWAY
    asked(source)
    assert told() == [line]


def with_(document: bytes, **changes: object) -> bytes:
    return json.dumps({**json.loads(document), **changes}).encode()


ONE, TWO = stated(pack("one"), number=5), stated(pack("two"), number=6)
DIGEST = json.loads(ONE)["digest"]
REFUSED = {
    "of another project": (stated(pack("two"), project="bank", number=6), "is of project 'bank', not of 'shop'"),
    "an older one": (stated(pack("two"), number=4), "an older one: activation 4, and 5 is known already: "),
    "broken": (stated(BROKEN, number=6, digest=DIGEST), "policy.yaml:6: "),
    "of another digest": (stated(pack("two"), number=6, digest=DIGEST), "was altered, or the service runs another"),
    "no JSON": (b"<html>", "the policy that was sent is no JSON"),
    "nothing": (b"", "the policy that was sent is no JSON"),
    "no text": (b'"\xff"', "the policy that was sent is no JSON"),
    "deep": (b"[" * 100_000, "the policy that was sent is no JSON"),
    "a long number": (b"1" * 10_000, "the policy that was sent is no JSON"),
    "no object": (b"[]", "the policy that was sent is no object"),
    "an error": (b'{"detail": "x"}', "lacks, or has besides"),
    "a number that is none": (with_(TWO, number=True), "no usable 'number'"),
}
ALTERED = {
    "a text": (with_(TWO, documents={"policy.yaml": pack("three")}), "signature does not hold"),
    "a number": (with_(TWO, number=7), "signature does not hold"),
    "no signature": (with_(TWO, signature=""), "signature does not hold"),
    "of another": (stated(pack("two"), number=6, signer=OTHER), "signed with another key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_and_said_once(
    name: str, settings: Settings, service: Service, told: Told
) -> None:
    body, why = REFUSED[name]
    service.gives(ONE)
    source = FromService(settings, service)
    first = asked(source).current()
    service.gives(body, '"2"')
    for _ in range(3):
        assert asked(source).current() is first
    (line,) = told()
    assert why in line
    assert "\n" not in line
    assert service.asked[-1] == '"1"'
    assert kept(settings).read_bytes() == ONE
    service.gives(TWO)
    assert rules(asked(source).current()) == ["two"]


@pytest.mark.parametrize("name", ALTERED)
def test_with_a_key_what_was_altered_or_is_not_signed_is_refused(
    name: str, tmp_path: Path, service: Service, told: Told
) -> None:
    body, why = ALTERED[name]
    service.gives(body)
    source = FromService(observing(tmp_path, mode="enforce", policy_key=SIGNER.public_key), service)
    assert why in refused(asked(source))
    assert not (tmp_path / "guard").exists()
    shipped = FromService(observing(tmp_path, policy_key=SIGNER.public_key), service)
    assert asked(shipped).current() is load_policy()
    assert [why in line for line in told()] == [True, True]


def test_what_was_given_last_is_used_at_a_start_while_the_service_is_away(
    settings: Settings, service: Service, told: Told
) -> None:
    service.gives(ONE)
    first = asked(FromService(settings, service)).current()
    path = kept(settings)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    service.answer = AWAY
    source = FromService(settings, service)
    assert asked(source).current().digest == first.digest
    assert told() == [f"sentric: the policy stays as it was, because the service has given no other: {AWAY}"]
    assert service.asked[-1] == ""  # whoever can write the file has no say in what the service sends
    service.gives(stated(pack("two"), number=4))
    assert rules(asked(source).current()) == ["one"]
    assert "an older one: activation 4, and 5 is known" in told()[0]
    service.gives(TWO)
    assert rules(asked(source).current()) == ["two"]
    assert kept(settings).read_bytes() == TWO


def test_a_kept_one_is_for_its_service_and_its_project(settings: Settings, service: Service, told: Told) -> None:
    service.gives(ONE)
    asked(FromService(settings, service))
    for other in (replace(settings, url="http://other:1"), replace(settings, project="bank")):
        source = FromService(other, Service())
        assert "does not answer" in refused(asked(source))
    moved = replace(settings, project="bank")
    service.gives(stated(pack("two"), project="bank"))
    asked(FromService(moved, service))
    theirs, mine = sorted(Path(settings.guard_dir).iterdir(), key=lambda path: path.read_bytes() == ONE)
    mine.replace(theirs)
    told()
    assert "does not answer" in refused(asked(FromService(moved, Service())))
    assert "is of project 'shop', not of 'bank'" in told()[0]


@pytest.mark.parametrize(
    "content", [body for body, _ in [*ALTERED.values(), REFUSED["broken"], REFUSED["of another digest"]]]
)
def test_a_kept_one_that_was_altered_is_not_used(content: bytes, tmp_path: Path, service: Service, told: Told) -> None:
    settings = observing(tmp_path, mode="enforce", policy_key=SIGNER.public_key)
    service.gives(ONE)
    asked(FromService(settings, service))
    kept(settings).write_bytes(content)
    service.answer = AWAY
    source = FromService(settings, service)
    assert "does not answer" in refused(asked(source))
    assert told()[0].startswith(f"sentric: the last good policy, {kept(settings)}, is not used: ")
    service.gives(ONE)
    assert rules(asked(source).current()) == ["one"]
    assert kept(settings).read_bytes() == ONE


def test_without_a_key_a_kept_one_must_be_what_its_digest_says(tmp_path: Path, service: Service, told: Told) -> None:
    settings = observing(tmp_path)
    service.gives(ONE)
    asked(FromService(settings, service))
    kept(settings).write_bytes(with_(ONE, documents={"policy.yaml": pack("three")}))
    assert FromService(settings, Service()).current() is load_policy()
    assert "was altered" in told()[0]


def test_what_stands_in_the_place_of_the_kept_one_hurts_nobody(tmp_path: Path, service: Service, told: Told) -> None:
    settings = observing(tmp_path)
    service.gives(ONE)
    asked(FromService(settings, service))
    path = kept(settings)
    path.unlink()
    os.mkfifo(path)
    source = FromService(settings, service)
    assert source.current() is load_policy()
    assert "is not used: it is no file" in told()[0]
    assert rules(asked(source).current()) == ["one"]
    path.chmod(0o622)
    assert FromService(settings, service).current() is load_policy()
    assert "is not used: others can write to it" in told()[0]
    path.unlink()
    path.mkdir()
    assert rules(asked(FromService(settings, service)).current()) == ["one"]
    assert "Is a directory" in told()[0]


def test_a_directory_that_cannot_be_written_is_said_once(tmp_path: Path, service: Service, told: Told) -> None:
    service.gives(ONE)
    source = FromService(observing(tmp_path, mode="enforce", guard_dir="/proc/none"), service)
    assert rules(asked(source).current()) == ["one"]
    (line,) = told()
    assert line.startswith("sentric: the policy could not be kept for the next start: /proc/none/policy-")
    assert line.endswith(": name another SENTRIC_GUARD_DIR")


def test_where_nobody_is_at_home_nothing_is_kept(
    tmp_path: Path, service: Service, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    service.gives(ONE)
    assert rules(asked(FromService(observing(tmp_path), service)).current()) == ["one"]
    assert [line.count("there is no home directory") for line in told()] == [1]


def test_a_write_that_fails_leaves_what_was_there(
    settings: Settings, service: Service, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.gives(ONE)
    source = FromService(settings, service)
    asked(source)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        service.gives(TWO)
        assert rules(asked(source).current()) == ["two"]
    assert kept(settings).read_bytes() == ONE
    assert "No space left on device" in told()[0]


def test_a_newer_one_that_another_process_has_kept_stays(settings: Settings, service: Service) -> None:
    service.gives(ONE)
    slow = FromService(settings, service)
    newer = Service()
    newer.gives(TWO)
    asked(FromService(settings, newer))
    assert rules(asked(slow).current()) == ["one"]
    assert kept(settings).read_bytes() == TWO


def test_where_there_is_nothing_an_observed_agent_is_judged_by_the_shipped_rules_meanwhile(
    tmp_path: Path, service: Service, told: Told
) -> None:
    source = FromService(observing(tmp_path), service)
    assert source.current() is load_policy()
    assert told() == []
    for _ in range(3):
        assert asked(source).current() is load_policy()
    assert told() == [f"sentric: the shipped rules are used, because the service has given no policy: {AWAY}"]
    service.gives(ONE)
    assert rules(asked(source).current()) == ["one"]


def test_where_there_is_nothing_an_enforced_agent_may_do_nothing_until_there_is(
    settings: Settings, service: Service, told: Told
) -> None:
    source = FromService(settings, service)
    assert refused(asked(source)) == f"there is no policy of the service to decide by: {AWAY}"
    assert told() == [f"sentric: actions are refused, because the service has given no policy: {AWAY}"]
    service.gives(ONE)
    assert rules(asked(source).current()) == ["one"]


def test_a_key_that_is_none_gives_no_policy(tmp_path: Path, service: Service) -> None:
    service.gives(ONE)
    source = FromService(observing(tmp_path, mode="enforce", policy_key="none"), service)
    assert "policy_key is 'none': give the public_key of GET /v1/policies/key" in refused(asked(source))


def test_where_signatures_cannot_be_checked_there_is_no_policy(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cryptography", "cryptography.hazmat.primitives.asymmetric.ed25519"):
        monkeypatch.setitem(sys.modules, name, None)
    service.gives(ONE)
    source = FromService(observing(tmp_path, mode="enforce", policy_key=SIGNER.public_key), service)
    assert "cryptography is not installed: pip install 'sentric[guard]'" in refused(asked(source))
    assert rules(asked(FromService(observing(tmp_path, mode="enforce"), service)).current()) == ["one"]


def test_loopback_is_allowed_where_the_agent_says_so(tmp_path: Path, service: Service) -> None:
    service.gives(ONE)
    assert FromService(observing(tmp_path, allow_loopback=True), service).current().tuning.allow_loopback
    policy = asked(FromService(observing(tmp_path, allow_loopback=True), service)).current()
    assert (rules(policy), policy.tuning.allow_loopback) == (["one"], True)


def test_failures_without_end_are_not_told_without_end(tmp_path: Path, service: Service, told: Told) -> None:
    source = FromService(observing(tmp_path), service)
    for number in range(100):
        service.answer = SentricError(f"failure {number}")
        source.step()
    assert len(told()) == 16


def test_every_verdict_names_one_policy_that_was_whole_while_they_are_exchanged(
    tmp_path: Path, service: Service
) -> None:
    bodies = [stated(pack("one")), stated(BROKEN, digest=DIGEST), stated(pack("two")), b"{}"]
    service.gives(bodies[0])
    source = FromService(observing(tmp_path, mode="enforce"), service)
    expected = {decided(asked(source).current())}
    service.gives(bodies[2])
    expected.add(decided(asked(source).current()))
    seen: list[tuple[str, str]] = []
    started = threading.Barrier(5)

    def decide() -> None:
        started.wait(60)
        for _ in range(500):
            seen.append(decided(source.current(), RUN))  # noqa: PERF401  # the other threads go by how many there are

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait(60)
    for change in range(40):
        poll(lambda change=change: len(seen) > 50 * change)  # type: ignore[misc]
        service.gives(bodies[change % 4])
        source.step()
    for thread in threads:
        thread.join(60)
    assert len(seen) * RUN == 10_000
    assert set(seen) == expected
    assert {name for name, _ in seen} == {"one", "two"}
