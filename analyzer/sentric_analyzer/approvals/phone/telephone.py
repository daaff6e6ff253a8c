"""Calls people, and goes on with each call as Telnyx tells what happens in it."""

import hashlib
import hmac
import logging
import queue
import secrets
import threading
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from sentric.errors import SentricError
from sentric_analyzer.approvals.channel import ChannelError, Notice
from sentric_analyzer.approvals.configuration import TelnyxStated
from sentric_analyzer.approvals.phone.call import (
    Call,
    Commands,
    Event,
    Failed,
    Found,
    Give,
    HangUp,
    Kept,
    Replied,
    Reply,
    Report,
    Stage,
    StopGathering,
    StopListening,
    Withdrawn,
    step,
)
from sentric_analyzer.approvals.phone.events import ClientState, Told, told
from sentric_analyzer.approvals.phone.line import Line, Place, Voice
from sentric_analyzer.approvals.phone.replies import reply
from sentric_analyzer.approvals.phone.signature import Verifier
from sentric_analyzer.control.approval import Said, State
from sentric_analyzer.control.attempt import AttemptState
from sentric_analyzer.control.calls import KeptCall
from sentric_analyzer.control.errors import ApprovalStateError, ControlError, NotAnApproverError, UnknownAttemptError
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.models import Model

SOURCE = "telnyx"
"""As events that were taken are kept."""
CHANNEL = "phone"
"""As answers say how they came."""
THREADS = 4
"""Calls in which something can be done at once: each may wait for a model."""
MOST_WAITING = 256
"""Steps that may wait for a thread; until there is room, Telnyx is told to tell again."""
_ENDING_SECONDS = 2.0

_logger = logging.getLogger(__name__)


class Taken(StrEnum):
    """What became of a webhook that was verified."""

    TAKEN = "taken"
    IGNORED = "ignored"
    """It was taken before, is of no call of ours, or does not fit the call."""
    BUSY = "busy"
    """It must be told again."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done in a call after it took a step."""

    kept: KeptCall
    secret: str
    turn: int
    commands: Commands


