"""Where an action stands and where it goes: secure or not, inside, disguised; and whether it types a credential."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Author, Kind, Message, Observation
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.places.brands import CHEAP_SUFFIXES
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.places.internal import borrowed
from sentric.policy.readers.places.lookalike import IMITATED, Imitation, Means, disguised, genuine_places, imitation
from sentric.policy.readers.places.schemes import (
    danger,
    disguise,
    is_plain,
    local_scheme,
    named_before_host,
    schemes_in,
)
from sentric.policy.readers.tasks.credentials import types_credential
from sentric.policy.readers.tasks.expected import Expected
from sentric.policy.readers.tasks.task import TASK_LIMIT
from sentric.policy.readers.words.lexicon import words
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

HOSTS_KEPT = 1024
"""Hosts whose judgement is remembered."""
FILES_KEPT = 256
"""Names of files remembered as the task's or the agent's own."""
SCHEMES_KEPT = 64
"""Schemes remembered as spoken of in the task."""
FILE_ARGUMENT = 512
"""Longest argument in which names of files are looked for."""
SUBDOMAINS = 5
"""More labels than this before the registered domain are suspicious."""

_REACHING = frozenset({Kind.NAVIGATE, Kind.HTTP, Kind.DOWNLOAD, Kind.UPLOAD})
"""Kinds that load what their URL leads to."""
_CATCHERS = words(
    "webhook.site requestbin.com requestbin.net requestcatcher.com beeceptor.com pipedream.net hookbin.com "
    "interact.sh interactsh.com oast.fun oast.pro oast.live oast.site oast.online oast.me burpcollaborator.net "
    "oastify.com dnslog.cn ceye.io canarytokens.com ngrok.io ngrok.app ngrok-free.app ngrok.dev trycloudflare.com "
    "loca.lt serveo.net localhost.run bore.pub transfer.sh file.io pastebin.com hastebin.com 0x0.st termbin.com ix.io"
)
"""Services that show whoever opens an address what others send there, and tunnels to somebody's own machine."""
_WRITING = frozenset({Kind.FILE_WRITE, Kind.DOWNLOAD, Kind.EXPORT, Kind.SHELL, Kind.OTHER})
"""Kinds that may make files."""
_INSIDE_WORDS = words(
    "localhost local locally loopback intranet lan router nas printer docker container containers kubernetes k8s "
    "minikube internal dev development staging devserver homelab selfhosted vpn"
)
"""Words of tasks that are about a machine or a network of one's own."""
_ENDING = re.compile(r"\.(?:html?|pdf|svg|txt|md|json|csv|png|jpe?g|xml|mhtml)\b", re.IGNORECASE)
_IN_NAME = re.compile(r"[\w-]").match
STEM_LENGTH = 64
"""Characters of a file's name before its ending that are read."""


@dataclass(frozen=True, slots=True)
class OriginFacts(Facts):
    """Facts about places."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_read: ClassVar[Mapping[str, Reads]] = {
        **dict.fromkeys(("secure_origin", "inside_as_asked", "credential_field"), frozenset({Content.PAGE})),
        "lookalike_is_weak": frozenset({Content.TEXT, Content.TASK}),
    }

    secure_origin: bool = False
    """The page the action stands on, and the form it fills where that is known, use HTTPS. Loopback addresses count
    as secure only where the policy says so, or where the agent itself works with a shell on this machine."""
    inside_as_asked: bool = False
    """The page is of this machine or its network, as is the form it fills, and the task names that address, or
    names no site and the agent was started there."""
    credential_field: bool = False
    """The action types a password, a card number or a one-time code, by the field's type, name or label, or types
    a value that redaction knew for a secret."""
    loopback: bool = False
    """The page, or a target of the action, is this machine itself, however it is spelled."""
    private_network: bool = False
    """The page, or a target of the action, is an address of a private network."""
    target_hosts: tuple[str, ...] = ()
    """Hosts the action goes to: by its arguments and by the form it is part of."""
    lookalike_host: str = ""
    """The host that seems made to be taken for another."""
    lookalike_of: str = ""
    """The site it is made to be taken for: one the task names, a protected one, or a much imitated one."""
    lookalike_by: str = ""
    """How it is made so."""
    lookalike_is_weak: bool = False
    """Only a slip of a letter tells it from a site that is not much imitated: both may be honest."""
    lookalike_letters: bool = False
    """It is made so by letters of another script."""
    suspicious_domain: str = ""
    """A host the action goes to that has a mark of deceit."""
    suspicious_because: str = ""
    """Which mark that is."""
    internal_host: str = ""
    """An address of this machine or its network that the action goes to, and that neither the task speaks of nor the
    agent was started at. This machine counts only for agents that have not used a shell on it."""
    internal_disguised: bool = False
    """That address is written so that it is hard to know for one inside: `0x7f.1`, `2130706433`."""
    metadata_host: str = ""
    """A cloud's metadata service that the action goes to, and that the task does not name."""
    dangerous_url: str = ""
    """What makes a URL that the action loads one that only attacks use."""
    local_scheme: str = ""
    """The scheme of a URL that the action loads, where it leads to a program, a file or a page of the browser's own,
    and the task does not speak of it."""
    disguised_url: str = ""
    """How a URL that the action loads is written so that it reads as leading elsewhere."""


