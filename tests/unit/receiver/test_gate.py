from dataclasses import dataclass

import pytest

from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.control.keyring import digest
from sentric_analyzer.receiver.gate import Gate, Rates, Sender, network_of
from sentric_analyzer.receiver.refusal import Reason, Refusal

HERE, THERE = "192.0.2.1", "192.0.2.2"


def ring(**grants: Grant) -> KeyRing:
    return KeyRing({digest(key): grant for key, grant in grants.items()})


GRANTS = {
    "good": Grant("key-1", (), frozenset({Scope.INGEST})),
    "admin": Grant("key-2", (), frozenset({Scope.ADMIN})),
    "reader": Grant("key-3", (), frozenset({Scope.READ, Scope.DECIDE, Scope.APPROVE})),
    "bound": Grant("key-4", ("shop", "office"), frozenset({Scope.INGEST})),
    "old": Grant("key-5", (), frozenset({Scope.INGEST}), expires=1000.0),
}


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def gate_with(rates: Rates | None = None, *, now: float = 2000.0, clock: Clock | None = None) -> Gate:
    return Gate(ring(**GRANTS), rates or Rates(), clock=clock or Clock(), now=lambda: now)


def refusal_of(gate: Gate, authorization: str | None, address: str = HERE, *, required: bool = True) -> Refusal:
    with pytest.raises(Refusal) as caught:
        gate.admit(authorization, address, required=required)
    return caught.value


@pytest.mark.parametrize(
    ("presented", "sender"),
    [
        ("Bearer good", Sender("key-1")),
        ("bearer  good ", Sender("key-1")),
        ("Bearer admin", Sender("key-2")),
        ("Bearer bound", Sender("key-4", ("shop", "office"))),
    ],
)
def test_a_key_says_who_sends_and_for_which_projects(presented: str, sender: Sender) -> None:
    assert gate_with().admit(presented, HERE, required=True) == sender


@pytest.mark.parametrize("presented", ["", "good", "Basic good", "Bearer", "Bearer bad", "Bearer old", "Bearer \xff\0"])
@pytest.mark.parametrize("required", [True, False])
def test_a_key_that_is_presented_must_be_valid(presented: str, required: bool) -> None:
    refusal = refusal_of(gate_with(), presented, required=required)
    assert (refusal.reason, refusal.answer.status, refusal.answer.code) == (Reason.UNAUTHENTICATED, 401, 16)


def test_a_key_is_valid_until_it_expires() -> None:
    assert gate_with(now=999.0).admit("Bearer old", HERE, required=True).name == "key-5"


def test_a_key_for_something_else_may_not_send() -> None:
    refusal = refusal_of(gate_with(), "Bearer reader")
    assert (refusal.reason, refusal.answer.status, refusal.answer.code) == (Reason.FORBIDDEN, 403, 7)


def test_no_key_is_fine_only_where_none_is_needed() -> None:
    assert gate_with().admit(None, HERE, required=False) == Sender(HERE)
    assert refusal_of(gate_with(), None).reason is Reason.UNAUTHENTICATED


def test_what_is_presented_is_never_told() -> None:
    gate = gate_with()
    assert all("canary" not in str(refusal_of(gate, "Bearer canary-key")) for _ in range(30))


def test_keys_change_for_the_next_request() -> None:
    gate = gate_with()
    gate.set_keys(ring(new=GRANTS["good"]))
    assert gate.admit("Bearer new", HERE, required=True).name == "key-1"
    assert refusal_of(gate, "Bearer good").reason is Reason.UNAUTHENTICATED


def test_who_guesses_keys_must_wait_and_locks_nobody_out() -> None:
    clock = Clock()
    gate = gate_with(clock=clock)
    reasons = [refusal_of(gate, f"Bearer {number}").reason for number in range(1000)]
    assert reasons == [Reason.UNAUTHENTICATED] * 10 + [Reason.ATTEMPTS] * 990
    assert gate.admit("Bearer good", HERE, required=True).name == "key-1"
    assert refusal_of(gate, "Bearer x", THERE).reason is Reason.UNAUTHENTICATED
    told = refusal_of(gate, "Bearer x")
    assert (told.answer.status, told.answer.code, told.retry_seconds) == (429, 8, 6)
    clock.seconds += told.retry_seconds
    assert refusal_of(gate, "Bearer x").reason is Reason.UNAUTHENTICATED


def test_a_key_too_long_to_be_one_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(KeyRing, "find", never)
    assert refusal_of(gate_with(), f"Bearer {'x' * 300}").reason is Reason.UNAUTHENTICATED


def test_requests_are_limited_for_each_key_and_for_each_address_without_one() -> None:
    gate = gate_with(Rates(requests=1))
    for presented, address in (("Bearer good", HERE), ("Bearer admin", HERE), (None, HERE), (None, THERE)):
        for _ in range(10):
            gate.admit(presented, address, required=False)
        refusal = refusal_of(gate, presented, address, required=False)
        assert (refusal.reason, refusal.answer.status, refusal.retry_seconds) == (Reason.RATE, 429, 1)
    assert refusal_of(gate, "Bearer good", THERE).reason is Reason.RATE


def test_bytes_are_limited_too_and_the_wait_is_as_long_as_it_takes() -> None:
    clock = Clock()
    gate = gate_with(Rates(bytes=100), clock=clock)
    gate.charge(gate.admit("Bearer good", HERE, required=True), 2000)
    refusal = refusal_of(gate, "Bearer good")
    assert (refusal.reason, refusal.retry_seconds) == (Reason.RATE, 11)
    clock.seconds += 11
    gate.admit("Bearer good", HERE, required=True)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize("presented", ["Bearer good", "Bearer bad"])
def test_while_the_keys_are_not_known_senders_are_told_to_try_again(presented: str) -> None:
    gate = Gate(None, Rates())
    for authorization, required in ((presented, False), (None, True)):
        with pytest.raises(Refusal) as refused:
            gate.admit(authorization, HERE, required=required)
        assert refused.value.reason is Reason.UNAVAILABLE
    assert gate.admit(None, HERE, required=False) == Sender(HERE)