class Telephone:
    """Calls people from one account. Any thread may use it; it works in threads of its own until it is closed.

    How each call stands is in the control store: any service that shares it can go on with a call.

    Args:
        stated: the account.
        store: where approvals, attempts and calls are kept.
        line: to Telnyx.
        model: answers questions; None: the record is read out.
        verifier: of webhooks; None: one by the account's key.
    """

    def __init__(
        self,
        stated: TelnyxStated,
        store: ControlStore,
        line: Line,
        model: Model | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        self._stated = stated
        self._store = store
        self._line = line
        self._model = model
        self.verifier = verifier or Verifier(stated.public_key)
        self._steps: queue.Queue[_Step | None] = queue.Queue()  # `take` sees to its bound
        self._threads = [
            threading.Thread(target=self._work, name=f"sentric-phone-{number}", daemon=True)
            for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Do nothing more in calls. Those that are under way end by themselves; none of them approves anything."""
        if not self._threads:
            return
        for _ in self._threads:
            self._steps.put(None)
        end = time.monotonic() + _ENDING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._threads = []
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def call(self, notice: Notice, number: str, voice: Voice) -> str:
        """Call somebody; how Telnyx names the call.

        Raises:
            ChannelError: they cannot be called.
        """
        if number not in self._stated.numbers:
            raise ChannelError(f"the number that ends in {number[-3:]} is not called: it is not in telnyx.numbers")
        secret = secrets.token_hex(16)
        document = {"call": asdict(Call(notice.shown.spoken)), "shown": notice.shown.text, "voice": asdict(voice)}
        kept = KeptCall(
            attempt_id=notice.attempt_id,
            approval_id=notice.approval_id,
            person=notice.person,
            digest=_digest(secret),
            document={**document, "number": number},
        )
        self._store.calls.open(kept)
        place = Place("", ClientState(notice.attempt_id, secret, 0).encoded(), f"{notice.attempt_id}-dial")
        try:
            reference = self._line.dial(number, place, ring_seconds=notice.seconds)
        except ChannelError:
            self._stepped(notice.attempt_id, secret, Withdrawn())  # should it ring all the same, nobody is asked
            raise
        self._store.calls.step(notice.attempt_id, lambda known: replace(known, reference=known.reference or reference))
        return reference

    def withdraw(self, attempt_id: str, reference: str) -> None:
        """End a call in which nobody wants an answer any more.

        Raises:
            ChannelError: it could not be ended.
        """
        ended = self._stepped(attempt_id, "", Withdrawn())
        if ended is None or not ended.commands:
            return
        kept = replace(ended.kept, reference=ended.kept.reference or reference)
        if kept.reference:
            self._line.do(HangUp(), _place(replace(ended, kept=kept), HangUp()), _voice(kept))

    def take(self, document: object) -> Taken:
        """Take a webhook that was verified: what happened is kept when this is left, and worked off after that.

        Raises:
            ControlError: it could not be kept, and must be told again.
        """
        if (event := told(document)) is None:
            return Taken.IGNORED
        if self._steps.qsize() >= MOST_WAITING:
            return Taken.BUSY
        steps: list[_Step] = []

        def advance(kept: KeptCall) -> KeptCall | None:
            if not _is_of(kept, event):
                return None
            kept = replace(kept, reference=event.reference)
            after = _after(kept, event.state.secret, event.event)
            steps.append(after)
            return after.kept

        if not self._store.calls.step(event.state.attempt_id, advance, event=(SOURCE, event.event_id)):
            return Taken.IGNORED
        for one in steps:
            if one.commands:
                self._steps.put(one)
        return Taken.TAKEN

    def _work(self) -> None:
        while (one := self._steps.get()) is not None:
            try:
                self._do(one)
            except Exception as error:  # noqa: BLE001  # the boundary of this thread, which must not end
                self._give_up(one, error)

    def _give_up(self, one: _Step, error: Exception) -> None:
        is_ours = not isinstance(error, SentricError)
        _logger.error("a call cannot go on: %s", error, exc_info=error if is_ours else None)
        try:
            if after := self._stepped(one.kept.attempt_id, one.secret, Failed("the call could not go on: see the log")):
                self._do(after)
        except Exception as again:  # noqa: BLE001  # the same: Telnyx ends the call in the end
            _logger.error("nor can it be ended: %s", again)

    def _do(self, one: _Step) -> None:
        """Do what is to be done in a call, one after the other. What cannot be done ends the call."""
        following: Event | None = None
        for command in one.commands:
            match command:
                case Report(state, detail):
                    self._report(one.kept.attempt_id, state, detail)
                case Give(said):
                    following = Kept(one.turn, self._give(one.kept.attempt_id, said))
                case Reply(question):
                    following = Replied(one.turn, self._reply(one.kept, question))
                case action:
                    try:
                        self._line.do(action, _place(one, action), _voice(one.kept))
                    except ChannelError as error:
                        if not isinstance(action, HangUp | StopGathering | StopListening):  # which may be over anyway
                            following = Failed(str(error))
                            break
        if following is not None and (after := self._stepped(one.kept.attempt_id, one.secret, following)):
            self._do(after)

    def _stepped(self, attempt_id: str, secret: str, event: Event) -> _Step | None:
        """Take a step that nobody told of."""
        steps: list[_Step] = []

        def advance(kept: KeptCall) -> KeptCall:
            steps.append(_after(kept, secret, event))
            return steps[0].kept

        return steps[0] if self._store.calls.step(attempt_id, advance) else None

    def _report(self, attempt_id: str, state: AttemptState, detail: str) -> None:
        attempts = self._store.attempts
        try:
            match state:
                case AttemptState.REACHED:
                    attempts.reached(attempt_id)
                case AttemptState.UNANSWERED:
                    attempts.unanswered(attempt_id, detail)
                case _:
                    attempts.failed(attempt_id, detail)
        except ControlError as error:
            _logger.error("how a call goes could not be kept: %s", error)

    def _give(self, attempt_id: str, said: Said) -> str:
        """Take an answer; what is said of that."""
        try:
            after = self._store.attempts.answer(attempt_id, said, channel=CHANNEL)
        except (ApprovalStateError, UnknownAttemptError):
            return "It is too late: this was answered before, or has expired. Goodbye."
        except NotAnApproverError:
            return "You may not answer this, so nothing was approved. Goodbye."
        except ControlError as error:
            _logger.error("an answer by phone could not be kept: %s", error)
            return "Your answer could not be kept, so nothing was approved. Goodbye."
        if said is Said.DENY:
            return "It is denied. Thank you. Goodbye."
        if after.state is State.APPROVED:
            return "It is approved. Thank you. Goodbye."
        return "Your approval is kept. Somebody else must approve it, too. Goodbye."

    def _reply(self, kept: KeptCall, question: str) -> str:
        approval = self._store.approvals.find(kept.approval_id, projects=None)
        text = reply(self._model, question, approval, str(kept.document["shown"]))
        try:
            self._store.calls.questioned(kept, question, text)
        except ControlError as error:
            _logger.error("a question asked by phone could not be kept: %s", error)
        return text


def _is_of(kept: KeptCall, event: Told) -> bool:
    """Whether an event is of this call: it carries our secret, is of the call that we placed, and to whom we did."""
    return (
        hmac.compare_digest(kept.digest, _digest(event.state.secret))
        and kept.reference in ("", event.reference)
        and event.number in ("", kept.document["number"])
    )


def _after(kept: KeptCall, secret: str, event: Event | None) -> _Step:
    call = _call(kept)
    call, commands = step(call, event) if event is not None else (call, ())
    return _Step(replace(kept, document={**kept.document, "call": asdict(call)}), secret, call.turn, commands)


def _place(one: _Step, action: object) -> Place:
    state = ClientState(one.kept.attempt_id, one.secret, one.turn)
    return Place(one.kept.reference, state.encoded(), f"{one.kept.attempt_id}-{one.turn}-{type(action).__name__}")


def _call(kept: KeptCall) -> Call:
    stated: dict[str, Any] = dict(kept.document["call"])
    stated["stage"] = Stage(stated["stage"])
    stated["found"] = None if stated["found"] is None else Found(stated["found"])
    return Call(**stated)


def _voice(kept: KeptCall) -> Voice:
    return Voice(**kept.document["voice"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
