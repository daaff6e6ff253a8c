"""The processes that judge, as the service holds them: they die, and nothing that waits for them is lost."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from sentric.policy.rule import Policy
from sentric_analyzer.declaration import Value
from sentric_analyzer.detection import Judged, Judges, Setup, judges
from sentric_analyzer.policies import Active, ActivePolicies
from sentric_analyzer.spans import RawOrigin, RawSpan
from support.serving import poll


class Bench:
    """One judge whose process is that of `support.children.judge`, and what came of its traces."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.deaths: Counter[Value] = Counter()
        self.done: list[Judged] = []
        nothing = cast("Any", None)  # it asks nothing
        policies = ActivePolicies(Active(Policy(())))
        self.judges = Judges(1, cast("Setup", directory), policies, nothing, self._count, self.done.append)

    def _count(self, _: str, value: Value, amount: int) -> None:
        self.deaths[value] += amount

    def submit(self, *traces: str, size: int = 0) -> list[int]:
        spans = [RawSpan(RawOrigin(b"", "", b"", ""), bytes(size))]
        return [self.judges.submit("shop", trace, spans, left_out=0, together="one") for trace in traces]

    def judged(self, *, failed: bool = False) -> list[int]:
        return sorted(number for one in self.done if bool(one.failed) is failed for number in one.numbers)

    def seen(self) -> Counter[str]:
        """How often each trace was begun with."""
        return Counter((self.directory / "seen").read_text().split())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(judges, "_TARGET", "support.children:judge")
    with stopping(Bench(tmp_path)) as one:
        yield one


@contextmanager
def stopping(bench: Bench) -> Iterator[Bench]:
    try:
        yield bench
    finally:
        bench.judges.stop()


def test_a_judge_that_cannot_start_is_waited_for_and_said(bench: Bench) -> None:
    (bench.directory / "broken").touch()
    numbers = bench.submit("a", "b")
    poll(lambda: bench.deaths["judge"] >= 3)
    assert bench.judges.failure == "the policy was changed: put it back"
    assert bench.judges.waiting == 2
    (bench.directory / "broken").unlink()
    poll(lambda: bench.judged() == numbers)
    poll(lambda: bench.judges.waiting == 0)
    assert bench.judges.failure == ""


def test_only_the_trace_that_a_judge_dies_of_is_given_up(bench: Bench) -> None:
    names = [f"{number}" for number in range(40)]
    names[5] = names[20] = "deadly"
    numbers = bench.submit(*names)
    poll(lambda: bench.judges.waiting == 0)
    assert bench.judged(failed=True) == [numbers[5], numbers[20]]
    assert bench.judged() == [number for number in numbers if number not in (numbers[5], numbers[20])]
    assert bench.seen()["deadly"] <= 4
    poll(lambda: bench.judges.failure == "")
    assert bench.deaths["judge"] <= 4


def test_a_judge_that_keeps_dying_is_said_until_it_judges(bench: Bench) -> None:
    bench.submit("deadly", "deadly")
    poll(lambda: bench.judges.failure == "the judge 1 was killed by signal 9")
    poll(lambda: bench.judges.waiting == 0)
    assert len(bench.judged(failed=True)) == 2
    (number,) = bench.submit("good")
    poll(lambda: bench.judged() == [number])
    assert bench.judges.failure == ""


def test_judges_stop_while_they_cannot_start(bench: Bench) -> None:
    (bench.directory / "broken").touch()
    bench.submit("a")
    poll(lambda: bench.deaths["judge"] >= 1)
    bench.judges.stop()
    assert bench.done == []


def test_large_traces_and_large_answers_never_wait_for_each_other(bench: Bench) -> None:
    numbers = bench.submit(*["large"] * 64, size=100_000)
    poll(lambda: bench.judged() == numbers)
    assert not bench.deaths


def test_few_of_large_traces_are_judged_together(bench: Bench) -> None:
    numbers = bench.submit(*"abcdefgh", size=3 << 20)
    poll(lambda: bench.judged() == numbers)
    assert max(len(one.numbers) for one in bench.done) == 2


def test_a_trace_that_a_judge_hangs_in_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "_PATIENCE", 10.0)  # a process may need some of them to start
    numbers = bench.submit("1", "stopped", "2", size=100_000)
    numbers += bench.submit(*map(str, range(3, 40)), size=100_000)
    poll(lambda: bench.judges.waiting == 0)
    assert bench.judged(failed=True) == [numbers[1]]
    assert bench.judged() == [numbers[0], *numbers[2:]]
    assert bench.deaths["judge"] == bench.seen()["stopped"] == 2
    assert bench.judges.failure == ""


def test_judges_stop_at_once_while_one_hangs(bench: Bench) -> None:
    bench.submit("stopped")
    bench.submit(*map(str, range(64)), size=100_000)
    poll((bench.directory / "seen").exists)
    begun = time.monotonic()
    bench.judges.stop()
    assert time.monotonic() - begun < judges._PATIENCE / 10
    assert bench.done == []
