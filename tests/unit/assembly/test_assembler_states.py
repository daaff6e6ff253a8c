"""Whatever comes, in whatever order, by whatever clock: nothing is lost, nothing is given twice, bounds hold."""

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fixtures.spans import span as any_span
from sentric_analyzer.assembly import Assembler, Reason, Released
from sentric_analyzer.assembly.assembler import SPAN_OVERHEAD
from sentric_analyzer.spans import Span

GRACE, IDLE, MAX_AGE = 2.0, 10.0, 25.0
MAX_TRACE, MAX_BYTES, REMEMBERED = 4 * SPAN_OVERHEAD, 10 * SPAN_OVERHEAD, 3

PROJECTS = st.sampled_from(["shop", "bank"])
TRACES = st.integers(1, 5)


class AssemblerMachine(RuleBasedStateMachine):
    """Feeds an assembler, and keeps beside it what it should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.latest = float("-inf")
        self.numbers = 0
        self.given: dict[tuple[str, str], Counter[str]] = {}
        self.held: dict[tuple[str, str], dict[str, float]] = {}
        self.past: set[tuple[str, str]] = set()
        self.duplicates = 0
        self.reasons: Counter[Reason] = Counter()
        self.assembler = Assembler(
            grace=GRACE,
            idle=IDLE,
            max_age=MAX_AGE,
            max_trace_bytes=MAX_TRACE,
            max_bytes=MAX_BYTES,
            clock=self._clock,
            remembered=REMEMBERED,
        )

    @rule(
        project=PROJECTS,
        spans=st.lists(st.tuples(TRACES, st.booleans(), st.integers(0, 3000)), min_size=1, max_size=6),
    )
    def send(self, project: str, spans: list[tuple[int, bool, int]]) -> None:
        self._add(project, [self._span(*about) for about in spans])

    @rule(project=PROJECTS, trace=TRACES, size=st.integers(0, 3000))
    def send_the_same_again(self, project: str, trace: int, size: int) -> None:
        made = self._span(trace, False, size)
        known = self.held.get((project, made.trace_id))
        if not known:
            return
        before = self.assembler.duplicates
        self.assembler.add(project, [replace(made, span_id=next(iter(known)))])
        self.duplicates += 1
        assert self.assembler.duplicates == before + 1

    @rule(step=st.integers(-30, 30))
    def time_goes_on_or_back(self, step: int) -> None:
        self.now += step

    @rule()
    def take_what_is_due(self) -> None:
        self._take(self.assembler.due())
        due = self.assembler.next_due()
        assert (due is None) == (not self.held)
        assert due is None or due > self.latest

    @rule()
    def wait_until_something_is_due(self) -> None:
        due = self.assembler.next_due()
        if due is None:
            return
        self.now = due
        released = self.assembler.due()
        assert released
        self._take(released)

    @rule()
    def stop(self) -> None:
        self._take(self.assembler.flush())
        assert not self.held
        assert (len(self.assembler), self.assembler.size) == (0, 0)

    @invariant()
    def bounds_hold(self) -> None:
        assert self.assembler.size <= MAX_BYTES
        assert self.assembler.released == self.reasons or self.assembler.next_due() is not None

    def teardown(self) -> None:
        self.stop()
        assert all(count == 1 for spans in self.given.values() for count in spans.values())
        assert sum(len(spans) for spans in self.given.values()) == self.numbers
        assert self.assembler.released == self.reasons

    def _clock(self) -> float:
        self.latest = max(self.latest, self.now)
        return self.now

    def _span(self, trace: int, root: bool, size: int) -> Span:
        return replace(any_span(self.numbers, trace=trace), parent_span_id="" if root else "f" * 16, size=size)

    def _add(self, project: str, spans: list[Span]) -> None:
        numbered = []
        for one in spans:
            numbered.append(replace(one, span_id=f"{self.numbers:016x}"))
            self.numbers += 1
        self.assembler.add(project, numbered)
        for one in numbered:
            self.held.setdefault((project, one.trace_id), {})[one.span_id] = self.latest
        # What had to give way at once is no longer held; it is taken here so that the model stays exact.
        self._take(self.assembler.due())

    def _take(self, released: list[Released]) -> None:
        for one in released:
            key = (one.project, one.trace_id)
            assert one.spans
            assert all(span.trace_id == one.trace_id for span in one.spans)
            held = self.held[key]
            for span in one.spans:
                self.given.setdefault(key, Counter())[span.span_id] += 1
                arrived = held.pop(span.span_id)
                if one.reason in (Reason.COMPLETE, Reason.IDLE):
                    assert self.latest - arrived >= min(GRACE, IDLE)
            if not held:
                del self.held[key]
            assert not one.reopened or key in self.past
            self.past.add(key)
            self.reasons[one.reason] += 1


TestAssembler = AssemblerMachine.TestCase
TestAssembler.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
