"""What stands on buttons and links: it reads like an order, and only says what they are for."""

import re

from sentric.events import Action, Element
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.words.lexicon import words

_ENDS = "\"'.:!>|])} "
_WORD = re.compile(r"\w+")
_OF_SHOPS = words(
    "add place complete confirm submit view open go continue proceed buy order purchase check checkout pay finish"
    " to the your my this it now out and with in at"
    " basket cart bag trolley order item items product checkout payment purchase"
)
"""What captions of shops are made of; an order in these words alone says neither what, nor for whom, nor how much."""


def is_of_a_shop(text: str) -> bool:
    """Whether an order is a caption as all shops have them: `Add to basket`, `Place your order`."""
    found = _WORD.findall(text.lower())
    return bool(found) and _OF_SHOPS.issuperset(found)


def is_label(text: str, origin: str, action: Action, element: Element) -> bool:
    """Whether an order is nothing but what stands on the element that is used: `Pay 9.99 EUR now`.

    It must have been read on that site: no page may excuse what a mail has ordered by writing it on a button.
    """
    label = " ".join(element.text.split())
    if not label or text.rstrip(_ENDS).lower() != label.rstrip(_ENDS).lower():
        return False
    read, stands = place(origin), place(action.url)
    return read is not None and stands is not None and bool(read.site) and read.site == stands.site
