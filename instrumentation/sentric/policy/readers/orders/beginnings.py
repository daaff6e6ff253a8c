"""Where an order may begin in a text."""

from collections.abc import Iterator

import re2

from sentric.policy.readers.words.agents import AGENTS
from sentric.policy.readers.words.vocabulary import VERBS

_LEADING = (
    "please|kindly|then|also|and|now|first|firstly|second|next|finally|lastly|additionally|afterwards?|so"
    "|therefore|just"
    "|simply|immediately|urgent|urgently|important|note|notice|attention|reminder|todo|action required|hi|hello"
    "|hey|dear"
    "|after that|as well|to|you|we|must|should|need to|needs to|have to|has to|(?:are|is) (?:required|asked"
    "|instructed"
    "|requested|expected) to|shall|will|can|could|would|may|might want to|make sure|be sure|ensure|remember|it is"
    "|it's"
    "|don't forget|do not forget|always|(?:ai )?(?:assistants?|agents?)|the (?:assistant|agent|model|ai)|feel free"
    r"|(?:have|let) (?:it|them|him|her)"
    r"|let's|step \d+|\d+\)?|before (?:you )?(?:continue|proceed|[a-z]{2,16}ing)|bitte|por favor|veuillez"
    r"|merci de"
    "|dann|puis|ensuite|luego"
)
"""What may stand before the verb of an order."""
_ASKING = (
    r"please|kindly|must|should|need(?:s|ed)? to|ha(?:ve|s) to|(?:make|be) sure|(?:could|can|would) you"
    r"|if you (?:could|would)"
    rf"|(?:want|like|need|ask|urge) you to|{AGENTS}|bitte|por favor|veuillez|merci de|prosim|the process is"
)
_SIGNS = {"?": ".", "•": "\x01", "—": "\x01", "–": "\x02", "’": "\x03"}
"""What stands for signs at which orders begin: of ASCII, and no question mark."""
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.max_mem = 64 << 20
_START = re2.compile(
    r"(?:^|[.!;:>|\"'\n\\\[\](){},*\x01\x02-])[\s\"'>*_#`-]*"
    rf"(?:(?:{_LEADING})(?:\s*[,:!\x02-]\s*|\s+))*(?:{'|'.join(sorted(VERBS))})\b"
    rf"|\b(?:{_ASKING.replace('’', _SIGNS['’'])})\b"
    r"|[\"'](?:tool|tool_name|tool_call|function|function_call|agent_action|call)[\"']\s*:\s*[\"'{]"
    r"|[\"']name[\"']\s*:\s*[\"'][\w.-]{1,64}[\"']\s*,\s*[\"'](?:arguments|parameters|params|input|args)[\"']",
    _OPTIONS,
)
"""Where an order may begin; or a word that one hardly does without. Searched in a `flat` text."""


APOSTROPHE = _SIGNS["’"]


def flat(text: str) -> str:
    """A text in ASCII and small letters, character by character, so that a place in it is one in the text.

    Searching in it is far faster than in a text with other letters, which are question marks here; of those, and of
    the signs at which orders begin, some ASCII sign takes the place.
    """
    if not text.isascii() or "?" in text:
        for sign, other in _SIGNS.items():
            text = text.replace(sign, other)
    return text.encode("ascii", "replace").lower().decode()


def beginnings(text: str) -> Iterator[tuple[int, int]]:
    """Where an order may begin, up to its verb or to the word by which it is noticed, as offsets.

    Args:
        text: as `flat` returns it.
    """
    return (mark.span() for mark in _START.finditer(text.encode()))
