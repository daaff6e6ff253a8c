"""The channel `telnyx`: somebody is called."""

import re
from collections.abc import Iterator, Sequence

from sentric.errors import SettingError
from sentric_analyzer.approvals.channel import Channel, Notice
from sentric_analyzer.approvals.configuration import ChannelStated, Kind, Surroundings, TelnyxStated
from sentric_analyzer.approvals.phone.line import Line, Voice
from sentric_analyzer.approvals.phone.telephone import Telephone

WEBHOOKS_PATH = "/v1/webhooks/telnyx"
"""Where Telnyx tells what happens in calls."""
VOICES = {
    "en-US": "AWS.Polly.Joanna",
    "en-GB": "AWS.Polly.Amy",
    "en-AU": "AWS.Polly.Nicole",
    "en-IN": "AWS.Polly.Raveena",
}
"""The voice that speaks each language, where no other is stated. What is said is English."""
_LANGUAGE = "en-US"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_VOICE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class PhoneChannel:
    """Calls one number."""

    def __init__(self, name: str, telephone: Telephone, number: str, voice: Voice) -> None:
        self.name = name
        self.telephone = telephone
        self._number = number
        self._voice = voice

    def notify(self, notice: Notice) -> str:
        """See Channel."""
        return self.telephone.call(notice, self._number, self._voice)

    def withdraw(self, notice: Notice, reference: str, why: str) -> None:
        """See Channel."""
        self.telephone.withdraw(notice.attempt_id, reference)

    def end(self) -> None:
        """See Ending."""
        self.telephone.close()


def opened(stated: Sequence[ChannelStated], surroundings: Surroundings) -> Sequence[Channel]:
    """The channels, which call from one account.

    Raises:
        SettingError: no account is stated.
    """
    telnyx, public_url = surroundings.configuration.telnyx, surroundings.configuration.public_url
    if telnyx is None:
        raise SettingError(f"{stated[0].where}: a channel of type telnyx needs `telnyx` beside `channels`")
    line = Line(telnyx, f"{public_url}{WEBHOOKS_PATH}" if public_url else "")
    telephone = Telephone(telnyx, surroundings.store, line, surroundings.model)
    return [PhoneChannel(one.name, telephone, one.texts["number"], _voice(one)) for one in stated]


def _voice(stated: ChannelStated) -> Voice:
    language = stated.texts.get("language", _LANGUAGE)
    return Voice(stated.texts.get("voice", VOICES[language]), language)


def _mistakes(stated: ChannelStated, telnyx: TelnyxStated | None) -> Iterator[tuple[str, str]]:
    number = stated.texts["number"]
    if not _NUMBER.fullmatch(number):
        yield "number", 'is no number: write + and the digits, in quotes, like "+4930123456"'
    elif telnyx is not None and number not in telnyx.numbers:
        yield "number", "is not called: only those in telnyx.numbers are: add it there"
    if stated.texts.get("language", _LANGUAGE) not in VOICES:
        yield "language", f"is not spoken: use one of {', '.join(VOICES)}"
    if not _VOICE.fullmatch(stated.texts.get("voice", VOICES[_LANGUAGE])):
        yield "voice", "is no voice: use a name as Telnyx lists them, like AWS.Polly.Joanna"


TELNYX = Kind(factory=opened, needs=("number",), knows=("language", "voice"), telnyx=True, mistakes=_mistakes)
"""The kind of channel."""
