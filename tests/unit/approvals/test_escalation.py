"""Whatever happens, each step has its turn once and in time, and nobody is told anything after the end."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.approvals.configuration import Step
from sentric_analyzer.approvals.escalation import TELLING_SECONDS, Move, ends, next_move
from sentric_analyzer.control.approval import Answer, Approval, Said, State, answered, cancelled, late
from sentric_analyzer.control.attempt import OPEN, WAITING, Attempt, AttemptState

EXPIRES = 300.0
PENDING = Approval(
    approval_id="a",
    project="shop",
    agent_id="clerk",
    state=State.PENDING,
    tier="high",
    needed=1,
    binding="",
    requester="key:k",
    key_id="k",
    created=0.0,
    expires=EXPIRES,
    request={},
)


@dataclass
class World:
    """An approval, its attempts and the time; the moves are made as the dispatcher makes them."""

    steps: tuple[Step, ...]
    approval: Approval = PENDING
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    now: float = 0.0
    told: list[tuple[int, State]] = field(default_factory=list[tuple[int, State]])
    move: Move = field(default_factory=Move)

    def settle(self) -> None:
        for _ in range(2 * len(self.steps) + 3):
            if self.approval.is_late(self.now):
                self.approval = late(self.approval)
            self.move = next_move(self.approval, self.attempts, self.steps, self.now)
            for attempt in self.move.overdue:
                self.put(attempt.step, AttemptState.UNANSWERED)
            for attempt in self.move.withdraw:
                self.put(attempt.step, AttemptState.WITHDRAWN)
            if self.move.begin is None:
                return
            self.begin(self.move.begin)
        raise AssertionError("there is always another move")

    def begin(self, number: int) -> None:
        assert number == len(self.attempts), "a step is left out, or has its turn twice"
        wait = self.steps[number].wait
        due = EXPIRES if wait is None else min(self.now + wait, EXPIRES)
        self.told.append((number, self.approval.state))
        self.attempts.append(
            Attempt(
                attempt_id=str(number),
                approval_id="a",
                step=number,
                channel="chat",
                person=str(number),
                state=AttemptState.BEGUN,
                created=self.now,
                due=due,
            )
        )

    def put(self, step: int, state: AttemptState) -> None:
        self.attempts[step] = replace(self.attempts[step], state=state)

    def pass_time(self, seconds: float) -> None:
        """Time passes; the dispatcher wakes whenever it said that it must."""
        end = self.now + seconds
        while self.move.again is not None and self.now < self.move.again <= end:
            self.now = self.move.again
            self.settle()
        if self.now < EXPIRES <= end:
            self.now = EXPIRES  # the sweep notes it, and the feed tells
            self.settle()
        self.now = end
        self.settle()

    def happen(self, what: str, step: int) -> None:
        attempt = self.attempts[step % len(self.attempts)] if self.attempts else None
        if attempt is None:
            return
        match what:
            case "sent" if attempt.state is AttemptState.BEGUN:
                self.put(attempt.step, AttemptState.SENT)
                return  # nobody is woken by that
            case "reached" if attempt.state in (AttemptState.BEGUN, AttemptState.SENT):
                self.put(attempt.step, AttemptState.REACHED)
                return
            case "failed" if attempt.state in OPEN:
                self.put(attempt.step, AttemptState.FAILED)
            case "approve" | "deny" if attempt.state in OPEN and self.approval.state is State.PENDING:
                said = Answer(f"person:{attempt.person}", Said(what), self.now)
                self.approval = answered(self.approval, said, use_seconds=300.0)
                self.put(attempt.step, AttemptState.ANSWERED)
            case "elsewhere" if self.approval.state is State.PENDING:
                self.approval = answered(self.approval, Answer("person:x", Said.DENY, self.now), use_seconds=300.0)
            case "cancel" if self.approval.is_open:
                self.approval = cancelled(self.approval, self.now)
            case _:
                return
        self.settle()

    def check(self) -> None:
        assert all(state is State.PENDING for _, state in self.told), "somebody was told after the end"
        waiting = [attempt for attempt in self.attempts if attempt.state in WAITING]
        if self.approval.state is State.PENDING:
            assert self.now < EXPIRES, "silence is a denial"
            assert all(self.now < ends(attempt) for attempt in waiting), "the next step is delayed"
            assert waiting or len(self.attempts) == len(self.steps), "nobody has the turn, and somebody could"
            if waiting:
                assert self.move.again is not None
                assert self.move.again <= min(map(ends, waiting)), "nobody looks in time"
        else:
            assert not any(attempt.state in OPEN for attempt in self.attempts), "somebody is still asked"
            assert self.move.again is None


EVENTS = st.one_of(
    st.tuples(
        st.sampled_from(["sent", "reached", "failed", "approve", "deny", "elsewhere", "cancel"]), st.integers(0, 5)
    ),
    st.tuples(st.just("time"), st.integers(1, 120)),
)


@given(waits=st.lists(st.integers(1, 90), max_size=4), needed=st.integers(1, 2), events=st.lists(EVENTS, max_size=25))
def test_whatever_happens(waits: list[int], needed: int, events: list[tuple[str, int]]) -> None:
    steps = (*(Step("chat", float(wait)) for wait in waits), Step("chat", None))
    world = World(steps, replace(PENDING, needed=needed))
    world.settle()
    world.check()
    for what, number in events:
        if what == "time":
            world.pass_time(number)
        else:
            world.happen(what, number)
        world.check()
    world.pass_time(EXPIRES)
    world.check()
    if not world.approval.answers and world.approval.state is not State.CANCELLED:
        assert world.approval.state is State.EXPIRED


def test_a_channel_that_tells_nothing_does_not_keep_the_turn() -> None:
    world = World((Step("chat", 200.0), Step("mail", None)))
    world.settle()
    assert world.move.again == TELLING_SECONDS
    world.pass_time(TELLING_SECONDS)
    assert [attempt.state for attempt in world.attempts] == [AttemptState.UNANSWERED, AttemptState.BEGUN]


def test_the_first_of_two_people_hands_the_turn_on() -> None:
    world = World((Step("chat", 200.0), Step("mail", None)), replace(PENDING, needed=2))
    world.settle()
    world.happen("sent", 0)
    world.happen("approve", 0)
    assert [attempt.state for attempt in world.attempts] == [AttemptState.ANSWERED, AttemptState.BEGUN]


def test_who_was_asked_before_can_still_answer_and_the_others_are_withdrawn() -> None:
    world = World((Step("phone", 10.0), Step("mail", None)))
    world.settle()
    world.happen("sent", 0)
    world.pass_time(10)
    world.happen("sent", 1)
    world.happen("approve", 0)
    assert world.approval.state is State.APPROVED
    assert [attempt.state for attempt in world.attempts] == [AttemptState.ANSWERED, AttemptState.WITHDRAWN]


def test_without_a_route_nobody_is_asked() -> None:
    assert next_move(PENDING, [], (), 0.0) == Move()