_NOTHING = OriginFacts()


class Origin(Family[OriginFacts]):
    """Judges the places of actions."""

    facts = OriginFacts

    def __init__(self, tuning: Tuning) -> None:
        self._expected = Expected(tuning)
        self._imitations: dict[str, Imitation | None] = {}
        super().__init__(tuning)
        self._has_shell = False
        self._spoken_of: set[str] = set()
        """Schemes the task speaks of."""
        self._files: OrderedDict[str, None] = OrderedDict()

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        self._expected.tune(tuning)
        self._shipped = genuine_places((*tuning.protected_domains, *IMITATED))
        self._imitated = frozenset(where.site for where in self._shipped)
        self._compare()

    def _compare(self) -> None:
        """Compare hosts with the task's sites, too, from now on."""
        self._genuine = (*genuine_places(self._expected.task.sites), *self._shipped)
        self._imitations.clear()

    def message(self, message: Message) -> None:
        """Sites the human names are compared with, too."""
        if not self._expected.hear(message) or message.author is not Author.USER:
            return
        text = message.text[:TASK_LIMIT]
        self._compare()
        if len(self._spoken_of) < SCHEMES_KEPT:
            self._spoken_of.update(sorted(schemes_in(text))[:SCHEMES_KEPT])
        self._note_files(text)

    def observation(self, observation: Observation) -> OriginFacts:
        """Learn where the agent is. Nothing is said about texts."""
        self._expected.saw(observation, place(observation.origin) if "://" in observation.origin else None)
        return _NOTHING

    def action(self, action: Action) -> OriginFacts:
        """Judge the places of an action."""
        stands = place(action.url) if action.url else None
        read = reading(action)
        self._expected.acted(action, stands, read.goes)
        self._has_shell = self._has_shell or action.kind is Kind.SHELL
        facts = self._judge(action, stands, read)
        if action.kind in _WRITING:
            for _, text in read.arguments:
                if "." in text and len(text) <= FILE_ARGUMENT:
                    self._note_files(text)
        return facts

    def _judge(self, action: Action, stands: Place | None, read: Reading) -> OriginFacts:
        goes = read.goes
        if (
            stands is None
            and not goes.places
            and goes.form is None
            and not goes.links
            and action.kind is not Kind.INPUT
        ):
            return _NOTHING
        reached = (*goes.places, goes.form) if goes.form is not None else goes.places
        places = (stands, *reached) if stands is not None else reached
        twin = next(((where, of) for where in places if (of := self._imitation(where)) is not None), None)
        marked = next(((where, why) for where in reached if (why := self._mark(where))), None)
        inside = next((where for where in reached if where.inside and not self._is_asked_for(where)), None)
        urls = [url for url in goes.links if not is_plain(url)] if action.kind in _REACHING else []
        return OriginFacts(
            secure_origin=self._is_secure(stands) and (goes.form is None or self._is_secure(goes.form)),
            inside_as_asked=stands is not None
            and self._is_inside_as_asked(stands)
            and (goes.form is None or goes.form.site == stands.site),
            credential_field=types_credential(action, read),
            loopback=any(where.loopback for where in places),
            private_network=any(where.private for where in places),
            target_hosts=tuple(dict.fromkeys(where.host for where in reached if where.host)),
            lookalike_host=twin[0].host if twin else "",
            lookalike_of=twin[1].of if twin else "",
            lookalike_by=twin[1].by.value if twin else "",
            lookalike_is_weak=twin is not None and twin[1].by is Means.SLIP and twin[1].of not in self._imitated,
            lookalike_letters=twin is not None and twin[1].by is Means.LETTERS,
            suspicious_domain=marked[0].host if marked else "",
            suspicious_because=marked[1] if marked else "",
            internal_host=inside.host if inside is not None else "",
            internal_disguised=inside is not None and inside.unusual,
            metadata_host=inside.host if inside is not None and inside.metadata else "",
            dangerous_url=next((why for url in urls if (why := danger(url))), ""),
            local_scheme=next((name for url in urls if (name := self._local(url))), ""),
            disguised_url=next((why for url in urls if (why := self._disguise(url, stands))), ""),
        )

    def _is_secure(self, where: Place | None) -> bool:
        if where is None:
            return False
        if where.scheme in {"https", "wss"}:
            return True
        return where.loopback and (self.tuning.allow_loopback or self._has_shell)

    def _is_inside_as_asked(self, where: Place) -> bool:
        if not where.inside or where.metadata or where.unusual:
            return False
        task, expected = self._expected.task, self._expected
        if task.names_exactly(where) or where.site in expected.allowed or where.host in task.tokens:
            return True
        if where.loopback and not task.plain.isdisjoint(_INSIDE_WORDS):
            return True
        return expected.is_inside and not task.sites and where.site == expected.home

    def _imitation(self, where: Place) -> Imitation | None:
        if not where.label or where.site in self._expected.allowed:
            return None
        if where.host not in self._imitations:
            if len(self._imitations) >= HOSTS_KEPT:
                self._imitations.clear()
            self._imitations[where.host] = imitation(where, self._genuine)
        return self._imitations[where.host]

    def _mark(self, where: Place) -> str:
        if not where.host or self._expected.task.names(where) or where.site in self._expected.allowed:
            return ""
        if where.userinfo:
            return "a user name stands before the host"
        if where.address:
            return "" if where.inside else "an IP address instead of a name"
        if where.host.rpartition(".")[2] in CHEAP_SUFFIXES:
            return "a top-level domain used mostly for abuse"
        if where.site in _CATCHERS or where.site.partition(".")[2] in _CATCHERS:
            return "a service that catches or tunnels requests"
        if where.host.removesuffix(where.site).count(".") > SUBDOMAINS:
            return "many subdomains"
        return disguised(where)

    def _is_asked_for(self, where: Place) -> bool:
        """Whether an agent may go to a place inside without question."""
        task, expected = self._expected.task, self._expected
        if task.names_exactly(where) or where.site in expected.allowed:
            return True
        if where.metadata or where.unusual:
            return False
        if where.loopback and (self._has_shell or self.tuning.allow_loopback):
            return True
        # Names of a company's network are where its agents work; an address is what an attacker knows.
        if not where.address and not where.loopback:
            return not where.host.endswith(".internal") and not borrowed(where.host)
        return not task.plain.isdisjoint(_INSIDE_WORDS) or expected.is_inside

    def _local(self, url: str) -> str:
        found = local_scheme(url)
        if not found or found in self._spoken_of:
            return ""
        if found == "file" and (names := _files(url[-FILE_ARGUMENT:])) and names[-1] in self._files:
            return ""
        return found

    def _disguise(self, url: str, stands: Place | None) -> str:
        if why := disguise(url):
            return why
        if "@" not in url or (named := named_before_host(url)) is None:
            return ""
        is_known = self._expected.includes(named) or any(named.site == genuine.site for genuine in self._genuine)
        if is_known or (stands is not None and stands.site == named.site):
            return f"{named.host} before the host, where a user name stands"
        return ""

    def _note_files(self, text: str) -> None:
        for name in _files(text):
            self._files[name] = None
        while len(self._files) > FILES_KEPT:
            self._files.popitem(last=False)


def _files(text: str) -> list[str]:
    """The names of files in a text, in lower case."""
    found: list[str] = []
    last = 0
    # Looking for the endings first is far faster than for names that may turn out to have one.
    for ending in _ENDING.finditer(text):
        start = ending.start()
        while start > max(last, ending.start() - STEM_LENGTH) and _IN_NAME(text[start - 1]):
            start -= 1
        if start < ending.start():
            found.append(text[start : ending.end()].lower())
            last = ending.end()
    return found
