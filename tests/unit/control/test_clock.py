import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.control.clock import SteadyClock


class Sources:
    """Clocks that a test moves."""

    def __init__(self) -> None:
        self.wall, self.passed = 1_800_000_000.0, 5.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.passed)

    def after(self, seconds: float, jump: float = 0.0) -> float:
        self.passed += seconds
        self.wall += seconds + jump
        return self.clock()


def test_it_follows_the_wall_clock_forward() -> None:
    sources = Sources()
    assert sources.after(1.0) == 1_800_000_001.0
    assert sources.after(1.0, jump=3600.0) == 1_800_003_602.0


def test_it_goes_on_when_the_wall_clock_is_set_back_and_follows_it_again_once_that_is_ahead() -> None:
    sources = Sources()
    assert sources.after(1.0, jump=-3600.0) == 1_800_000_001.0
    assert sources.after(2.5) == 1_800_000_003.5
    assert sources.after(0.0, jump=3600.0) == 1_800_000_003.5
    assert sources.after(0.0, jump=1.0) == 1_800_000_004.5


def test_what_is_too_little_for_a_float_is_not_lost() -> None:
    sources = Sources()
    sources.after(0.0, jump=-60.0)
    for _ in range(10_000):
        sources.after(1e-7)
    assert sources.clock() == pytest.approx(1_800_000_000.001, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1e5) | st.floats(0, 1e-6), st.just(0.0) | st.floats(-1e6, 1e6)), max_size=30))
def test_it_never_goes_back_nor_stands_still_nor_is_behind_the_wall_clock(moves: list[tuple[float, float]]) -> None:
    sources = Sources()
    latest = sources.clock()
    for seconds, jump in moves:
        now = sources.after(seconds, jump)
        assert now >= max(latest, sources.wall)
        assert now - latest >= seconds - 1e-6
        assert now in (sources.wall, pytest.approx(latest + seconds, abs=1e-6))
        latest = now


def test_threads_see_one_time() -> None:
    clock = SteadyClock()
    latest = [time.time()]

    def ask(_: int) -> bool:
        before = latest[-1]
        now = clock()
        latest.append(now)
        return now >= before

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, range(2000)))
    one = [clock() for _ in range(1000)]
    assert all(earlier <= later for earlier, later in pairwise(one))
