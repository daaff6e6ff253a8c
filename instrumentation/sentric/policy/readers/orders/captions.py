"""What stands on buttons and links: it reads like an order, and only says what they are for."""

import re
from collections import Counter

from sentric.events import Action, Element
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import stems

_ENDS = "\"'.:!>|])} "
_WORD = re.compile(r"\w+")
_OF_SHOPS = words(
    "add place complete confirm submit view open go continue proceed buy order purchase check checkout pay finish"
    " to the your my this it now out and with in at"
    " basket cart bag trolley order item items product checkout payment purchase"
)
"""What captions of shops are made of; an order in these words alone says neither what, nor for whom, nor how much."""
STEMS_OF_SHOPS = stems(_OF_SHOPS)
_LISTED = re.compile(
    r"\[\d{1,6}\]<\w[^<>\n]{0,200}>[\s|]{0,16}([^<>\n\[]{1,64}?)\s{0,8}(?=[\n<])"
    r"|<(?:button|a|label|summary|option)\b[^<>]{0,400}>\s{0,40}([^<>]{1,64}?)\s{0,40}</"
    r"|- (?:button|link|tab|menuitem|option|checkbox|radio) \"([^\"\n]{1,64})\""
)
"""How what a browser shows of a page lists its elements: numbered, as markup, as an accessibility tree."""


class Captions:
    """What stands on the elements that a page lists, and nowhere else in it."""

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.split()).lower()
        self._listed = Counter(_bare("".join(found)) for found in _LISTED.findall(text))

    def have(self, order: str) -> bool:
        """Whether an order is nothing but one of them."""
        caption = _bare(order)
        return bool(caption) and 0 < self._text.count(caption) <= self._listed[caption]


def _bare(text: str) -> str:
    """A caption without what follows it where it is listed."""
    return " ".join(text.split()).partition('" [')[0].rstrip(_ENDS).lower()


def is_of_a_shop(text: str) -> bool:
    """Whether an order is a caption as all shops have them: `Add to basket`, `Place your order`."""
    found = _WORD.findall(_bare(text))
    return bool(found) and _OF_SHOPS.issuperset(found)


def is_label(text: str, origin: str, action: Action, element: Element) -> bool:
    """Whether an order is nothing but what stands on the element that is used: `Pay 9.99 EUR now`.

    It must have been read on that site: no page may excuse what a mail has ordered by writing it on a button.
    """
    label = " ".join(element.text.split())
    if not label or _bare(text) != _bare(label):
        return False
    read, stands = place(origin), place(action.url)
    return read is not None and stands is not None and bool(read.site) and read.site == stands.site
