"""Whether work grows with its input, and no faster. No test knows how fast the machine is."""

import gc
import time
from collections.abc import Callable

TIMES = 8
"""How much larger the larger input is. Quadratic work then costs 64 times as much."""
MOST = 24
"""How many times as much it may cost: memory gets slower as it gets larger, and machines are not quiet."""


def cost(work: Callable[[], object]) -> float:
    """Seconds of processor time, without those of collecting what others left behind."""
    gc.collect(0)
    gc.disable()
    started = time.process_time()
    try:
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def assert_linear(prepare: Callable[[int], Callable[[], object]], size: int) -> None:
    """Check that work takes time in proportion to its input, or less.

    Args:
        prepare: given a size, gives the work to be measured on an input of that size.
        size: of the smaller input.
    """
    small, large = cost(prepare(size)), cost(prepare(TIMES * size))
    floor = cost(lambda: [str(number) for number in range(size // 8)])  # less is too little to be measured against
    assert large < MOST * max(small, floor), f"{large:.3f} s for {TIMES} times what takes {max(small, floor):.3f} s"


def repeated(bait: str, size: int) -> str:
    """A text of some length that is nothing but one part again and again."""
    return (bait * (size // len(bait) + 1))[:size]
