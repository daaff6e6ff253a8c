import pytest

from sentric_analyzer.api import failures
from sentric_analyzer.api.failures import FORGOTTEN_AFTER, FREE, LONGEST_WAIT, Failures


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def try_often(tried: Failures, address: str, times: int) -> list[float]:
    return [tried.add(address) for _ in range(times)]


def test_the_first_wrong_keys_cost_nothing_and_then_each_costs_more(clock: Clock) -> None:
    tried = Failures(clock)
    assert try_often(tried, "192.0.2.1", FREE) == [0.0] * FREE

    waits = []
    for _ in range(9):
        waits.append(tried.add("192.0.2.1"))
        clock.now += waits[-1]
        assert tried.add("192.0.2.1") == 0.0
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


def test_trying_while_it_must_wait_makes_the_wait_no_longer(clock: Clock) -> None:
    tried = Failures(clock)
    try_often(tried, "192.0.2.1", FREE)
    assert try_often(tried, "192.0.2.1", 50) == [1.0] * 50
    clock.now += 0.75
    assert tried.add("192.0.2.1") == 0.25


def test_other_addresses_do_not_wait(clock: Clock) -> None:
    tried = Failures(clock)
    try_often(tried, "192.0.2.1", FREE + 1)
    assert tried.add("192.0.2.2") == 0.0


def test_the_addresses_of_one_network_are_one(clock: Clock) -> None:
    tried = Failures(clock)
    for number in range(FREE):
        assert tried.add(f"2001:db8::{number:x}") == 0.0
    assert tried.add("2001:db8::ffff:1") > 0
    assert tried.add("2001:db8:0:1::1") == 0.0
    try_often(tried, "::ffff:192.0.2.1", FREE)
    assert tried.add("192.0.2.1") > 0
    assert tried.add("::ffff:192.0.2.2") == 0.0


def test_who_was_quiet_for_long_is_as_good_as_new(clock: Clock) -> None:
    tried = Failures(clock)
    try_often(tried, "192.0.2.1", FREE + 1)
    clock.now += FORGOTTEN_AFTER
    assert try_often(tried, "192.0.2.1", FREE) == [0.0] * FREE


def test_it_remembers_so_many_addresses_and_no_more(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "MOST_ADDRESSES", 3)
    tried = Failures(clock)
    for number in range(10):
        try_often(tried, f"192.0.2.{number}", FREE)
    assert len(tried) == 3
    assert tried.add("192.0.2.9") > 0
    assert tried.add("192.0.2.0") == 0.0


def test_what_is_no_address_is_one_all_the_same(clock: Clock) -> None:
    tried = Failures(clock)
    try_often(tried, "", FREE)
    assert tried.add("") > 0
    assert tried.add("fe80::1%eth0") == 0.0
