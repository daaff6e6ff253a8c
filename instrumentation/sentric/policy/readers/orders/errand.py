"""Steps of the human's own errand on pages: done where the task says, with what the task gives.

A page may order what the human has asked for anyway. Such a step carries out the order only where the order makes the
difference: another object, another value, another amount, another place.
"""

from collections import OrderedDict

from sentric.events import Action, Effect, Element, Kind
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.orders.captions import STEMS_OF_SHOPS, is_label
from sentric.policy.readers.orders.deed import FAMILY_OF_EFFECT, Deed
from sentric.policy.readers.orders.weighing import Heard, named_by_both
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.request import Request
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import figures, plain, spoken, stems

PRESSED_KEPT = 64
"""Captions of shops of which it is remembered where they were pressed first; of those beyond, the latest."""

_PRESSED = frozenset({Kind.CLICK, Kind.SUBMIT, Kind.PAYMENT})
_OF_FIELDS = stems(words("your email e-mail mail address password phone telephone number card user name login account"))
"""Stems of what every form calls its fields: they say only what belongs there."""
_POINTING = words("index ref uid selector xpath element element_id element_index")
"""Names of arguments that say which field is meant."""
_LOOKS = frozenset({Effect.READ})


class Errand:
    """What the human asks for, as steps on pages."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pressed: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Where each caption of a shop was pressed first: page and element."""
        self._served: frozenset[str] = frozenset()
        """With whom the one deed was done that the human leaves to a text to say."""

    def includes(self, action: Action, deed: Deed, heard: Heard) -> bool:
        """Whether a deed is a step of the errand to which an order, though it resembles it, adds nothing.

        Args:
            action: what is done.
            deed: the same in words.
            heard: the order.
        """
        element = action.element
        if element is not None and not heard.is_addressed and is_label(heard.said.text, heard.origin, action, element):
            return True
        if not self._is_at_home(action) or not self._is_asked(action):
            return False
        if heard.pursued and not any("://" in name for name in heard.telling):
            return False  # what was looked up for the order may be what stands here
        if any(quote in deed.text for quote in heard.said.quotes) or self._names_more(action, deed, heard):
            return False
        shared = _shared(action, deed, heard)
        if action.kind is Kind.INPUT:
            return element is not None and self._types_own(action, element, shared)
        if not shared or action.kind is Kind.NAVIGATE:
            return not shared
        return self._shops(action, heard, shared)

    def serves(self, action: Action, deed: Deed, heard: Heard) -> bool:
        """Whether a deed with what a text names is the one the human asks for: a second one, with others, is not."""
        named = frozenset(named_by_both(action, deed, heard))
        if self._request.delegates or not named:
            return True
        if self._served and named.isdisjoint(self._served):
            return False
        self._served |= heard.telling
        return True

    def _is_at_home(self, action: Action) -> bool:
        """Whether it is done on a page of a site that the task names, or leads to one; to go back leads nowhere new."""
        element = action.element
        if action.kind is Kind.NAVIGATE:
            read = reading(action)
            places = read.goes.places
            if len(places) != len(read.goes.links) or not places:
                return not read.arguments
            return all(map(self._request.task.names, places))
        if element is None or (action.kind not in _PRESSED and action.kind is not Kind.INPUT):
            return False
        stands = (action.url, *filter(None, (element.form_action, element.frame_origin)))
        return all((where := place(url)) is not None and self._request.task.names(where) for url in stands)

    def _is_asked(self, action: Action) -> bool:
        """Whether the human asks for all that it brings about, as far as that is known."""
        if self._request.only_asks and action.effects - _LOOKS:
            return False
        grave = [FAMILY_OF_EFFECT[effect] for effect in action.effects if effect in FAMILY_OF_EFFECT]
        return self._request.families.issuperset(grave)

    def _names_more(self, action: Action, deed: Deed, heard: Heard) -> bool:
        """Whether it names something that the order names and the human did not."""
        numbers = deed.figures if action.kind is Kind.NAVIGATE else deed.figures | figures(action.url)
        if not heard.telling.isdisjoint(deed.entities) or not heard.figures.isdisjoint(numbers):
            return True
        return not all(map(self._request.names, heard.said.entities & deed.entities))

    def _types_own(self, action: Action, element: Element, shared: frozenset[str]) -> bool:
        """Whether what is typed is the human's, into a field of which the order says nothing of its own."""
        typed = [text for key, text in reading(action).arguments if key not in _POINTING]
        is_secret = element.type == "password" and all(text.startswith("‹secret:") for text in typed)
        return bool(typed) and (is_secret or all(map(self._request.names, typed))) and shared <= _OF_FIELDS

    def _shops(self, action: Action, heard: Heard, shared: frozenset[str]) -> bool:
        """Whether it is a step of the purchase that the human asks for, in the words of all shops.

        Where the order is about another thing, the same caption pressed elsewhere may be for that.
        """
        element = action.element
        if element is None or "pay" not in self._request.families or not shared <= STEMS_OF_SHOPS:
            return False
        here, caption = (action.url, element.xpath), " ".join(sorted(shared))
        first = self._pressed.setdefault(caption, here)
        if len(self._pressed) > PRESSED_KEPT:
            self._pressed.popitem(last=False)
        return first == here or heard.fresh <= STEMS_OF_SHOPS


def _shared(action: Action, deed: Deed, heard: Heard) -> frozenset[str]:
    """The words of the deed that the order brings in, beside when and why; its page may be named in its address."""
    said = deed.given if action.kind is Kind.NAVIGATE else deed.given | stems(spoken(plain(action.url)))
    return heard.fresh & heard.said.words_of_deed & said
