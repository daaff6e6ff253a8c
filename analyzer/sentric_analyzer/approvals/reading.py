"""Reads `approvals` of `sentric.yaml`, strictly: a mistake there would leave somebody unasked."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from sentric.errors import SettingError
from sentric.policy.rule import Severity
from sentric.stated import Section
from sentric_analyzer.approvals.channels import KINDS
from sentric_analyzer.approvals.configuration import ChannelStated, Configuration, Kind, Route, Step, TelnyxStated
from sentric_analyzer.approvals.stated import Stated, repeated, secret, secret_keys

LEAST_WAIT, MOST_WAIT = 1.0, 86_400.0
"""Seconds that a step may have."""
MOST_RISK = 1000
MOST_CHANNELS = 100
MOST_STEPS = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_OF_ALL = ("type", "person")
_CONDITIONS = ("projects", "tier", "risk", "rules")
_OF_TELNYX = ("public_key", "connection_id", "from", "numbers")


def configuration(
    section: Section,
    *,
    patience: float,
    kinds: Mapping[str, Kind] = KINDS,
    environ: Mapping[str, str] | None = None,
) -> Configuration:
    """What is stated about asking people; nothing where nothing is.

    Args:
        section: `approvals`.
        patience: seconds after which an approval expires.
        kinds: of channels, by their types.
        environ: where variables with secrets are looked up; None: in the environment.

    Raises:
        SettingError: it cannot be used. Every mistake has a line, with its place and its cure, and without secrets.
    """
    if section.stated is None:
        return Configuration()
    whole = Stated(section.stated, section.where, [])
    found = _Reading(whole, patience, kinds, environ).read()
    if whole.mistakes:
        raise SettingError("\n".join(whole.mistakes))
    return found


class _Reading:
    def __init__(
        self, whole: Stated, patience: float, kinds: Mapping[str, Kind], environ: Mapping[str, str] | None
    ) -> None:
        self._whole = whole
        self._patience = patience
        self._kinds = kinds
        self._environ = environ

    def read(self) -> Configuration:
        known = ("public_url", "channels", "telnyx", "routes")
        entries = self._whole.mapping(known=known, needs=("channels", "routes"))
        public_url = _public_url(entries["public_url"]) if "public_url" in entries else ""
        telnyx = self._telnyx(entries["telnyx"]) if "telnyx" in entries else None
        channels: dict[str, ChannelStated] = {}
        if "channels" in entries:
            channels = dict(self._channels(entries["channels"], entries, telnyx))
        named = entries["channels"].value if "channels" in entries else {}
        names = tuple(filter(_NAME.fullmatch, map(str, named))) if isinstance(named, dict) else ()
        routes = tuple(self._routes(entries["routes"], names)) if "routes" in entries else ()
        return Configuration(public_url=public_url, channels=channels, telnyx=telnyx, routes=routes)

    def _channels(
        self, stated: Stated, entries: Mapping[str, Stated], telnyx: TelnyxStated | None
    ) -> Iterator[tuple[str, ChannelStated]]:
        found = stated.mapping()
        if len(found) > MOST_CHANNELS:
            stated.mistake(f"are more than {MOST_CHANNELS}: leave some out")
        for number, (name, one) in enumerate(found.items(), 1):
            if not _NAME.fullmatch(name):
                entry = f"entry {number} has no name that can be used"  # which may be a URL, and so a secret
                stated.mistake(f"{entry}: up to 64 of A-Z a-z 0-9 _ . -, beginning with a letter or digit")
            elif channel := self._channel(name, one, entries, telnyx):
                yield name, channel

    def _channel(
        self, name: str, stated: Stated, entries: Mapping[str, Stated], telnyx: TelnyxStated | None
    ) -> ChannelStated | None:
        kind_name = stated.value.get("type") if isinstance(stated.value, dict) else None
        kind = self._kinds.get(kind_name) if isinstance(kind_name, str) else None
        if kind is None or not isinstance(kind_name, str):
            what = f"type is {repeated(kind_name)}" if isinstance(kind_name, str) else "needs 'type'"
            stated.mistake(f"{what}: use one of {', '.join(self._kinds)}")
            return None
        places = [key for one in kind.secrets for key in secret_keys(one)]
        known = (*_OF_ALL, *kind.needs, *kind.knows, *places)
        found = stated.mapping(known=known, needs=("person", *kind.needs))
        for is_needed, key in ((kind.links, "public_url"), (kind.telnyx, "telnyx")):
            if is_needed and key not in entries:
                stated.mistake(f"a channel of type {kind_name} needs `{key}` beside `channels`")
        channel = ChannelStated(
            name=name,
            kind=kind_name,
            person=found["person"].text() if "person" in found else "",
            where=stated.where,
            texts={key: found[key].text() for key in (*kind.needs, *kind.knows) if key in found},
            secrets={key: secret(stated, found, key, self._environ) for key in kind.secrets},
        )
        if all(channel.texts.values()) and all(channel.secrets.values()):
            for key, message in kind.mistakes(channel, telnyx):
                stated.inside(f".{key}", None).mistake(message)
        return channel

    def _telnyx(self, stated: Stated) -> TelnyxStated:
        known = (*secret_keys("api_key"), *_OF_TELNYX, "base_url")
        found = stated.mapping(known=known, needs=_OF_TELNYX)
        numbers = list(found["numbers"].items()) if "numbers" in found else []
        return TelnyxStated(
            api_key=secret(stated, found, "api_key", self._environ),
            public_key=_public_key(found["public_key"]) if "public_key" in found else "",
            connection_id=found["connection_id"].text() if "connection_id" in found else "",
            from_number=_number(found["from"]) if "from" in found else "",
            numbers=frozenset(map(_number, numbers)),
            base_url=_base_url(found["base_url"]) if "base_url" in found else "",
        )

    def _routes(self, stated: Stated, channels: tuple[str, ...]) -> Iterator[Route]:
        of_all = ""
        for one in stated.items():
            if of_all:
                one.mistake(f"is never taken: {of_all} is for every approval, and stands before it: put that last")
            entries = one.mapping(known=(*_CONDITIONS, "steps"), needs=("steps",))
            route = Route(
                projects=entries["projects"].texts() if "projects" in entries else (),
                tier=_tier(entries["tier"]) if "tier" in entries else None,
                risk=entries["risk"].whole_number(1, MOST_RISK) if "risk" in entries else None,
                rules=entries["rules"].texts() if "rules" in entries else (),
                steps=tuple(self._steps(entries["steps"], channels)) if "steps" in entries else (),
            )
            if not of_all and entries.keys() == {"steps"}:
                of_all = one.where
            yield route

    def _steps(self, stated: Stated, channels: tuple[str, ...]) -> Iterator[Step]:
        steps = list(stated.items())
        if len(steps) > MOST_STEPS:
            stated.mistake(f"are more than {MOST_STEPS}: leave some out")
        passed = 0.0
        for one in steps:
            if passed >= self._patience:
                one.mistake(
                    f"never comes: the steps before it take {passed:g} s, and approvals expire after "
                    f"{self._patience:g} s: make those shorter, or approval_timeout longer"
                )
            is_last = one is steps[-1]
            step = _step(one, channels, is_last=is_last)
            passed += step.wait or 0.0
            yield step


def _step(stated: Stated, channels: tuple[str, ...], *, is_last: bool) -> Step:
    entries = stated.mapping(known=("channel", "wait"), needs=("channel",))
    channel = entries["channel"].text() if "channel" in entries else ""
    if channel and channel not in channels:
        there = f"use one of {', '.join(channels)}" if channels else "state it under `channels`"
        entries["channel"].mistake(f"there is no channel {repeated(channel)}: {there}")
    if is_last:
        if "wait" in entries:
            entries["wait"].mistake("the last step waits until the approval expires: leave it out")
        return Step(channel, None)
    if "wait" not in entries:
        stated.mistake("needs 'wait': the seconds until it is the next step's turn")
        return Step(channel, LEAST_WAIT)
    return Step(channel, entries["wait"].number(LEAST_WAIT, MOST_WAIT))


def _tier(stated: Stated) -> Severity | None:
    found = next((severity for severity in Severity if severity == stated.value), None)
    if found is None:
        stated.mistake(f"is no tier: use one of {', '.join(Severity)}")
    return found


def _number(stated: Stated) -> str:
    number = stated.text()
    if number and not _NUMBER.fullmatch(number):
        stated.mistake('is no number: write + and the digits, in quotes, like "+4930123456"')
    return number


def _public_key(stated: Stated) -> str:
    text = stated.text()
    try:
        is_key = len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        is_key = False
    if text and not is_key:
        stated.mistake("must be the base64 of an Ed25519 public key, as the portal of Telnyx shows it")
    return text


def _public_url(stated: Stated) -> str:
    return _url(stated, "where people reach this service, as https://HOST or https://HOST/PATH")


def _base_url(stated: Stated) -> str:
    return _url(stated, "where the API is, as https://HOST/v2")


def _url(stated: Stated, what: str) -> str:
    """A URL without a slash at its end: by HTTPS, but for this machine's own."""
    text = stated.text()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    more = parts.query or parts.fragment or parts.username or parts.password
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    if not host or more or not is_safe or re.search(r"[\s\\<>\"']", text):
        stated.mistake(f"must be {what}; http alone for this machine's own addresses")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
