"""Chat, mail and push, by the Apprise library: one URL of its kind each, which holds the address and the token.

Apprise's own log lines, and those of the client below it, may name the address, and at their finest the token and the
link that is sent: none of them is written. What they say of a failure is told by its status alone.
"""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from sentric.errors import MissingDependencyError, SettingError
from sentric_analyzer.approvals.channel import ChannelError, Notice
from sentric_analyzer.approvals.configuration import ChannelStated, Kind, Surroundings

SECONDS = 20.0
"""Seconds that a message may take, however slowly the other side answers: it counts as not sent after that."""
MOST_UNDER_WAY = 16
"""Messages of a channel that may be under way, those included that hang beyond that: it sends no more meanwhile."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_REASONS = {
    "401": "the token or password is not accepted: it may have been revoked",
    "403": "the token is not accepted: it may have been revoked",
    "404": "there is no such address: it may have been revoked, or is mistyped",
    "410": "there is no such address any more: it was revoked",
    "429": "too many messages were sent in too short a time",
    "200": "the message is not accepted: the token may have been revoked",
}
_LOOK = "Look and answer"
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class AppriseChannel:
    """Sends messages through one Apprise URL. Any thread may use it.

    Args:
        name: as the configuration calls it.
        make: makes what sends one message: nothing of one is left to the next.
        seconds: that a message may take.
    """

    def __init__(self, name: str, make: Callable[[], Any], *, seconds: float = SECONDS) -> None:
        self.name = name
        self._make = make
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(MOST_UNDER_WAY)

    def notify(self, notice: Notice) -> str:
        """See Channel. The other side names no message."""
        self._send(_title(notice), partial(_told, notice), notice.seconds)
        return ""

    def withdraw(self, notice: Notice, reference: str, why: str) -> None:
        """See Channel: another message follows."""
        text = f"Nobody need answer any more: {why}." if why else "Nobody need answer any more."
        self._send(f"Over: {_title(notice)}", lambda form: text, self._seconds)

    def _send(self, title: str, text: "_Text", seconds: float) -> None:
        if not self._places.acquire(blocking=False):
            raise ChannelError(f"{MOST_UNDER_WAY} messages are under way that the other side does not take")
        message = _Message(self._make, title, text, self._places.release)
        message.start()
        message.join(min(seconds, self._seconds))
        if message.is_alive():
            raise ChannelError("the other side has not taken the message in time: it is slow, or out of reach")
        if not message.is_sent:
            raise ChannelError(_reason(message.said))


_Text = Callable[[str], str]
"""Gives the text of a message in a format that Apprise has a name for."""


class _Message(threading.Thread):
    """Sends a message. One that hangs ends with the process: it cannot be stopped, and nobody waits for it."""

    def __init__(self, make: Callable[[], Any], title: str, text: _Text, on_end: Callable[[], None]) -> None:
        super().__init__(name="sentric-message", daemon=True)
        self._make = make
        self._title = title
        self._text = text
        self._on_end = on_end
        self.is_sent = False
        self.said: list[str] = []
        """What the library says meanwhile."""

    def start(self) -> None:
        """Begin to send it."""
        try:
            super().start()
        except RuntimeError:  # there are as many threads as there may be
            self._on_end()
            raise

    def run(self) -> None:
        """Send it; whatever the library raises, it was not sent."""
        try:
            sender = self._make()
            form = sender.resolve_format().value  # what suits the service best, or what the URL asks for
            self.is_sent = bool(sender.notify(title=self._title, body=self._text(form), body_format=form))
        except Exception as error:  # noqa: BLE001  # a hundred plugins: what one raises is no error of ours
            self.said.append(type(error).__name__)
        finally:
            self._on_end()


class _Unwritten(logging.Filter):
    """Keeps what a library says from every log, and gives it to the message that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written: never."""
        message = threading.current_thread()
        if isinstance(message, _Message):
            message.said.append(record.getMessage())
        return False


_UNWRITTEN = _Unwritten()


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes what sends a message, from an Apprise URL."""

    apprise: Any
    url: str

    def __call__(self) -> Any:
        """Make it; None where the URL is none of Apprise's."""
        asset = self.apprise.AppriseAsset(
            app_id="Sentric",
            app_desc="Sentric",
            async_mode=False,
            http_redirects=False,  # a token goes where it was meant to, and nowhere else
            interpret_emojis=False,
            pem_autogen=False,
            pgp_autogen=False,
            storage_mode="memory",
        )
        made = self.apprise.Apprise.instantiate(self.url, asset=asset)
        if made is not None and "overflow=" not in self.url:
            made.overflow_mode = self.apprise.OverflowMode.TRUNCATE  # the link stands first
        return made

    def __repr__(self) -> str:
        return "_Maker(…)"


def _opened(stated: Sequence[ChannelStated], surroundings: Surroundings) -> list[AppriseChannel]:
    return [AppriseChannel(channel.name, _maker(channel)) for channel in stated]


def _maker(stated: ChannelStated) -> _Maker:
    """What makes the messages of a channel.

    Raises:
        SettingError: its URL is none of Apprise's; never with the URL.
        MissingDependencyError: the library is not there.
    """
    try:
        import apprise
    except ImportError:
        raise MissingDependencyError(
            f"{stated.where}: channels of type apprise need a library: pip install 'sentric[people]'"
        ) from None
    _silence()
    made = None
    maker = _Maker(apprise, stated.secrets["url"])
    with suppress(Exception):  # a hundred plugins read URLs, each in its own way
        made = maker()
    if made is None:
        raise SettingError(
            f"{stated.where}.url: is no URL that Apprise takes: https://github.com/caronc/apprise lists them by service"
        )
    return maker


def _silence() -> None:
    """Have nothing written of what the libraries say: it may hold addresses, tokens and links."""
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # below that it names every address
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_UNWRITTEN)


def _title(notice: Notice) -> str:
    """What a message is called. Titles are not converted to what a service takes: no name in one calls people."""
    return notice.shown.title.replace("@", "@ ")


def _told(notice: Notice, form: str) -> str:
    """What somebody is told. How to answer stands before what others wrote, where no service cuts it off."""
    text, link = notice.shown.text, notice.link
    how = "" if link else f"To answer: sentric approvals approve {notice.approval_id} (or: deny)"
    match form:
        case "markdown":
            return f"{f'[{_LOOK}]({link})' if link else _literal(how)}\n\n{_literal(text)}"
        case "html":
            target = f'<a href="{escape(link)}">{_LOOK}</a>' if link else escape(how)
            return f"<p>{target}</p>\n<pre>{escape(text)}</pre>"
        case _:
            return f"{f'{_LOOK}: {link}' if link else how}\n\n{text}"


def _literal(text: str) -> str:
    """A text in Markdown that nothing in it changes: no link, no mention, no heading."""
    return _PUNCTUATION.sub(r"\\\1", text)


def _reason(said: Sequence[str]) -> str:
    """Why a message was not taken, by what the library has said; never in its words."""
    for line in reversed(said):
        if (found := _STATUS.search(line)) is not None:
            status = found[1]
            reason = _REASONS.get(status, "it has trouble of its own" if status >= "500" else "it was refused")
            return f"the other side answers {status}: {reason}"
    return "the other side cannot be reached, or does not take the message"


APPRISE = Kind(factory=_opened, secrets=("url",), links=True)
"""Channels of this sort: `{type: apprise, url_file: FILE, person: NAME}`."""
