"""Allow-lists that are whole: what an action uses that stands on none of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import re2

from sentric.events import Action, Effect, Kind
from sentric.policy.content import Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.programs.code import programs
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family

RECIPIENT_LENGTH = 256
"""Longest argument that is taken for a recipient; longer ones are prose."""
NAME_LIMIT = 1024
"""Characters of a name that are compared."""

_RECIPIENT_KEYS = words(
    "to cc bcc recipient recipients receiver receivers payee beneficiary email emails e-mail address addresses "
    "participants invitees attendees members member collaborator collaborators channel channels room chat phone "
    "phone_number iban account account_number recipient_email email_address user_email collaborator_email "
    "recipient_account destination_account user username user_id handle"
)
_REACHING = frozenset({Effect.SEND, Effect.PAY, Effect.GRANT})
"""Effects that have a recipient."""
_NETWORK = words(
    "curl wget nc ncat netcat telnet ssh scp sftp rsync ping dig nslookup host ftp socat http https httpie xh iwr irm "
    "invoke-webrequest invoke-restmethod openssl whois traceroute fetch aria2c"
)
"""Programs whose operands are hosts."""
_HOST = re.compile(r"(?:[\w.+-]{1,64}@)?((?:[\w-]{1,63}\.){1,16}[a-zA-Z]{2,24})(?::[\w./~-]*)?(?:/.*)?")
_OUTPUTS = words(
    "-o --output -O -T --upload-file -i -F -K --config --output-document --cacert --cert --key -E -H -A -b -c"
)
"""Options whose value is no host."""
WORDS_READ = 256
"""Words of one program that are read as hosts."""
_HEADER = re.compile(r"^(?:to|cc|bcc)[ \t]*:[ \t]*(.{1,2048})", re.IGNORECASE | re.MULTILINE)
"""A mail that is given whole says itself whom it goes to."""
HEADERS_LIMIT = 32
"""Headers of one text that are read."""
_SPLIT = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class ListedFacts(Facts):
    """Facts about allow-lists that the policy has closed."""

    fields_read: ClassVar[Mapping[str, Reads]] = {
        "unlisted_tool": frozenset(),
    }

    unlisted_tool: str = ""
    """The tool of the action, where it is outside the closed list `allowed_tools`."""
    unlisted_domain: str = ""
    """A host the action stands on or goes to that is outside the closed list `allowed_domains`."""
    unlisted_recipient: str = ""
    """Whom the action sends, pays or grants something to that is outside the closed list `allowed_recipients`."""


_NOTHING = ListedFacts()


class Listed(Family[ListedFacts]):
    """Compares actions with the allow-lists that the policy has closed."""

    facts = ListedFacts
    lists: ClassVar[tuple[str, ...]] = ("tools", "domains", "recipients")
    """The lists that can be closed."""

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        closed = frozenset(tuning.closed)
        self._tools = Names(tuning.allowed_tools) if "tools" in closed else None
        self._domains = Names(tuning.allowed_domains) if "domains" in closed else None
        self._recipients = Names(tuning.allowed_recipients) if "recipients" in closed else None
        self._open = not closed

    def action(self, action: Action) -> ListedFacts:
        """Find what is on no list."""
        if self._open:
            return _NOTHING
        return ListedFacts(self._tool(action), self._domain(action), self._recipient(action))

    def _tool(self, action: Action) -> str:
        if self._tools is None or self._tools.hold(action.tool):
            return ""
        name = f"{action.server}/{action.tool}" if action.server else action.tool
        return "" if self._tools.hold(name) else name

    def _domain(self, action: Action) -> str:
        if self._domains is None:
            return ""
        goes = reading(action).goes
        places = [*goes.places, goes.form, place(action.url) if action.url else None, *_called(action)]
        for where in places:
            if where is not None and where.host and not self._allows(self._domains, where):
                return where.host
        return ""

    def _allows(self, allowed: "Names", where: Place) -> bool:
        if self.tuning.allow_loopback and where.loopback:
            return True
        labels = where.host.split(".")
        # What is above a site is a public suffix, such as co.uk: it allows nobody's site.
        last = len(labels) - where.site.count(".") if where.site else len(labels)
        return any(allowed.hold(".".join(labels[index:])) for index in range(last))

    def _recipient(self, action: Action) -> str:
        if self._recipients is None or action.effects.isdisjoint(_REACHING) or action.kind is Kind.HTTP:
            return ""
        for recipient in recipients(action):
            _, at, domain = recipient.rpartition("@")
            names = (recipient, domain, f"@{domain}") if at else (recipient,)
            if not any(map(self._recipients.hold, names)):
                return recipient
        return ""


class Names:
    """A list of names, in which `*` stands for anything; compared without regard to case."""

    def __init__(self, names: Iterable[str]) -> None:
        stated = [name.strip().lower() for name in names]
        self._plain = frozenset(name for name in stated if "*" not in name)
        self._globs = [
            re2.compile("(?s)" + ".*".join(map(re2.escape, name.split("*")))) for name in stated if "*" in name
        ]

    def hold(self, name: str) -> bool:
        """Whether a name is on the list."""
        wanted = name[:NAME_LIMIT].strip().lower()
        if wanted in self._plain:
            return True
        clean = wanted.encode("utf-8", "replace").decode()
        return any(glob.fullmatch(clean) for glob in self._globs)


def _called(action: Action) -> Iterator[Place]:
    """The hosts that programs are told without a scheme: `curl files.example`, `nc host.example 80`."""
    if action.kind is not Kind.SHELL:
        return
    for call in programs(action, every=True):
        if call.program not in _NETWORK:
            continue
        given = call.arguments[:WORDS_READ]
        for index, word in enumerate(given):
            if word.startswith(("-", "@")) or "://" in word or (index and given[index - 1] in _OUTPUTS):
                continue
            if (found := _HOST.fullmatch(word)) is not None and (where := place(found[1])) is not None:
                yield where


def recipients(action: Action) -> list[str]:
    """Whom an action is for, by the names of its arguments: addresses, accounts, channels, in their order."""
    found: dict[str, None] = {}
    for key, text in reading(action).arguments:
        if key in _RECIPIENT_KEYS and len(text) <= RECIPIENT_LENGTH:
            found.update(dict.fromkeys(part.strip() for part in _SPLIT.split(text) if part.strip()))
    for email in reading(action).goes.emails:
        found.setdefault(email)
    if action.kind is Kind.MESSAGE:
        for _, text in reading(action).arguments:
            if "@" in text and ":" in text:
                for header in islice(_HEADER.finditer(text), HEADERS_LIMIT):
                    found.update(dict.fromkeys(entities(header[1]).emails))
    return list(found)
