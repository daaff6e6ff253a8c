"""People the agent looked up: whom the user's own records name, and who of them the task means."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Set
from enum import IntEnum

from sentric.events import Action, Kind
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.values.correspondence import parties
from sentric.policy.readers.values.entities import Entities
from sentric.policy.readers.words.lexicon import words

KEPT = 512
"""Addresses remembered as looked up; the one read of longest ago is forgotten first."""
TEXT_LIMIT = 65_536
"""Characters of an answer that are read."""
FEW = 3
"""Addresses of the longest answer that is as a whole what was asked for."""
RECORD = 96
"""Characters before and behind an address in which its record says whose it is."""
QUERY_LENGTH = 256
"""Longest argument of a look-up that says whom it is for."""
NAME_LIMIT = 256
"""Characters of a tool's name that are read."""
WORD_LENGTH = 3
"""Shortest word that can say who is meant."""

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_WORDS = re.compile(r"[^\W\d_]+")
_RECORD_END = re.compile(r"[\n{};]|\\n")
_DIRECTORIES = words(
    "contact contacts addressbook phonebook people person directory colleague colleagues employee employees staff team "
    "member members supplier suppliers vendor vendors partner partners customer customers client clients "
    "crm hr organization organisation orgchart family relatives guests attendees kontakte contactos"
)
"""Words in the names of tools that look people up in records of the user's own."""
_FROM_OTHERS = words(
    "web website webpage page pages url http browser mail mails email emails inbox message messages thread threads "
    "comment comments issue issues review reviews ticket tickets chat chats channel channels post posts feed news "
    "article articles invite invitation invitations event events wiki forum document documents attachment attachments "
    "file files folder drive note notes pull merge commit commits repo repository readme bio download scrape crawl sms "
    "notification notifications transaction transactions read open fetch bash shell exec execute run code log logs"
)
"""Words in the names of tools whose answers anybody may have written."""
_OWN = words("profile whoami me self myself")
"""Words in the names of tools that, asked for nobody, tell of the user."""
_TO_USER = frozenset({"me", "my", "myself"})
_SAYS_NOBODY = words(
    "the and for with from our his her their them this that who whose what name names contact contacts email emails "
    "mail address addresses phone telephone number details detail list lists first last best new next get find search "
    "look lookup query send forward give tell write user users person people company organization role title type note "
    "notes info information date status score all any each every please also own job jobs"
)
"""Words that stand in records of anybody."""
_STORES = frozenset({Kind.DATABASE, Kind.FILE_READ})
_ELSEWHERE = frozenset(
    {Kind.NAVIGATE, Kind.HTTP, Kind.SHELL, Kind.EVALUATE_SCRIPT, Kind.FILE_READ, Kind.DOWNLOAD, Kind.EXTRACT}
)


class Standing(IntEnum):
    """What is known of an address."""

    STRANGE = 0
    LISTED = 1
    """It is in a directory of the user's."""
    ASKED = 2
    """A record of the user's has it, and says by a name or a role that it is of whom the task speaks."""


class Contacts:
    """The addresses that look-ups brought."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Standing] = OrderedDict()
        self._tool: frozenset[str] = frozenset()
        self._query: frozenset[str] = frozenset()
        self._is_directory = self._is_own = False

    def asks(self, action: Action | None) -> None:
        """The next answer is that of this action."""
        self._tool = self._query = frozenset()
        if action is None:
            return
        tool = frozenset(part.lower() for part in _PARTS.findall(action.tool[:NAME_LIMIT]))
        short = " ".join(text for _, text in reading(action).arguments if len(text) <= QUERY_LENGTH)
        asked = frozenset(_words(short))
        self._is_directory = not tool.isdisjoint(_DIRECTORIES)
        if action.kind in _ELSEWHERE or not tool.isdisjoint(_FROM_OTHERS):
            # contacts.csv, select email from suppliers: a directory, whatever reads it
            self._is_directory = action.kind in _STORES and not asked.isdisjoint(_DIRECTORIES)
            if not self._is_directory:
                return
        self._is_own = not asked and not tool.isdisjoint(_OWN)
        self._tool, self._query = tool, _telling((*tool, *asked))

    def read(self, plain: str, named: Entities, said: Set[str], words: Set[str]) -> None:
        """Read the answer.

        Args:
            plain: its text, `readable` and in lower case.
            named: what it names.
            said: the words of the task that may name somebody.
            words: all words of the task.
        """
        if not self._tool:
            return
        plain = plain[:TEXT_LIMIT]
        is_few = len(named.emails) <= FEW
        asked_for = is_few and self._is_directory and not self._query.isdisjoint(said)
        asked_for = asked_for or (is_few and self._is_own and not _TO_USER.isdisjoint(words))
        for email in parties(plain, named):
            if asked_for or not _record(plain, email).isdisjoint(said):
                self._note(email, Standing.ASKED)
            elif self._is_directory:
                self._note(email, Standing.LISTED)
        self._tool = frozenset()

    def standing(self, email: str) -> Standing:
        """What is known of an address."""
        return self._found.get(email, Standing.STRANGE)

    def _note(self, email: str, standing: Standing) -> None:
        self._found[email] = max(standing, self.standing(email))
        self._found.move_to_end(email)
        if len(self._found) > KEPT:
            self._found.popitem(last=False)


def _record(plain: str, email: str) -> frozenset[str]:
    """The telling words of the record that an address stands in."""
    at = plain.find(email)
    before = _RECORD_END.split(plain[max(0, at - RECORD) : at])[-1]
    end = at + len(email)
    after = _RECORD_END.split(plain[end : end + RECORD], maxsplit=1)[0]
    return _telling(_words(before if "@" in after else f"{before} {after}"))


def _telling(said: Iterable[str]) -> frozenset[str]:
    found = {word for word in said if len(word) >= WORD_LENGTH}
    found.update([word[:-1] for word in found if word[-1] == "s"])
    return frozenset(found) - _SAYS_NOBODY


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.lower())
