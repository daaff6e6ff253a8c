"""What belongs where: whether a value or a secret may go to a place, an address or a channel."""

from dataclasses import replace

from sentric.events import Action
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.actions.targets import Targets
from sentric.policy.readers.places.brands import is_search_engine
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.contacts import Standing
from sentric.policy.readers.tasks.expected import allowed_sites
from sentric.policy.readers.tasks.recipients import Recipients
from sentric.policy.readers.tasks.services import Services
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.correspondence import is_colleague
from sentric.policy.readers.values.memory import Seen, SeenValues
from sentric.policy.readers.values.payload import Leak, Payload, is_name
from sentric.policy.readers.words.lexicon import words
from sentric.policy.rule import Tuning

TASK, OPERATOR = "the task", "the system prompt"
"""Places where secrets are given to the agent."""
_PUBLIC = words("tweet retweet gist gists paste pastebin snippet publish review reddit forum blog story announcement")
"""Words in the names of tools whose messages everybody can read."""


class Belonging:
    """Compares what goes somewhere with where it was seen, and with whom the task, the policy and directories name."""

    def __init__(
        self, tuning: Tuning, task: Task, seen: SeenValues, services: Services, recipients: Recipients
    ) -> None:
        self._task, self._seen, self._services, self._recipients = task, seen, services, recipients
        self.tune(tuning)
        self._home = ""
        self.has_read = False
        """Whether the agent has read anything yet."""
        self.numbers: set[str] = set()
        """Personal numbers that the task gives."""

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        self._allowed = allowed_sites(tuning)

    def settle(self, stands: Place | None, goes: Targets) -> None:
        """Where the task names no site, the first one is: where the agent was started, or went before it read."""
        if self._home or self.has_read:
            return
        first = next((where for where in (stands, *goes.places) if where is not None and where.site), None)
        self._home = first.site if first is not None else ""

    def is_expected(self, where: Place) -> bool:
        """Whether even secrets belong there. For them, a word that is like a brand is not enough."""
        if not where.site or where.site in self._allowed or self._task.names_exactly(where):
            return True
        return where.site == self._home and not self._task.sites

    def is_at_ease(self, where: Place) -> bool:
        """Whether anything but secrets may go there."""
        return is_search_engine(where) or self._task.names(where)

    def carried(self, where: Place, load: Payload) -> Leak | None:
        """What goes to a place that has no business with it."""
        if not (load.values or load.secrets) or self.is_expected(where):
            return None
        values = () if self.is_at_ease(where) else load.values
        secrets = tuple(secret for secret in load.secrets if not self._services.is_home(secret, where))
        leak = self._foreign(where.host, where.site, Payload(values, secrets))
        if leak is None:
            return None
        is_meant = not leak.values and all(self._services.is_for(secret, where) for secret in leak.secrets)
        return replace(leak, is_known=is_meant or self._services.is_spoken_of(where))

    def mailed(self, email: str, load: Payload) -> Leak | None:
        """What goes to an e-mail address that has no business with it."""
        where = place(email.partition("@")[2])
        if where is None or self._recipients.is_welcome(email, where):
            return None
        standing = self._recipients.standing(email, where)
        if standing is Standing.ASKED:
            load = Payload((), () if self._services.is_about_secrets() else load.secrets)
        known = self._recipients.letters.known_to(email)
        # The name of a file tells a reader little, and many a mail has one.
        values = tuple(value for value in load.values if value not in known and not is_name(value))
        leak = self._foreign(
            email, where.site, Payload(() if self._recipients.is_answered(email) else values, load.secrets)
        )
        return replace(leak, is_known=standing is not Standing.STRANGE) if leak is not None else None

    def posted(self, action: Action, load: Payload) -> Leak | None:
        """Secrets in a message that has no address: in a channel, to a name, or for everybody to read."""
        if self._services.is_about_secrets():
            return None
        own = f"{action.server}/" if action.server else action.tool
        secrets = {
            secret: seen
            for secret in load.secrets
            if (seen := self._foreign_secret(secret, action.tool)) and not any(name.startswith(own) for name in seen)
        }
        if not secrets:
            return None
        target = "/".join(filter(None, (action.server, action.tool)))
        return Leak(target, secrets, {}, is_known=_PUBLIC.isdisjoint(name_parts(action.tool)))

    def foreign_value(self, value: str, site: str) -> Seen | None:
        """Where a value came from, if that makes a site the wrong place for it."""
        seen = self._seen.places_of_value(value)
        if not seen or site in seen or value in self._task.tokens or value in self._task.values:
            return None
        if "@" in value and is_colleague(value, site):
            return None
        return None if value in self.numbers else seen

    def _foreign(self, target: str, site: str, load: Payload) -> Leak | None:
        """Of what goes to a site, that which has no business there."""
        secrets = {secret: seen for secret in load.secrets if (seen := self._foreign_secret(secret, site))}
        values = {value: seen for value in load.values if (seen := self.foreign_value(value, site)) is not None}
        return Leak(target, secrets, values) if secrets or values else None

    def _foreign_secret(self, secret: str, site: str) -> Seen | None:
        """Where a secret came from, if that makes a site the wrong place for it."""
        seen = self._seen.places_of_secret(secret)
        if not seen or site in seen:
            return None
        # A task that gives a password but names no site leaves it to the agent to find where it belongs.
        is_given = all(where in {TASK, OPERATOR} for where in seen)
        return None if is_given and not self._task.sites else seen
