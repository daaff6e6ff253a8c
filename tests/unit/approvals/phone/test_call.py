"""A call: an approval only ever follows what somebody pressed or said who had heard the question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from sentric_analyzer.approvals.phone import words
from sentric_analyzer.approvals.phone.call import (
    MOST_QUESTIONS,
    MOST_SILENCES,
    Answered,
    Call,
    Command,
    Detected,
    Event,
    Failed,
    Found,
    Gather,
    Gathered,
    Gathering,
    Give,
    HangUp,
    Heard,
    HungUp,
    Kept,
    Listen,
    Replied,
    Reply,
    Report,
    Speak,
    Spoken,
    Stage,
    Withdrawn,
    step,
)
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.attempt import AttemptState

SUMMARY = "Sentric asks. The agent shop wants to pay 900 euros."


@dataclass
class Acted:
    """A call that is acted out, with all that it has had done."""

    call: Call = field(default_factory=lambda: Call(SUMMARY))
    done: list[Command] = field(default_factory=list[Command])

    def __call__(self, *events: Event) -> "Acted":
        for event in events:
            self.call, commands = step(self.call, event)
            self.done += commands
        return self

    def heard_out(self) -> "Acted":
        """What is said comes to its end."""
        return self(Spoken(self.call.turn, is_whole=True))

    def presses(self, keys: str, how: Gathering = Gathering.VALID) -> "Acted":
        return self(Gathered(self.call.turn, how, keys))

    def says(self, text: str, confidence: float | None = 0.9) -> "Acted":
        return self(Heard(self.call.turn, text, confidence))

    def is_silent(self) -> "Acted":
        return self.presses("", Gathering.TIMEOUT)

    @property
    def given(self) -> list[Said]:
        return [command.said for command in self.done if isinstance(command, Give)]

    @property
    def reports(self) -> list[AttemptState]:
        return [command.state for command in self.done if isinstance(command, Report)]

    @property
    def spoken(self) -> list[str]:
        return [command.text for command in self.done if isinstance(command, Speak)]


def picked_up(found: Found = Found.HUMAN) -> Acted:
    return Acted()(Answered(), Detected(found))


def deciding() -> Acted:
    """Somebody has asked a question, and was told the answer to its end."""
    acted = picked_up().heard_out().presses("2").heard_out().says("what is it for")
    return acted(Replied(acted.call.turn, "A model says: shoes.")).heard_out()


def test_one_approves() -> None:
    acted = picked_up().heard_out().presses("1")

    assert acted.spoken == [f"{SUMMARY} {words.MENU}"]
    assert acted.given == [Said.APPROVE]
    acted(Kept(acted.call.turn, "It is approved.")).heard_out()
    assert acted.done[-1] == HangUp()
    assert acted.call.stage is Stage.ENDED
    assert acted.reports == [AttemptState.REACHED]


def test_nine_denies() -> None:
    assert picked_up().heard_out().presses("9").given == [Said.DENY]


def test_two_asks_and_the_answer_is_followed_by_a_decision() -> None:
    acted = picked_up().heard_out().presses("2")
    assert acted.spoken[-1] == words.ASK
    acted.heard_out()
    assert [type(command) for command in acted.done[-2:]] == [Listen, Gather]
    acted.says("What is it for?")
    assert acted.done[-1] == Reply("What is it for?")
    acted(Replied(acted.call.turn, "Shoes."))
    assert acted.spoken[-1] == f"Shoes. {words.CONFIRM}"
    assert acted.heard_out().says("yes").given == [Said.APPROVE]


def test_a_spoken_no_denies() -> None:
    assert deciding().says("No.").given == [Said.DENY]


def test_a_key_decides_after_a_question_too() -> None:
    assert deciding().presses("1").given == [Said.APPROVE]


def test_a_yes_in_a_question_is_a_question() -> None:
    acted = picked_up().heard_out().presses("2").heard_out().says("yes")

    assert acted.given == []
    assert acted.done[-1] == Reply("yes")


def test_a_yes_before_any_question_was_asked_is_nothing() -> None:
    acted = picked_up().heard_out().says("yes")

    assert (acted.given, acted.call.stage) == ([], Stage.CHOOSING)


def test_what_is_said_while_we_speak_is_nothing() -> None:
    acted = picked_up().heard_out().presses("2").heard_out().says("why")
    acted(Replied(acted.call.turn, "Say yes."))

    assert acted.says("yes").given == []
    assert acted.presses("1").given == []


def test_an_unclear_answer_is_asked_about_again() -> None:
    acted = deciding().says("yes but what does it cost")

    assert acted.given == []
    assert acted.spoken[-1] == f"{words.NOT_UNDERSTOOD} {words.CONFIRM}"
    assert acted.heard_out().says("no").given == [Said.DENY]


def test_a_key_before_the_question_was_heard_to_its_end_is_nothing() -> None:
    acted = picked_up().presses("1")

    assert (acted.given, acted.call.is_speaking) == ([], True)


def test_a_question_that_was_broken_off_was_not_heard() -> None:
    acted = picked_up()
    acted(Spoken(acted.call.turn, is_whole=False))

    assert acted.presses("1").given == []


def test_a_key_of_an_earlier_turn_is_nothing() -> None:
    acted = picked_up().heard_out()
    turn = acted.call.turn
    acted.is_silent().heard_out()

    assert acted(Gathered(turn, Gathering.VALID, "1")).given == []
    assert acted.presses("1").given == [Said.APPROVE]


def test_silence_is_asked_again_and_then_unanswered() -> None:
    acted = picked_up()
    for _ in range(MOST_SILENCES):
        acted.heard_out().is_silent()
    assert acted.spoken == [f"{SUMMARY} {words.MENU}"] * (1 + MOST_SILENCES)
    acted.heard_out().is_silent()

    assert acted.spoken[-1] == words.NOBODY
    assert acted.reports == [AttemptState.REACHED, AttemptState.UNANSWERED]
    acted.heard_out()
    assert acted.presses("1").given == []
    assert acted.done[-1] == HangUp()


def test_other_keys_are_like_silence() -> None:
    for keys, how in (("5", Gathering.VALID), ("1", Gathering.INVALID), ("11", Gathering.VALID), ("", Gathering.VALID)):
        acted = picked_up().heard_out().presses(keys, how)
        assert (acted.given, acted.call.silences) == ([], 1)


def test_questions_have_an_end() -> None:
    acted = deciding()
    for _ in range(MOST_QUESTIONS - 1):
        acted.presses("2").heard_out().says("why")
        acted(Replied(acted.call.turn, "So.")).heard_out()
    acted.presses("2")

    assert acted.spoken[-1] == f"{words.NO_MORE_QUESTIONS} {words.CONFIRM}"
    assert acted.heard_out().presses("9").given == [Said.DENY]


def test_a_machine_is_hung_up_on_and_told_nothing() -> None:
    acted = picked_up(Found.MACHINE)

    assert acted.spoken == []
    assert acted.reports == [AttemptState.UNANSWERED]
    assert acted.done[-1] == HangUp()
    assert acted.heard_out().presses("1").given == []


def test_what_may_be_a_machine_is_told_nothing_before_it_presses_a_key() -> None:
    acted = picked_up(Found.NOT_SURE)
    assert acted.spoken == [words.PROVE]
    assert acted.reports == []
    assert acted.heard_out().presses("1").given == []
    acted.heard_out().presses("5")
    assert acted.spoken[-1] == f"{SUMMARY} {words.MENU}"
    assert acted.heard_out().presses("1").given == [Said.APPROVE]


def test_a_machine_that_is_found_late_ends_the_call() -> None:
    acted = picked_up().heard_out()(Detected(Found.MACHINE))

    assert acted.call.stage is Stage.ENDED
    assert acted.presses("1").given == []


def test_answering_and_its_detection_come_in_either_order() -> None:
    assert Acted()(Detected(Found.HUMAN), Answered()).spoken == picked_up().spoken


def test_who_is_not_reached_is_told_apart() -> None:
    def reported(cause: str) -> Command:
        return Acted()(HungUp(cause)).done[0]

    assert reported("user_busy") == Report(AttemptState.UNANSWERED, "the line is busy")
    assert reported("timeout") == Report(AttemptState.UNANSWERED, "nobody picked up")
    assert reported("not_found") == Report(AttemptState.FAILED, "there is no such number")
    assert reported("…") == Report(AttemptState.UNANSWERED, "the call ended before anybody picked up")
    assert picked_up()(HungUp("normal_clearing")).reports[-1] == AttemptState.UNANSWERED


def test_hanging_up_after_the_answer_takes_nothing_back() -> None:
    acted = picked_up().heard_out().presses("1")(HungUp("normal_clearing"))

    assert (acted.given, acted.reports) == ([Said.APPROVE], [AttemptState.REACHED])


def test_a_command_that_fails_ends_the_call() -> None:
    acted = picked_up()(Failed("Telnyx answers with status 500"))

    assert acted.done[-2:] == [Report(AttemptState.FAILED, "Telnyx answers with status 500"), HangUp()]
    assert acted.heard_out().presses("1").given == []


def test_nobody_answers_what_was_withdrawn() -> None:
    acted = picked_up().heard_out()(Withdrawn())

    assert acted.done[-1] == HangUp()
    assert acted.presses("1").given == []


def test_who_picks_up_after_the_call_was_given_up_is_hung_up_on() -> None:
    acted = Acted()(Withdrawn())
    acted.done.clear()

    assert acted(Answered()).done == [HangUp()]


TURNS = st.integers(0, 12)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.just(Answered()),
    st.builds(Detected, st.sampled_from(Found)),
    st.builds(Spoken, TURNS, st.booleans()),
    st.builds(Gathered, TURNS, st.sampled_from(Gathering), st.sampled_from(["", "1", "2", "5", "9", "#", "11", "x"])),
    st.builds(Heard, TURNS, st.sampled_from(["yes", "no", "yes or no", "why", " ", ""]), st.none() | st.floats()),
    st.builds(HungUp, st.text(max_size=5)),
    st.builds(Replied, TURNS, st.text(max_size=5)),
    st.builds(Kept, TURNS, st.text(max_size=5)),
    st.builds(Failed, st.text(max_size=5)),
    st.just(Withdrawn()),
)
STORY = ("heard out", "2", "heard out", "why", "replied", "heard out")
"""What leads to a decision after a question, once somebody has picked up."""
WORDS = (*STORY, "heard out", "broken off", "1", "1", "9", "2", "5", "#", "silence", "yes", "yes", "no", "why", "kept")
Likely: TypeAlias = tuple[str, int]
"""What fits, and of which turn it is, counted from the present one."""
OF_NOW = st.tuples(st.sampled_from(WORDS), st.just(0))
OF_ANOTHER_TURN = st.tuples(st.sampled_from(WORDS), st.integers(-3, 1))


def acted_out(events: Sequence[Event | Likely]) -> list[tuple[Call, Event, Call, tuple[Command, ...]]]:
    """Every step of a call in which this happens."""
    call, steps = Call(SUMMARY), []
    for stated in events:
        event = _event(stated[0], call.turn + stated[1]) if isinstance(stated, tuple) else stated
        after, commands = step(call, event)
        steps.append((call, event, after, commands))
        call = after
    return steps


def _event(stated: str, turn: int) -> Event:
    match stated:
        case "heard out" | "broken off":
            return Spoken(turn, is_whole=stated == "heard out")
        case "silence":
            return Gathered(turn, Gathering.TIMEOUT, "")
        case "yes" | "no" | "why":
            return Heard(turn, stated, 0.9)
        case "replied":
            return Replied(turn, "So.")
        case "kept":
            return Kept(turn, "Kept.")
        case keys:
            return Gathered(turn, Gathering.VALID, keys)


@st.composite
def runs(draw: st.DrawFn) -> list[Event | Likely]:
    """A call that goes as far as it should, and then anyhow."""
    found = draw(st.sampled_from(Found) | st.just(Found.HUMAN))
    begun: list[Event | Likely] = [Answered(), Detected(found)]
    begun += [(word, 0) for word in STORY]
    events = begun[: draw(st.sampled_from(range(len(begun) + 1)))]
    for _ in range(draw(st.integers(3, 15))):
        kind = draw(st.sampled_from([OF_NOW] * 12 + [OF_ANOTHER_TURN] * 5 + [EVENTS]))
        events.append(draw(kind))
    return events


RUNS = runs()


@given(RUNS)
@settings(max_examples=500)
def test_only_who_has_heard_the_question_answers_it_and_once(events: list[Event | Likely]) -> None:
    steps = acted_out(events)
    gave = [number for number, (*_, commands) in enumerate(steps) if any(isinstance(one, Give) for one in commands)]

    assert len(gave) <= 1
    for number in gave:
        before, event, _, commands = steps[number]
        (said,) = (one.said for one in commands if isinstance(one, Give))
        past = [event for _, event, _, _ in steps[:number]]
        assert Answered() in past
        assert Detected(Found.MACHINE) not in past
        assert any(isinstance(one, Detected) for one in past)
        assert not any(isinstance(one, HungUp | Withdrawn | Failed) for one in past)
        read = [call for call, one, *_ in steps[:number] if one == Spoken(call.turn, is_whole=True)]
        assert any(call.stage is Stage.CHOOSING and call.is_speaking for call in read)
        assert before.turn == event.turn  # type: ignore[union-attr]  # else it would have none
        assert not before.is_speaking
        match event:
            case Gathered(_, Gathering.VALID, keys):
                assert before.stage in (Stage.CHOOSING, Stage.DECIDING)
                assert keys == {Said.APPROVE: "1", Said.DENY: "9"}[said]
            case Heard(_, transcript):
                assert before.stage is Stage.DECIDING
                assert transcript == {Said.APPROVE: "yes", Said.DENY: "no"}[said]
            case _:
                raise AssertionError(event)


@given(RUNS)
@settings(max_examples=200)
def test_what_comes_twice_has_no_further_effect(events: list[Event | Likely]) -> None:
    once = acted_out(events)
    call = Call(SUMMARY)
    for _, event, after, _ in once:
        call, _ = step(call, event)
        again, commands = step(call, event)
        if not isinstance(event, Answered) or call.stage is not Stage.ENDED:
            assert not any(isinstance(one, Give | Reply | Report) for one in commands)
        assert (again.stage, again.turn, again.silences, again.questions) == (
            after.stage,
            after.turn,
            after.silences,
            after.questions,
        )


@given(RUNS)
@settings(max_examples=200)
def test_a_call_has_an_end(events: list[Event | Likely]) -> None:
    steps = acted_out(events)

    assert all(after.turn <= 3 + MOST_SILENCES + 3 * MOST_QUESTIONS for *_, after, _ in steps)
    reports = [one.state for *_, commands in steps for one in commands if isinstance(one, Report)]
    assert reports.count(AttemptState.REACHED) <= 1
    assert len(reports) <= 2
    ended = [commands for before, _, _, commands in steps if before.stage is Stage.ENDED]
    assert all(commands in ((), (HangUp(),)) for commands in ended)
