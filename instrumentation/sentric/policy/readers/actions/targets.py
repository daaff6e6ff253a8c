"""Where an action goes: the places its arguments and its form name as targets, as opposed to merely mention."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.places.hosts import URL_LIMIT, Place, place
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words

_URL_KEYS = words(
    "url urls uri href link endpoint webhook webhook_url callback callback_url host hostname domain server base_url "
    "site website address target destination remote origin"
)
_RECIPIENT_KEYS = words(
    "to recipient recipients cc bcc email emails e-mail address addresses receiver user users member members "
    "participants invitees attendees email_address user_email collaborator_email recipient_email"
)
_CODE = frozenset({Kind.SHELL, Kind.EVALUATE_SCRIPT})
"""Kinds whose arguments are programs: a URL in the middle of one is where it goes."""
_REACHING = frozenset({Kind.NAVIGATE, Kind.HTTP, Kind.DOWNLOAD, Kind.UPLOAD})
"""Kinds where a host without a scheme is a target. Elsewhere it may be any server's name, or a file's."""
_ADDRESSED = frozenset({Kind.NAVIGATE, Kind.DOWNLOAD})
"""Kinds whose arguments are addresses, under whatever key."""
_BLANK = re.compile(r"\s")
_IGNORED = "".join(map(chr, range(33)))
"""What a URL parser strips from both ends of its input (WHATWG URL, C0 control or space)."""
_SECRET_HOST = re.compile(r"‹secret:[^›]{0,80}›(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![A-Za-z0-9-])")
"""A name to be looked up that begins with a secret: whoever answers for the domain learns it."""
_HOSTLESS = re.compile(r"[a-z][a-z0-9+.\t\n\r-]{1,30}:(?!//|\d|[\t\n\r]*[/\\]{2})|file:|\\\\", re.IGNORECASE)
TARGET_LIMIT = 32
"""Targets of one action that are told apart."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where an action goes."""

    places: tuple[Place, ...] = ()
    """By URL or host, without repetition of a site and host."""
    emails: tuple[str, ...] = ()
    """Recipients of a message or a grant."""
    form: Place | None = None
    """Where the form of the action's element is sent to, if that is known."""
    links: tuple[str, ...] = ()
    """The URLs as they are written, also those that lead to no host: `javascript:`, `file:`."""


def targets(action: Action, arguments: Iterable[tuple[str, str]]) -> Targets:
    """Tell where an action goes.

    Args:
        action: the action.
        arguments: its arguments as `leaves` gives them.
    """
    places: dict[tuple[str, str], Place] = {}
    emails: dict[str, None] = {}
    links: dict[str, None] = {}
    reaches_people = action.kind is Kind.MESSAGE or not action.effects.isdisjoint({Effect.SEND, Effect.GRANT})
    for key, text in arguments:
        if len(places) + len(emails) >= TARGET_LIMIT:
            break
        if (local := _local(action.kind, key, text)) is not None:
            links[local] = None
            continue
        for url in _urls(action.kind, key, text):
            links[url] = None
            if (where := place(url)) is not None:
                places.setdefault((where.site, where.host), where)
        if reaches_people and "@" in text and key in _RECIPIENT_KEYS:
            emails.update(dict.fromkeys(entities(text).emails))
    return Targets(tuple(places.values()), tuple(emails), _form(action), tuple(links)[:TARGET_LIMIT])


def _form(action: Action) -> Place | None:
    if action.element is None or not action.element.form_action:
        return None
    where = place(action.element.form_action)
    return where if where is not None and where.host else None


def _local(kind: Kind, key: str, text: str) -> str | None:
    """A URL that names no server: what it leads to is a program, a file, or a page of the browser's own."""
    if kind not in _REACHING or (key not in _URL_KEYS and kind not in _ADDRESSED):
        return None
    # Browsers pass over white space and control characters before a scheme, and over some within it.
    bare = text[:URL_LIMIT].lstrip(_IGNORED)
    if _HOSTLESS.match(bare) is None:
        return None
    return bare


def _urls(kind: Kind, key: str, text: str) -> tuple[str, ...]:
    if kind in _CODE:
        looked_up = tuple(match[0] for match in _SECRET_HOST.finditer(text[:URL_LIMIT])) if "‹" in text else ()
        return (*(entities(text).urls if "://" in text else ()), *looked_up)
    bare = text.strip() if len(text) <= 2 * URL_LIMIT else text[:URL_LIMIT].strip()
    if not bare:
        return ()
    # Browsers encode the white space in a URL. Only a text that nobody takes for a URL is prose that begins with one.
    blank = _BLANK.search(bare)
    if blank and key not in _URL_KEYS and kind not in _ADDRESSED:
        return ()
    if bare[:8].lower().startswith(("http://", "https://")):
        return (_BLANK.sub("%20", bare),)
    if key not in _URL_KEYS or "@" in bare:
        return ()
    beginning = bare.partition("/")[0] if blank else bare
    return (_BLANK.sub("%20", bare),) if "://" in bare or (kind in _REACHING and _is_host_like(beginning)) else ()


def _is_host_like(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"
