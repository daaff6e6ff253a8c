"""Domains made to be taken for another: by look-alike letters, a slip of a letter, or a brand in the wrong place."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from sentric.policy.signals.hosts import Place, place
from sentric.policy.signals.lexicon import words

IMITATED = sorted(
    words(
        "adobe.com airbnb.com aliexpress.com amazon.com americanexpress.com apple.com bankofamerica.com binance.com "
        "booking.com capitalone.com chase.com cloudflare.com coinbase.com discord.com docusign.com dropbox.com "
        "ebay.com facebook.com fedex.com github.com gitlab.com gmail.com google.com hotmail.com huggingface.co "
        "icloud.com instagram.com kraken.com linkedin.com mastercard.com metamask.io microsoft.com netflix.com "
        "npmjs.com office365.com openai.com outlook.com paypal.com pinterest.com protonmail.com pypi.org reddit.com "
        "revolut.com roblox.com salesforce.com santander.com shopify.com spotify.com steampowered.com telegram.org "
        "tiktok.com twitter.com usps.com walmart.com wellsfargo.com whatsapp.com wikipedia.org yahoo.com youtube.com "
        "zoom.us"
    )
)
"""Sites that are much imitated: large services people log in to, pay with or install from."""

SLIP_LENGTH = 6
"""Shortest name whose misspelling is told from another name."""
TWO_SLIPS_LENGTH = 10
"""Shortest name where two slips still leave it recognisable."""
LABEL_LIMIT = 63
"""Longest label DNS allows."""

_LURES = words(
    "account accounts alert auth billing confirm confirmation customer help helpdesk login logon pay payment "
    "payments recovery refund secure security service services signin sso support unlock update verification verify "
    "wallet"
)
"""Words that imitators put beside a brand."""
_LOOKS = str.maketrans("01345i", "oleasl")
_OTHER_SCRIPTS = words("ru su by ua kz bg rs mk mn kg uz tj gr am ge")
"""Countries where words in Cyrillic, Greek or Armenian letters are what a name is made of."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def imitated(where: Place, known: Iterable[Place]) -> str:
    """The site among `known` that a place seems made to be taken for; "" where there is none."""
    known = tuple(known)
    if not where.label or any(where.site == genuine.site for genuine in known):
        return ""
    shown = decoded(where.label)
    parts = frozenset(part for label in where.host.split(".") for part in label.split("-"))
    for genuine in known:
        if genuine.label and _resembles(where, shown, parts, genuine):
            return genuine.site
    return ""


def disguised(where: Place) -> str:
    """Why a name in other scripts is not an honest one; "" where it is."""
    shown = decoded(where.label)
    if shown.isascii():
        return ""
    if _is_mixed(shown):
        return "mixes scripts in one name"
    at_home = where.host.rpartition(".")[2] in _OTHER_SCRIPTS
    return "" if at_home or _is_latin(shown) or not skeleton(shown).isascii() else "reads as Latin letters but is not"


def genuine_places(domains: Iterable[str]) -> tuple[Place, ...]:
    """Domains as places to compare with."""
    return tuple(where for domain in domains if (where := place(domain)) is not None and where.label)


@lru_cache(maxsize=1024)
def decoded(label: str) -> str:
    """A label as it is shown to people."""
    if not label.startswith("xn--") or len(label) > LABEL_LIMIT:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


@lru_cache(maxsize=1024)
def skeleton(label: str) -> str:
    """A label with look-alike letters replaced by the plain ones they are taken for."""
    plain = label if label.isascii() else "".join(map(_latin, label))
    plain = plain.translate(_LOOKS)
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return plain


def _resembles(where: Place, shown: str, parts: frozenset[str], genuine: Place) -> bool:
    brand = genuine.label
    if shown == brand:
        return False
    if skeleton(shown) == skeleton(brand):
        return True
    # People get the first letter right: booking is not a slip of cooking.
    if min(len(brand), len(shown)) >= SLIP_LENGTH and shown[0] == brand[0]:
        slips = 2 if len(brand) >= TWO_SLIPS_LENGTH else 1
        if OSA.distance(shown, brand, score_cutoff=slips) <= slips:
            return True
    if f".{genuine.site}." in f".{where.host}.":
        return True
    return brand in parts and not _LURES.isdisjoint(parts)


def _latin(char: str) -> str:
    if char.isascii():
        return char
    from confusable_homoglyphs import confusables  # reads its tables when imported; few hosts need them

    found: Any = confusables.is_confusable(char, greedy=True, preferred_aliases=["latin"])
    twins = (twin["c"] for twin in found[0]["homoglyphs"]) if found else ()
    return next((twin.lower() for twin in twins if twin.isascii() and twin.isalnum()), char)


def _scripts(text: str) -> set[str]:
    from confusable_homoglyphs import categories

    return set(categories.unique_aliases(text)) - {"COMMON", "INHERITED"}


def _is_mixed(text: str) -> bool:
    scripts = _scripts(text)
    return "LATIN" in scripts and not scripts.isdisjoint({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})


def _is_latin(text: str) -> bool:
    return _scripts(text) <= {"LATIN"}
