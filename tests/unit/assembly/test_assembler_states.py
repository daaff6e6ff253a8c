"""Whatever comes, in whatever order, by whatever clock: nothing is lost, nothing waits too long, bounds hold."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sentric_analyzer.assembly import Assembler, Reason, Released, Times
from sentric_analyzer.assembly.assembler import SPAN_OVERHEAD, TRACE_OVERHEAD
from sentric_analyzer.assembly.trace import Key
from sentric_analyzer.spans import Arrival, RawOrigin, RawSpan, Relation

TIMES = Times(grace=2.0, idle=10.0, checkpoint=7.0, max_age=25.0)
MAX_TRACE, MAX_BYTES, REMEMBERED = 3_000, 8 * TRACE_OVERHEAD, 3
ORIGIN = RawOrigin(b"", "", b"", "")

PROJECTS = st.sampled_from(["shop", "bank"])
TRACES = st.integers(1, 5)


class AssemblerMachine(RuleBasedStateMachine):
    """Feeds an assembler, and keeps beside it what was not yet judged."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.latest = float("-inf")
        self.numbers = 0
        self.marked: set[Key] = set()
        self.unjudged: dict[Key, dict[str, float]] = {}
        self.stored: set[Key] = set()
        self.reasons: Counter[Reason] = Counter()
        self.assembler = Assembler(
            TIMES,
            max_trace_bytes=MAX_TRACE,
            max_bytes=MAX_BYTES,
            clock=self._clock,
            remembered=REMEMBERED,
        )

    @rule(
        project=PROJECTS,
        trace=TRACES,
        spans=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 1500)), min_size=1, max_size=4),
    )
    def send(self, project: str, trace: int, spans: list[tuple[bool, bool, int]]) -> None:
        for root, marked, size in spans:
            self.numbers += 1
            arrival = Arrival(project, str(trace), str(self.numbers), "" if root else "f", marked)
            self._add(arrival, size)

    @rule(project=PROJECTS, trace=TRACES)
    def take_up(self, project: str, trace: int) -> None:
        self.assembler.take_up(project, str(trace), spans=3, rooted=True)
        key = (project, str(trace))
        self.marked.add(key)
        self.stored.add(key)
        self.unjudged.setdefault(key, {})["taken up"] = self.latest
        self._take(self.assembler.due())

    @rule(project=PROJECTS, trace=TRACES)
    def find_more_in_the_store(self, project: str, trace: int) -> None:
        self.assembler.read_back(project, str(trace))
        self.stored.add((project, str(trace)))

    @rule(step=st.integers(-30, 30))
    def time_goes_on_or_back(self, step: int) -> None:
        self.now += step

    @rule()
    def take_what_is_due(self) -> None:
        self._take(self.assembler.due())
        due = self.assembler.next_due()
        assert (due is None) == (len(self.assembler) == 0)
        assert due is None or due > self.latest
        for key in self.marked & self.unjudged.keys():
            # Quiet for so long, and not judged again for so long: whichever is later.
            last = max(self.unjudged[key].values())
            assert self.latest - last < TIMES.idle + TIMES.max_age, key

    @rule()
    def wait_until_something_is_due(self) -> None:
        due = self.assembler.next_due()
        if due is None:
            return
        self.now, before = max(self.now, due), self.assembler.released.total()
        self._take(self.assembler.due())
        assert self.assembler.released.total() > before

    @rule()
    def stop(self) -> None:
        self._take(self.assembler.due())
        while (due := self.assembler.next_due()) is not None:
            self.now = due
            self._take(self.assembler.due())
        assert not self.marked & self.unjudged.keys()
        assert (len(self.assembler), self.assembler.size) == (0, 0)

    @invariant()
    def bounds_hold(self) -> None:
        assert 0 <= self.assembler.size <= MAX_BYTES
        assert len(self.assembler._past) <= REMEMBERED

    def teardown(self) -> None:
        self.stop()

    def _clock(self) -> float:
        self.latest = max(self.latest, self.now)
        return self.now

    def _add(self, arrival: Arrival, size: int) -> None:
        key = (arrival.project, arrival.trace_id)
        piece = RawSpan(ORIGIN, arrival.span_id.encode()) if arrival.marked else Relation(arrival.span_id, "")
        self.assembler.add(arrival, piece, size)
        if arrival.marked:
            self.marked.add(key)
        if arrival.marked or key in self.unjudged:
            self.unjudged.setdefault(key, {})[arrival.span_id] = self.latest
        # What had to give way at once is no longer held; it is taken here so that the model stays exact.
        self._take(self.assembler.due())

    def _take(self, released: list[Released]) -> None:
        for one in released:
            key = (one.project, one.trace_id)
            assert key in self.marked
            waiting = self.unjudged.pop(key, {})  # empty: a span without a mark, after the trace was judged
            if one.reopened:
                assert one.spans == ()
                continue
            given = {
                piece.body.decode() if isinstance(piece, RawSpan) else piece.span_id for piece in map(_sent, one.spans)
            }
            assert waiting.keys() - {"taken up"} <= given, "what is not in the store alone is given whole"
            if one.reason in (Reason.COMPLETE, Reason.IDLE):
                assert self.latest - max(waiting.values(), default=0.0) >= TIMES.grace


def _sent(piece: object) -> RawSpan | Relation:
    assert isinstance(piece, RawSpan | Relation)
    return piece


TestAssembler = AssemblerMachine.TestCase
TestAssembler.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
assert SPAN_OVERHEAD < MAX_TRACE
