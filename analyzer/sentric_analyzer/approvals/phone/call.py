"""One phone call, as states: what happened goes in, what is to be done comes out. Pure.

    dialled ── somebody picked up ──> choosing ── key 2 ──> asking ── a question ──> thinking ── its answer ──> deciding
       │── perhaps a machine ─> proving ── key 5 ──> choosing          deciding ── key 2 ──> asking
    choosing, deciding ── key 1 or 9; when deciding, also yes or no ──> giving ── it is kept ──> closing ──> ended

From everywhere it ends: a machine, hanging up, silence too often, a command that failed, an answer of somebody else.

Whatever is asked is first said to its end, and only then listened to: nobody answers what they have not heard, and
nothing that we say ourselves comes back from a loudspeaker as their answer. Every turn has a number that each event of
it carries: what was pressed or said in an earlier one is no answer to the present one.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from sentric_analyzer.approvals.phone import words
from sentric_analyzer.approvals.phone.words import Meant, meant
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.attempt import AttemptState

MOST_SILENCES = 3
"""Times in a call that something is said again, because nothing came that could be used."""
MOST_QUESTIONS = 5
"""Questions that are answered in a call."""
KEY_SECONDS, QUESTION_SECONDS = 10.0, 20.0
"""Seconds for which a key, and a question, is waited for."""


class Stage(StrEnum):
    """Where a call stands."""

    DIALLED = "dialled"
    PROVING = "proving"
    CHOOSING = "choosing"
    ASKING = "asking"
    THINKING = "thinking"
    DECIDING = "deciding"
    GIVING = "giving"
    CLOSING = "closing"
    ENDED = "ended"


class Found(StrEnum):
    """Who picked up, as the other side takes it."""

    HUMAN = "human"
    MACHINE = "machine"
    NOT_SURE = "not_sure"


class Gathering(StrEnum):
    """How waiting for a key ended."""

    VALID = "valid"
    INVALID = "invalid"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    """By the end of the call, or by us."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands."""

    summary: str
    """The question, as it is spoken."""
    stage: Stage = Stage.DIALLED
    turn: int = 0
    is_speaking: bool = False
    was_answered: bool = False
    found: Found | None = None
    was_read: bool = False
    """Whether the question was said to its end."""
    silences: int = 0
    questions: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody, or something, picked up."""


@dataclass(frozen=True, slots=True)
class Detected:
    """Who that was."""

    found: Found


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said has ended."""

    turn: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """Waiting for a key has ended."""

    turn: int
    how: Gathering
    keys: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody said something, to the end."""

    turn: int
    transcript: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over."""

    cause: str


@dataclass(frozen=True, slots=True)
class Replied:
    """A question has its answer, as it is spoken."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer was kept, or could not be: what is said of it."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something could not be done."""

    why: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Nobody wants an answer any more."""


Event: TypeAlias = Answered | Detected | Spoken | Gathered | Heard | HungUp | Replied | Kept | Failed | Withdrawn
"""What happens in a call."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Say something."""

    text: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Wait for one of some keys, and not for ever."""

    keys: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopGathering:
    """Wait for keys no longer."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Have what is said written down."""


@dataclass(frozen=True, slots=True)
class StopListening:
    """Listen no longer."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Find the answer to a question."""

    question: str


@dataclass(frozen=True, slots=True)
class Give:
    """Take this as the person's answer."""

    said: Said


@dataclass(frozen=True, slots=True)
class Report:
    """Say how the attempt to reach somebody goes."""

    state: AttemptState
    detail: str = ""


Command: TypeAlias = Speak | Gather | StopGathering | Listen | StopListening | HangUp | Reply | Give | Report
"""What is to be done."""
Commands: TypeAlias = tuple[Command, ...]
Stepped: TypeAlias = tuple[Call, Commands]

_KEYS = {Stage.PROVING: "5", Stage.CHOOSING: "129", Stage.ASKING: "#", Stage.DECIDING: "129"}
"""The keys that are waited for once it was said what they do. A question is spoken: no key answers it."""
_LISTENING = (Stage.ASKING, Stage.DECIDING)
_OVER = (Stage.GIVING, Stage.CLOSING)
"""What was answered stays so, whatever comes."""
_UNREACHED = {
    "user_busy": "the line is busy",
    "timeout": "nobody picked up",
    "no_answer": "nobody picked up",
    "call_rejected": "the call was rejected",
    "originator_cancel": "the call was cancelled",
}
_NO_SUCH_NUMBER = "not_found"


def step(call: Call, event: Event) -> Stepped:
    """The call after something has happened, and what is to be done."""
    if call.stage is Stage.ENDED:
        # Who picks up after all, as the call was placed though that was not told, is not left with silence.
        return call, (HangUp(),) if isinstance(event, Answered) else ()
    match event:
        case Answered():
            return _picked_up(replace(call, was_answered=True))
        case Detected(found):
            return _detected(call, found)
        case HungUp(cause):
            return _hung_up(call, cause)
        case Failed(why):
            return _ended(call, *(() if call.stage in _OVER else (Report(AttemptState.FAILED, why),)))
        case Withdrawn():
            return _ended(call)
        case Spoken() | Gathered() | Heard() | Replied() | Kept():
            return _of_turn(call, event) if event.turn == call.turn else (call, ())
        case _:
            assert_never(event)


