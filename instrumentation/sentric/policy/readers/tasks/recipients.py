"""Recipients of messages: whom the task, the policy or the operator names, who wrote, and whom the agent looked up."""

from sentric.events import Action, Author, Message, Observation, Source
from sentric.policy.readers.places.hosts import Place
from sentric.policy.readers.tasks.contacts import Contacts, Standing
from sentric.policy.readers.tasks.expected import allowed_sites
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.correspondence import Correspondence
from sentric.policy.readers.values.entities import Entities, entities
from sentric.policy.readers.words.text import readable, small
from sentric.policy.rule import Tuning

KEPT = 1024
"""E-mail addresses remembered as the operator's; those beyond are not."""


class Recipients:
    """What is known of e-mail addresses."""

    def __init__(self, tuning: Tuning, task: Task) -> None:
        self.letters = Correspondence()
        self._contacts = Contacts()
        self._task = task
        self._operators: set[str] = set()
        self.tune(tuning)

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        self._sites = allowed_sites(tuning)
        self._allowed = frozenset(address.lower() for address in tuning.allowed_recipients)

    def hear(self, message: Message) -> None:
        """Learn whom the operator names."""
        if message.author is Author.SYSTEM and len(self._operators) < KEPT:
            self._operators.update(entities(message.text).emails)

    def asks(self, action: Action | None) -> None:
        """The next answer of a tool is that of this action."""
        self._contacts.asks(action)

    def read(self, observation: Observation, named: Entities, values: tuple[str, ...]) -> None:
        """Learn whom a text names."""
        if not named.emails:
            return
        plain = small(readable(observation.text))
        self.letters.read(plain, named, values)
        if observation.source is Source.TOOL_RESULT:
            self._contacts.read(plain, named, self._task.plain, self._task.words)

    def is_welcome(self, email: str, where: Place) -> bool:
        """Whether the task, the policy or the operator names who an e-mail address belongs to."""
        if self._task.names_address(email) or where.site in self._sites or email in self._operators:
            return True
        return not self._allowed.isdisjoint((email, email.partition("@")[2], where.site))

    def is_answered(self, email: str) -> bool:
        """Whether a message to an address is an answer that the task asks for: with values, but with no secrets."""
        return self.letters.is_answered(email, self._task.words)

    def standing(self, email: str, where: Place) -> Standing:
        """What is known of an address: somebody who wrote from a domain that the task names in part is known, too."""
        standing = self._contacts.standing(email)
        if standing is Standing.STRANGE and self.letters.is_sender(email):
            named = not self._task.brands.isdisjoint(where.label.split("-"))
            return Standing.LISTED if named else standing
        return standing
