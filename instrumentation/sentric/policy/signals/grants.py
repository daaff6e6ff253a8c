"""Grants: an app let into an account, a page let at the camera."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl, unquote_plus

from sentric.events import Action, Author, Kind, Message, Observation, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.hosts import URL_LIMIT, place
from sentric.policy.readers.words.lexicon import phrase, words
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

LABEL_LIMIT = 120
"""Longest label of a button that is read."""
SCOPES_LIMIT = 16
"""Scopes of one grant that are named."""
SCRIPT_LIMIT = 16_384
"""Characters of a script that are read."""
TASK_LIMIT = 65_536
"""Characters of the human's turns that are read."""

_PATH = re.compile(
    r"/oauth2?\b|/authori[sz]e\b|/o/oauth2|/consent\b|/dialog/oauth|/connect/authorize|/installations?/(?:new|permissions)"
    r"|/app_?installs?\b|/oauthchooseaccount|/signin/oauth|/deviceauth\b|/device/(?:confirm|code)?"
)
_ALLOW = re.compile(
    r"\b(?:allow|authori[sz]e|accept|grant|approve|agree|install|yes|zulassen|erlauben|autorisieren|autoriser"
    r"|permitir|autorizar|consenti)\b"
)
_GOES_ON = re.compile(r"\b(?:continue|confirm|next|connect|ok|weiter|continuer|continuar)\b")
_DENY = re.compile(r"\b(?:don'?t|do not|deny|cancel|reject|decline|no|not|without|ablehnen|refuser|rechazar)\b")
_BROAD_SCOPE = re.compile(
    r"offline_access|^https://mail\.google\.com|gmail|^mail\b|mail\.(?:read|send)|/auth/drive$|drive\.readwrite|contacts"
    r"|cloud-platform|admin|directory|readwrite|\.all$|full|^repo$|delete|^workflow$|^write|write$|:write|root"
    r"|^\*$|payments?|wallet|user_impersonation|impersonat|sites\.|calendar$|files\.read|all$"
)
_ASKS = Patterns(
    {
        "asks": phrase(
            "wants|want|would like|is requesting|requests|asks for|needs", 60, "access|permissions?|permission to"
        )
        + "|"
        + phrase("(?:this|the) (?:app|application|will allow|will be able)", 60, "able to|permission|access"),
    }
)
_BROAD_TEXT = Patterns(
    {
        "broad": phrase(
            "permanently delete|delete all|edit, create,? and delete|create,? and delete|full access|all (?:of )?your"
            "|send (?:e-?mails?|messages?) (?:as you|on your behalf)|on your behalf|act as you|even when you are not"
            "|offline access|manage your (?:account|organi[sz]ation|users|repositories|payments?)"
        )
    }
)
_ASKED = words(
    "connect connects authorize authorise allow grant grants approve permission permissions install integrate "
    "integration link consent oauth access"
)
_WITH = re.compile(r"\b(?:sign|log) ?(?:in|up|on)\b[^!?\n]{0,80}\b(?:with|via|through|using)\b")
_PERMISSIONS = (
    "notifications?|camera|microphone|geolocation|location|clipboard(?:-read|-write)?|usb|bluetooth|midi|screen"
)
_PERMISSION_LABEL = re.compile(rf"\b(?:{_PERMISSIONS})\b")
_PERMISSION_SCRIPT = Patterns(
    {
        "request": r"notification\.requestpermission|getusermedia|getdisplaymedia|clipboard\.read|requestdevice\("
        r"|permissions\.(?:request|set)|browser\.grantpermissions|browser\.setpermission|getcurrentposition"
    }
)
_PERMISSION_TOOL = re.compile(r"grant_?permissions?|set_?permissions?|handle_?permission", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GrantFacts(Facts):
    """Facts about grants."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.PAGE})
    fields_read: ClassVar[Mapping[str, Reads]] = {
        "browser_permission": frozenset({Content.TEXT, Content.PAGE}),
        "grant_asked_for": frozenset({Content.TASK}),
    }

    oauth_grant: str = ""
    """Host of the page on which the action lets an app into an account."""
    oauth_scopes: tuple[str, ...] = ()
    """What the app asks for, as far as the page's URL says."""
    oauth_broad: bool = False
    """It asks for more than a name and an address: to read or send mail, to change or delete files, to administer, to
    stay when the user is gone."""
    grant_asked_for: bool = False
    """The task speaks of connecting, allowing, installing or signing in with something."""
    browser_permission: str = ""
    """What the action lets a page at: the camera, the clipboard, notifications."""


_NOTHING = GrantFacts()


class Grants(Family[GrantFacts]):
    """Watches what agents let in."""

    facts = GrantFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._asked = False
        self._room = TASK_LIMIT
        self._asking = ""
        """Site of the page, shown last, that asks for access."""
        self._broad = False

    def message(self, message: Message) -> None:
        """A task may ask for it."""
        if message.author is not Author.USER:
            return
        text = readable(message.text[: self._room]).lower()
        self._room -= min(len(message.text), self._room)
        said = "".join(char if char.isalnum() else " " for char in text).split()
        self._asked = self._asked or not _ASKED.isdisjoint(said) or _WITH.search(text) is not None

    def observation(self, observation: Observation) -> GrantFacts:
        """Remember whether a page asks for access."""
        if observation.source is not Source.PAGE:
            return _NOTHING
        text = readable(observation.text)
        where = place(observation.origin) if "://" in observation.origin else None
        may_ask = where is not None and ("access" in text or "permission" in text or "able to" in text)
        asks = may_ask and bool(_ASKS.matching(text))
        self._asking = where.site if asks and where is not None else ""
        self._broad = asks and bool(_BROAD_TEXT.matching(text))
        return _NOTHING

    def action(self, action: Action) -> GrantFacts:
        """Tell what an action lets in."""
        permission = _permission(action)
        if action.element is None or action.kind not in {Kind.CLICK, Kind.SUBMIT, Kind.PERMISSION}:
            return GrantFacts(browser_permission=permission, grant_asked_for=self._asked) if permission else _NOTHING
        label = readable(action.element.text[:LABEL_LIMIT]).lower()
        where = place(action.url) if action.url else None
        if where is None or not where.site or _DENY.search(label):
            return _NOTHING
        url = action.url[:URL_LIMIT]
        scopes, by_url = _scopes(url), _is_oauth(url)
        allows = _ALLOW.search(label) or (_GOES_ON.search(label) and (scopes or where.site == self._asking))
        if not allows or not (by_url or where.site == self._asking):
            return GrantFacts(browser_permission=permission, grant_asked_for=self._asked) if permission else _NOTHING
        broad = any(_BROAD_SCOPE.search(scope) for scope in scopes) or (self._broad and where.site == self._asking)
        return GrantFacts(where.host, scopes, broad, self._asked, permission)


def _is_oauth(url: str) -> bool:
    lowered = url.lower()
    path, _, query = lowered.partition("?")
    if "client_id=" in query and ("scope=" in query or "response_type=" in query or "redirect_uri=" in query):
        return True
    return _PATH.search(path.partition("://")[2]) is not None


def _scopes(url: str) -> tuple[str, ...]:
    query = url.partition("?")[2].partition("#")[0]
    if "scope" not in query:
        return ()
    try:
        pairs = parse_qsl(query, max_num_fields=64)
    except ValueError:
        return ()
    stated = next((value for name, value in pairs if name in {"scope", "scopes", "user_scope"}), "")
    found = unquote_plus(stated).lower().replace(",", " ").split()
    return tuple(dict.fromkeys(found))[:SCOPES_LIMIT]


def _permission(action: Action) -> str:
    """What an action lets a page at, "" for none."""
    if action.kind is Kind.EVALUATE_SCRIPT:
        for _, text in reading(action).arguments:
            script = readable(text[:SCRIPT_LIMIT])
            if found := _PERMISSION_SCRIPT.first(script):
                return script[slice(*found)]
        return ""
    if _PERMISSION_TOOL.search(action.tool[:LABEL_LIMIT]):
        stated = " ".join(text for _, text in reading(action).arguments)[:LABEL_LIMIT].lower()
        return ", ".join(dict.fromkeys(_PERMISSION_LABEL.findall(stated)))
    if action.element is None or action.kind not in {Kind.CLICK, Kind.SUBMIT, Kind.PERMISSION}:
        return ""
    label = readable(action.element.text[:LABEL_LIMIT]).lower()
    found_label = _PERMISSION_LABEL.search(label)
    return found_label[0] if found_label and _ALLOW.search(label) and not _DENY.search(label) else ""
