"""What an action takes with it: the secrets and values in its arguments, as they stand or hidden in an encoding."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from sentric.policy.readers.values.encodings import decoded, is_escaped, mirrored
from sentric.policy.readers.values.entities import Entities, entities, entities_of_url
from sentric.policy.readers.values.memory import Seen
from sentric.policy.readers.values.personal_data import numbers
from sentric.policy.readers.values.shingles import is_token

CARRIED_LIMIT = 8
"""Carried values that are named in the facts."""
SHOWN = 6
"""Characters of a carried value that are shown at each end."""

URL_TOKEN_LENGTH = 20
"""Characters of the shortest token that has no business in a URL to a place it did not come from."""
NAME_LENGTH = 4
NUMBER_LENGTH = 11
"""Characters of a name with a number: of the words in it at least, and of the number or date behind them at most."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Secrets and values, each once."""

    values: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is in encoded stretches of some texts."""

    payload: Payload
    ways: dict[str, str]
    """How each value and secret was hidden, in words."""
    texts: tuple[str, ...]
    """The decoded texts."""


def values_of(text: str, named: Entities) -> tuple[str, ...]:
    """All that can be recognised elsewhere: numbers, tokens, e-mail addresses, personal numbers in any spacing."""
    return tuple(dict.fromkeys((*named.values, *named.emails, *numbers(text))))


def payload(texts: Iterable[str]) -> Payload:
    """What some texts take with them, as it stands in them."""
    values: dict[str, None] = {}
    secrets: dict[str, None] = {}
    for text in texts:
        plain = unquote_plus(text, errors="replace") if is_escaped(text) else text
        named = entities(plain)
        values.update(dict.fromkeys(values_of(plain, named)))
        secrets.update(dict.fromkeys(named.secrets))
    return Payload(tuple(values), tuple(secrets))


def hidden(texts: Iterable[str], plain: Payload) -> Hidden:
    """What some texts take with them in encodings, or read backwards.

    Args:
        texts: the texts.
        plain: what they take with them as it stands.
    """
    ways = mirrored(plain.values)
    secrets: dict[str, None] = {}
    inner = [one for text in texts for one in decoded(text)]
    for one in inner:
        inside, way = payload((one.text,)), " in ".join(reversed(one.encodings))
        secrets.update(dict.fromkeys(inside.secrets))
        ways |= {other: f"{turned} in {way}" for other, turned in mirrored(inside.values).items()}
        ways |= dict.fromkeys((*inside.values, *inside.secrets), way)
    values = tuple(value for value in ways if value not in secrets) if secrets else tuple(ways)
    return Hidden(Payload(values, tuple(secrets)), ways, tuple(one.text for one in inner))


@lru_cache(maxsize=1024)
def of_url(url: str) -> Payload:
    """What a URL takes with it, as it stands in it or hidden in an encoding."""
    written = unquote_plus(url, errors="replace") if is_escaped(url) else url
    named = entities_of_url(written.lower())
    plain = Payload(values_of(written, named), named.secrets)
    inside = hidden((url,), plain).payload
    return Payload((*plain.values, *inside.values), (*plain.secrets, *inside.secrets))


@dataclass(frozen=True, slots=True)
class Leak:
    """What goes where it has no business: secrets and values, each with the places it was seen at."""

    target: str
    """Host or e-mail address."""
    secrets: dict[str, Seen]
    values: dict[str, Seen]
    is_known: bool = False
    """The target is somebody the user or the task knows, though the task does not clearly ask for it."""

    @property
    def shown(self) -> tuple[str, ...]:
        """It, shortened: fingerprints of secrets, then values."""
        shown = [f"‹secret:{secret}›" for secret in self.secrets] + [shortened(value) for value in self.values]
        return tuple(shown[:CARRIED_LIMIT])

    @property
    def places(self) -> tuple[str, ...]:
        """Where it was seen before."""
        seen = (*self.secrets.values(), *self.values.values())
        return tuple(dict.fromkeys(where for places in seen for where in places if where))[:CARRIED_LIMIT]

    def ways(self, found: Hidden) -> tuple[str, ...]:
        """How it was hidden."""
        return tuple(dict.fromkeys(found.ways[name] for name in (*self.secrets, *self.values)))


def shortened(value: str) -> str:
    """Both ends of a value: enough to find it again."""
    return value if len(value) <= 2 * SHOWN + 1 else f"{value[:SHOWN]}…{value[-SHOWN:]}"


def is_name(value: str) -> bool:
    """Whether a value is a word or several with a number or a date behind them: `invoice_to-3391`."""
    word = value.rstrip("0123456789_-")
    number = len(value) - len(word)
    return word.replace("_", "").replace("-", "").isalpha() and len(word) >= NAME_LENGTH and number <= NUMBER_LENGTH


def is_key(value: str) -> bool:
    """Whether a value is a long token made by chance."""
    return len(value) >= URL_TOKEN_LENGTH and not value.isdigit() and is_token(value)
