"""What in the definition of a tool steers the model: orders that have nothing to do with the call."""

from dataclasses import dataclass
from typing import Any

import re2

from sentric.policy.readers.words.instructions import passages
from sentric.policy.readers.words.lexicon import phrase
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.signs import DECISIVE
from sentric.policy.readers.words.text import excerpt, leaves, readable

PLACES_LIMIT = 8
"""Places of one sign that are looked at."""

_USER = "(?:the |your )?(?:user|human|operator|owner)s?"
_NOT = "do not|don't|don’t|never|must not|should not"
_HIDES = Patterns(
    {
        "secrecy": phrase(_NOT, "tell|inform|notify|alert|warn", 60, _USER),
        "discretion": phrase(_NOT, "mention|disclose|reveal", 60, _USER),
        "unaware": phrase(
            _USER,
            "(?:must|should|need|does|do)(?:n't| not)(?: need to| have to)?",
            "know|see|notice|be told|be informed|be aware|learn",
        ),
        "unasked": phrase("without", "telling|informing|notifying|mentioning|alerting", 24, _USER),
        "covertly": phrase(
            "silently|secretly|covertly|discreetly|stealthily",
            60,
            "send|include|add|append|pass|forward|read|copy|upload|post|store",
        ),
        "kept from": phrase("keep|hide|conceal", 40, "from", _USER),
    }
)
"""Words that keep something from the user."""
_PLACES = (
    r"~/\.\w+|/\.(?:ssh|aws|config|cursor|kube|docker|gnupg)\b|id_(?:rsa|ed25519)|\.env\b|mcp\.json|/etc/(?:passwd|shadow)"
    r"|system\s+prompt|environment\s+variables|browser\s+cookies"
)
_CONVERSATION = (
    r"(?:conversation|chat|message)\s+(?:history|log)|(?:whole|entire|full|complete)\s+(?:conversation|chat|dialogue)"
    r"|(?:previous|earlier)\s+(?:messages|conversations?)"
)
_HAND_OVER = (
    r"\b(?:include|pass|provide|append|add|attach|put|copy|paste|send|forward|upload|post|insert|supply|transmit"
    r"|submit)\b"
)
_TAKES = Patterns(
    {
        "other data": rf"{_HAND_OVER}[^!?\n]{{0,100}}(?:{_PLACES})|(?:{_PLACES})[^.!?\n]{{0,80}}{_HAND_OVER}",
        "the conversation": rf"{_HAND_OVER}[^!?\n]{{0,100}}(?:{_CONVERSATION})",
        "a copy": r"\b(?:bcc|cc|forward|copy|also\s+send|send\s+a\s+copy|post|upload|transmit)\b[^!?:\n]{0,80}"
        r"(?:https?://|[\w.+-]+@[\w-]+\.\w)",
        "another recipient": phrase(
            "change|replace|set|override|redirect|substitute",
            40,
            "recipient|payee|destination|beneficiary|account|address",
            20,
            "to|with|by",
        )
        + r"[^!?\n]{0,40}(?:https?://|[\w.+-]+@[\w-]+\.\w|[a-z]{2}\d{2}[a-z0-9]{8,}|\+?\d{8,})",
    }
)
"""Words that have the model hand over what the call does not need, or send it elsewhere."""
_MILD = frozenset({"discretion", "the conversation"})
"""Signs that honest descriptions have, too: of tools for secrets, and of those that hand a dialogue on."""
_EXAMPLE = re2.compile(r"(?i)\b(?:e\.?g|such as|for example|for instance|example|like|format)\b")
_ORDINARY = frozenset({"secrecy"})
"""Signs of instruction that honest descriptions have: "do not ask the user"."""


@dataclass(frozen=True, slots=True)
class Steering:
    """What steers the model.

    Attributes:
        signs: what makes it so, empty where nothing does.
        excerpt: where it begins.
        poisoned: it wants something handed over, and wants that kept from the user.
    """

    signs: tuple[str, ...] = ()
    excerpt: str = ""
    poisoned: bool = False


_NOTHING = Steering()


def steering(definition: Any) -> Steering:
    """Read a tool's definition: any JSON value, of which every text counts, at any depth."""
    text = readable("\n".join(part for _, part in leaves({"": definition})))
    hides, takes = _places(_HIDES, text), _places(_TAKES, text)
    orders = _orders(text)
    found = hides | takes | orders
    covert = hides.keys() - _MILD
    poisoned = bool(hides and takes.keys() - _MILD) or bool(takes and covert - {"secrecy"})
    if not poisoned and not found.keys() - _MILD:
        return _NOTHING
    return Steering(tuple(found), excerpt(text, min(found.values())), poisoned)


def _places(patterns: Patterns, text: str) -> dict[str, int]:
    """The signs in a text, each with the place of the first that is no example of what an argument looks like."""
    found: dict[str, int] = {}
    for name in patterns.matching(text):
        for start, end in patterns.spans(name, text, PLACES_LIMIT):
            if not _EXAMPLE.search(text[start:end]):
                found[name] = start
                break
    return found


def _orders(text: str) -> dict[str, int]:
    """Signs of instruction that no description needs, with the place of their passage."""
    found: dict[str, int] = {}
    for passage in passages(text):
        for sign in passage.signs:
            if sign in DECISIVE and sign not in _ORDINARY:
                found.setdefault(sign, max(0, text.find(passage.text)) + passage.start)
    return found
