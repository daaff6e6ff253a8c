"""Fields that somebody other than the agent filled: a browser's password manager."""

from collections import OrderedDict

from sentric.events import Action, Kind
from sentric.policy.readers.places.hosts import Place
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import excerpt

SITES_KEPT = 64
"""Sites whose filled fields are remembered."""

_CREDENTIAL = (
    "pass ?word|passwort|passphrase|card ?number|kartennummer|security code|cvv|cvc|contrase[nñ]a|mot de passe"
)
_FILLED = Patterns(
    {
        "markup": r"<[^<>]{0,300}\b(?:type=[\"']?password|autocomplete=[\"']?(?:current-password|cc-number|cc-csc))\b"
        r"[^<>]{0,300}\bvalue=[\"']?[^\"'\s<>/]",
        "markup, value first": r"<[^<>]{0,300}\bvalue=[\"']?[^\"'\s<>/][^<>]{0,300}"
        r"\b(?:type=[\"']?password|autocomplete=[\"']?(?:current-password|cc-number|cc-csc))\b",
        "accessibility tree": rf"\btextbox \"[^\"\n]{{0,60}}(?:{_CREDENTIAL})[^\"\n]{{0,60}}\"[^\n:]{{0,80}}: *[^\s\"]",
    }
)


class Autofill:
    """Which sites showed a filled field for a credential that the agent did not fill."""

    def __init__(self) -> None:
        self._filled: OrderedDict[str, str] = OrderedDict()
        self._typed: OrderedDict[str, None] = OrderedDict()

    def saw(self, where: Place, text: str) -> None:
        """A page was read.

        Args:
            where: the page's place.
            text: as `readable` returns it.
        """
        if where.site in self._typed or where.site in self._filled:
            return
        if "value" not in text and "textbox" not in text and "VALUE" not in text:
            return
        if found := _FILLED.first(text):
            self._filled[where.site] = excerpt(text, *found)
            if len(self._filled) > SITES_KEPT:
                self._filled.popitem(last=False)

    def typed(self, where: Place) -> None:
        """The agent typed a credential somewhere: what it finds there from now on may be its own."""
        self._typed[where.site] = None
        self._filled.pop(where.site, None)
        if len(self._typed) > SITES_KEPT:
            self._typed.popitem(last=False)

    def submitted(self, action: Action, where: Place) -> str:
        """The filled field that an action sends on; "" where there is none."""
        if action.kind not in {Kind.SUBMIT, Kind.PAYMENT} and not (
            action.kind is Kind.CLICK and action.element is not None and action.element.type.lower() == "submit"
        ):
            return ""
        return self._filled.get(where.site, "")
