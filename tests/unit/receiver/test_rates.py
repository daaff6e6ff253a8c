from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.receiver.rates import Buckets


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=4, clock=clock)
    for _ in range(4):
        assert buckets.wait("a") == 0
        buckets.take("a")
    assert buckets.wait("a") == 0.5
    assert buckets.wait("b") == 0
    clock.now += 0.5
    assert buckets.wait("a") == 0


def test_what_was_taken_beyond_what_there_was_is_waited_for() -> None:
    buckets = Buckets(rate=10, burst=10, clock=Clock())
    buckets.take("a", 110)
    assert buckets.wait("a") == 10.1


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 50)), max_size=50))
def test_nobody_gets_more_than_burst_and_rate_allow(steps: list[tuple[float, int]]) -> None:
    clock, taken = Clock(), 0
    buckets = Buckets(rate=3, burst=20, clock=clock)
    for seconds, count in steps:
        clock.now += seconds
        if not buckets.wait("a"):
            buckets.take("a", count)
            taken += count
    assert taken <= 20 + 3 * (clock.now - 100) + 50


def test_only_so_many_names_are_remembered_those_used_last() -> None:
    buckets = Buckets(rate=1, burst=1, clock=Clock(), most_names=3)
    for name in "abcab":
        buckets.take(name)
    buckets.take("d")
    assert len(buckets) == 3
    assert [name for name in "abcd" if buckets.wait(name)] == ["a", "b", "d"]