def _of_turn(call: Call, event: Spoken | Gathered | Heard | Replied | Kept) -> Stepped:
    match event:
        case Spoken(is_whole=is_whole):
            return _said(call) if is_whole and call.is_speaking else (call, ())
        case Gathered(how=how, keys=keys):
            return _gathered(call, how, keys)
        case Heard(transcript=transcript, confidence=confidence):
            return _heard(call, transcript, confidence)
        case Replied(text=text):
            return _say(call, Stage.DECIDING, f"{text} {words.CONFIRM}") if call.stage is Stage.THINKING else (call, ())
        case Kept(text=text):
            return _say(call, Stage.CLOSING, text) if call.stage is Stage.GIVING else (call, ())
        case _:
            assert_never(event)


def _detected(call: Call, found: Found) -> Stepped:
    if call.stage in _OVER:
        return call, ()
    if found is Found.MACHINE:
        return _ended(replace(call, found=found), Report(AttemptState.UNANSWERED, "a machine picked up"))
    return _picked_up(replace(call, found=call.found or found))


def _picked_up(call: Call) -> Stepped:
    """Begin once it is known that and who: the two may come in either order."""
    if call.stage is not Stage.DIALLED or not call.was_answered or call.found is None:
        return call, ()
    if call.found is Found.HUMAN:
        return _read_out(call)
    return _say(call, Stage.PROVING, words.PROVE)


def _read_out(call: Call) -> Stepped:
    return _say(call, Stage.CHOOSING, f"{call.summary} {words.MENU}", Report(AttemptState.REACHED))


def _said(call: Call) -> Stepped:
    """Listen to what is answered, now that the person has heard what is asked."""
    call = replace(call, is_speaking=False)
    if call.stage is Stage.CLOSING:
        return _ended(call)
    if call.stage is Stage.CHOOSING:
        call = replace(call, was_read=True)
    listening: Commands = (Listen(),) if call.stage in _LISTENING else ()
    seconds = QUESTION_SECONDS if call.stage is Stage.ASKING else KEY_SECONDS
    return call, (*listening, Gather(_KEYS[call.stage], seconds))


def _gathered(call: Call, how: Gathering, keys: str) -> Stepped:
    if call.is_speaking or call.stage not in _KEYS or how is Gathering.BROKEN_OFF:
        return call, ()
    deaf: Commands = (StopListening(),) if call.stage in _LISTENING else ()
    if how is not Gathering.VALID or len(keys) != 1 or keys not in _KEYS[call.stage]:
        return _again(call, *deaf)
    match keys:
        case "5":
            return _read_out(call)
        case "1":
            return _give(call, Said.APPROVE, *deaf)
        case "9":
            return _give(call, Said.DENY, *deaf)
        case "2":
            return _ask(call, *deaf)
        case _:
            return _again(call, *deaf)


def _heard(call: Call, transcript: str, confidence: float | None) -> Stepped:
    if call.is_speaking or not transcript.strip():
        return call, ()
    hush: Commands = (StopListening(), StopGathering())
    if call.stage is Stage.ASKING:
        thinking = replace(call, stage=Stage.THINKING, turn=call.turn + 1, questions=call.questions + 1)
        return thinking, (*hush, Reply(transcript))
    if call.stage is not Stage.DECIDING:
        return call, ()
    match meant(transcript, confidence):
        case Meant.YES:
            return _give(call, Said.APPROVE, *hush)
        case Meant.NO:
            return _give(call, Said.DENY, *hush)
        case Meant.UNCLEAR:
            return _again(call, *hush)


def _ask(call: Call, *before: Command) -> Stepped:
    if call.questions >= MOST_QUESTIONS:
        return _again(call, *before, prefix=words.NO_MORE_QUESTIONS)
    return _say(call, Stage.ASKING, words.ASK, *before)


def _give(call: Call, said: Said, *before: Command) -> Stepped:
    if not call.was_read:
        return call, ()
    giving = replace(call, stage=Stage.GIVING, turn=call.turn + 1)
    return giving, (*before, Give(said))


def _again(call: Call, *before: Command, prefix: str = words.NOT_UNDERSTOOD) -> Stepped:
    """Ask once more, unless that was done often enough."""
    if call.silences >= MOST_SILENCES:
        unanswered = Report(AttemptState.UNANSWERED, "somebody picked up, and gave no answer")
        return _say(call, Stage.CLOSING, words.NOBODY, *before, unanswered)
    call = replace(call, silences=call.silences + 1)
    match call.stage:
        case Stage.PROVING:
            text = words.PROVE
        case Stage.CHOOSING:
            text = f"{call.summary} {words.MENU}"
        case Stage.ASKING:
            text = f"{prefix} {words.ASK}"
        case _:
            text = f"{prefix} {words.CONFIRM}"
    return _say(call, call.stage, text, *before)


def _hung_up(call: Call, cause: str) -> Stepped:
    ended = replace(call, stage=Stage.ENDED, is_speaking=False)
    if call.stage in _OVER:
        return ended, ()
    if call.was_answered:
        return ended, (Report(AttemptState.UNANSWERED, "they hung up without an answer"),)
    if cause == _NO_SUCH_NUMBER:
        return ended, (Report(AttemptState.FAILED, "there is no such number"),)
    return ended, (Report(AttemptState.UNANSWERED, _UNREACHED.get(cause, "the call ended before anybody picked up")),)


def _say(call: Call, stage: Stage, text: str, *before: Command) -> Stepped:
    """Say something, of a new turn."""
    after = replace(call, stage=stage, turn=call.turn + 1, is_speaking=True)
    return after, (*before, Speak(text[: words.LONGEST_TEXT]))


def _ended(call: Call, *reports: Report) -> Stepped:
    return replace(call, stage=Stage.ENDED, is_speaking=False), (*reports, HangUp())
