"""What somebody has stated about asking people: ways to reach them, and who is asked in what order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sentric.policy.rule import Severity
from sentric.settings import Settings
from sentric_analyzer.approvals.channel import Channel
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStated:
    """A way to reach somebody, as it is stated."""

    name: str
    kind: str
    """Its `type`, which is a key of `channels.KINDS`."""
    person: str
    """Name of a person of the control store: whatever is answered through the channel is their answer."""
    where: str
    """The file and the place in it, for messages."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its kind knows besides, as far as it is stated."""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The secrets that its kind needs, wherever they were stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelnyxStated:
    """The account at Telnyx from which people are called."""

    api_key: str = field(repr=False)
    public_key: str
    """Base64 of the Ed25519 key that webhooks are verified with."""
    connection_id: str
    """Of the Call Control application."""
    from_number: str
    """E.164, like every number."""
    numbers: frozenset[str]
    """Those that may be called: no other ever is."""
    base_url: str = ""
    """Of the REST API, with its version; "" for Telnyx's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody is asked, through a channel."""

    channel: str
    wait: float | None
    """Seconds until it is the next step's turn; None: until the approval expires. Only the last step has None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who is asked in what order, about the approvals it is for: what is not stated is true of all of them."""

    steps: tuple[Step, ...]
    projects: tuple[str, ...] = ()
    """Patterns of names."""
    tier: Severity | None = None
    """Least tier."""
    risk: int | None = None
    """Least risk."""
    rules: tuple[str, ...] = ()
    """Patterns of ids: one of the rules that matched has such an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that is stated about asking people."""

    public_url: str = ""
    """Where links lead, without a slash at its end; "" where no channel needs one."""
    channels: Mapping[str, ChannelStated] = field(default_factory=dict[str, ChannelStated])
    telnyx: TelnyxStated | None = None
    routes: tuple[Route, ...] = ()
    """The first that is for an approval is taken."""

    def without_secrets(self, text: str) -> str:
        """A text in which no secret of a channel stands, whoever wrote it."""
        secrets = [secret for channel in self.channels.values() for secret in channel.secrets.values()]
        if self.telnyx is not None:
            secrets.append(self.telnyx.api_key)
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What channels may need of the service."""

    configuration: Configuration
    store: ControlStore
    settings: Settings
    model: Model | None = None
    """Answers questions; None: the settings name none."""


Factory = Callable[[Sequence[ChannelStated], Surroundings], Sequence[Channel]]
"""Makes the channels of a kind, all of them at once, in their order: they may share a client. It is called once, at the
start of the service, and holds that up: what takes long to import is imported in a thread.

Raises SettingError where one cannot be made of what is stated.
"""
Mistakes = Callable[[ChannelStated, TelnyxStated | None], Iterator[tuple[str, str]]]
"""Finds what is wrong with the values of a channel: key and message (`number`, `is … : cure`), never with a secret."""


def _none(stated: ChannelStated, telnyx: TelnyxStated | None) -> Iterator[tuple[str, str]]:
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of channel: what can be stated of one beside `type` and `person`, and who makes it."""

    factory: Factory
    needs: tuple[str, ...] = ()
    """Keys of texts that must be stated."""
    knows: tuple[str, ...] = ()
    """Keys of texts that may be stated."""
    secrets: tuple[str, ...] = ()
    """Keys of secrets, each of which must be stated as KEY, KEY_file or KEY_env."""
    links: bool = False
    """Whether people answer at a link that is sent: then `public_url` must be stated."""
    telnyx: bool = False
    """Whether `telnyx` must be stated."""
    mistakes: Mistakes = _none
