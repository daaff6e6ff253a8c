"""The line to Telnyx: calls are placed, and commands are carried out in them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sentric_analyzer.approvals.channel import ChannelError
from sentric_analyzer.approvals.configuration import TelnyxStated
from sentric_analyzer.approvals.phone.call import Gather, HangUp, Listen, Speak, StopGathering, StopListening
from sentric_analyzer.approvals.phone.events import LONGEST_REFERENCE

LONGEST_CALL = 600
"""Seconds after which Telnyx ends a call, whatever happens here."""
LEAST_RING, MOST_RING = 5, 60
"""Seconds for which it rings."""
LOADING_SECONDS = 15.0
"""That the client may take to be imported, on a machine that is busy."""
_AGAIN_SECONDS = 0.3
_ENGINE = "Google"

Action = Speak | Gather | StopGathering | Listen | StopListening | HangUp


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, and what is listened for."""

    voice: str
    """As Telnyx names it."""
    language: str
    """`en-US` and the like."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command belongs."""

    reference: str
    """How Telnyx names the call."""
    client_state: str
    command_id: str
    """Telnyx does the commands of the same id once."""


class Line:
    """Places calls and does what is to be done in them. Any thread may use it.

    Args:
        stated: the account.
        webhook_url: where Telnyx tells what happens; "": where its portal says.
    """

    def __init__(self, stated: TelnyxStated, webhook_url: str = "") -> None:
        self._stated = stated
        self._webhook_url = webhook_url
        self._loaded: Future[Any] = Future()
        threading.Thread(target=self._load, name="sentric-telnyx", daemon=True).start()

    def dial(self, number: str, place: Place, *, ring_seconds: float) -> str:
        """Place a call; how Telnyx names it.

        Raises:
            ChannelError: it was not placed, or nobody knows.
        """
        more = {"webhook_url": self._webhook_url, "webhook_url_method": "POST"} if self._webhook_url else {}
        answer = self._tried(
            lambda client: client.calls.dial(
                connection_id=self._stated.connection_id,
                from_=self._stated.from_number,
                to=number,
                answering_machine_detection="detect",
                timeout_secs=int(min(max(ring_seconds, LEAST_RING), MOST_RING)),
                time_limit_secs=LONGEST_CALL,
                client_state=place.client_state,
                command_id=place.command_id,
                **more,
            )
        )
        reference = getattr(getattr(answer, "data", None), "call_control_id", None)
        if not isinstance(reference, str) or not 0 < len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
            raise ChannelError("Telnyx answers with no call: check telnyx.base_url")
        return reference

    def do(self, action: Action, place: Place, voice: Voice) -> None:
        """Do something in a call.

        Raises:
            ChannelError: it was not done, or nobody knows.
        """
        name, arguments = _command(action, voice)
        about = {"client_state": place.client_state, "command_id": place.command_id}
        self._tried(lambda client: getattr(client.calls.actions, name)(place.reference, **arguments, **about))

    def close(self) -> None:
        """Close all connections."""
        if self._loaded.done() and not self._loaded.exception():
            self._loaded.result()[0].close()

    def _tried(self, ask: Callable[[Any], Any]) -> Any:
        try:
            client, errors = self._loaded.result(LOADING_SECONDS)
        except TimeoutError:
            raise ChannelError("the client of Telnyx is not loaded yet") from None
        except ImportError:
            raise ChannelError("the phone needs the package telnyx: pip install 'sentric[people]'") from None
        try:
            return ask(client)
        except Exception as error:  # noqa: BLE001  # whatever the client, or its transport, raises
            if not errors.may_be_repeated(error):
                raise errors.why(error) from None
        time.sleep(_AGAIN_SECONDS)
        try:
            return ask(client)
        except Exception as error:  # noqa: BLE001  # the same
            raise errors.why(error) from None

    def _load(self) -> None:
        try:
            from sentric_analyzer.approvals.phone import client

            self._loaded.set_result((client.connected(self._stated.api_key, self._stated.base_url), client))
        except BaseException as error:  # noqa: BLE001  # whoever calls is told
            self._loaded.set_exception(error)


def _command(action: Action, voice: Voice) -> tuple[str, dict[str, Any]]:
    """The name of a command and its arguments, as Telnyx has them."""
    match action:
        case Speak(text):
            spoken = {"payload": text, "payload_type": "text", "voice": voice.voice, "language": voice.language}
            return "speak", spoken
        case Gather(keys, seconds):
            milliseconds = round(seconds * 1000)
            waiting = {"initial_timeout_millis": milliseconds, "timeout_millis": milliseconds}
            digits = {"minimum_digits": 1, "maximum_digits": 1, "valid_digits": keys, "terminating_digit": ""}
            return "gather", waiting | digits
        case Listen():
            language = voice.language.partition("-")[0]
            engine = {"transcription_engine": _ENGINE, "language": language, "interim_results": False}
            return "start_transcription", {
                "transcription_engine": _ENGINE,
                "transcription_engine_config": engine,
                "transcription_tracks": "inbound",
            }
        case StopGathering():
            return "stop_gather", {}
        case StopListening():
            return "stop_transcription", {}
        case HangUp():
            return "hangup", {}
