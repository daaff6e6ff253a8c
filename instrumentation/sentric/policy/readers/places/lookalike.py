"""Domains made to be taken for another: by look-alike letters, a slip of a letter, or a brand in the wrong place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.words.lexicon import words

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
_MUCH_IMITATED = frozenset(IMITATED)

SLIP_LENGTH = 6
"""Shortest name whose misspelling is told from another name."""
TWO_SLIPS_LENGTH = 10
"""Shortest name where two slips still leave it recognisable."""
BRAND_LENGTH = 3
"""Shortest brand that is told beside other words."""
SERIES_LENGTH = 2
"""Longest part by which the names of a series differ."""
LABEL_LIMIT = 63
"""Longest label DNS allows."""

_LURES = words(
    "account accounts alert auth billing confirm confirmation customer help helpdesk login logon pay payment "
    "payments recovery refund secure security service services signin sso support unlock update verification verify "
    "wallet"
)
"""Words that imitators put beside a brand."""
_GENUINE = words(
    "paypay paypoint openapi openapis revolt hostels bookings youtub telegraph twitterrific hotmart appleinsider "
    "redditinc githubusercontent githubassets wikimedia amazone twister telegraf walmark mastercam discard "
    "hoteles hoteis"
)
"""Honest names that are a slip away from an imitated one."""
_HOSTS_OF_MANY = words(
    "amazonaws.com azureedge.net azurewebsites.net cloudfront.net cloudflare.net edgekey.net edgesuite.net fastly.net "
    "akamaized.net service-now.com zendesk.com okta.com auth0.com onelogin.com atlassian.net freshdesk.com "
    "statuspage.io hubspot.com intercom.help helpscoutdocs.com force.com salesforce.com myworkdayjobs.com "
    "greenhouse.io lever.co readthedocs.io translate.goog archive.org my.site.com statuspage.com sharepoint.com "
    "slack.com zoom.us webex.com googleapis.com"
)
"""Sites that give their customers a host each, named like the customer or its domain."""
_LIBRARY = re.compile(r"proxy\.[a-z0-9.-]{1,64}\.(?:edu|ac)(?:\.[a-z]{2})?$")
"""A university library's proxy puts the whole name of a site in front of its own."""
_NUMBER = re.compile(r"\d+")
_LOOKS = str.maketrans("01345i", "oleasl")
_OTHER_SCRIPTS = words("ru su by ua kz bg rs mk mn kg uz tj gr am ge")
"""Countries where words in Cyrillic, Greek or Armenian letters are what a name is made of."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


class Means(StrEnum):
    """How a domain is made to be taken for another."""

    LETTERS = "letters of another script"
    LOOKS = "signs that look like letters"
    SLIP = "a slip of a letter"
    SUBDOMAIN = "the genuine name in front of another"
    BESIDE = "the brand beside a word of trust"


@dataclass(frozen=True, slots=True)
class Imitation:
    """A domain that seems made to be taken for another."""

    of: str
    """The site it is made to be taken for."""
    by: Means


def imitation(where: Place, known: Iterable[Place]) -> Imitation | None:
    """The site among `known` that a place seems made to be taken for, and how; None where there is none."""
    known = tuple(known)
    if not where.label or any(where.site == genuine.site for genuine in known):
        return None
    shown = decoded(where.label)
    if shown in _GENUINE:
        return None
    name = _named(where, shown)
    for genuine in known:
        if not _is_near(name, genuine.label):
            continue
        if (by := _means(name, genuine)) is not None:
            return Imitation(genuine.site, by)
    return None


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


@dataclass(frozen=True, slots=True)
class _Name:
    """A host's name, taken apart once for all the sites it is compared with."""

    host: str
    shown: str
    """The registered name as people see it."""
    skeleton: str
    labels: tuple[str, ...]
    parts: frozenset[str]
    """What stands between dots and hyphens."""
    skeletons: frozenset[str]
    """Of these, and of the registered name."""
    is_of_many: bool


def _named(where: Place, shown: str) -> _Name:
    labels = tuple(where.host.split("."))
    parts = frozenset(part for label in labels for part in decoded(label).split("-"))
    skeletons = frozenset(map(skeleton, (shown, *parts)))
    return _Name(where.host, shown, skeleton(shown), labels, parts, skeletons, _is_of_many(labels))


def _is_near(name: _Name, brand: str) -> bool:
    """Whether a name can be made to be taken for a brand at all: most are far from it."""
    return brand != "" and (brand[0] == name.shown[:1] or brand in name.host or skeleton(brand) in name.skeletons)


def _means(name: _Name, genuine: Place) -> Means | None:
    shown, parts, brand = name.shown, name.parts, genuine.label
    if shown == brand:
        return None
    plain = skeleton(brand)
    if name.skeleton == plain:
        return Means.LOOKS if shown.isascii() else Means.LETTERS
    if name.is_of_many:
        return None
    # A plural is another word; of a name that is much imitated it is an imitation, too.
    is_plural = genuine.site not in _MUCH_IMITATED and (shown == f"{brand}s" or brand == f"{shown}s")
    if not is_plural and _is_slip(shown, brand):
        return Means.SLIP
    if _holds(name, genuine.site):
        return None if _LIBRARY.search(name.host) else Means.SUBDOMAIN
    if plain not in name.skeletons:
        return None
    if genuine.site not in _MUCH_IMITATED:
        # Services give their customers hosts like acme.support-desk.test. Only the registered name itself counts.
        parts = frozenset(shown.split("-")) if len(brand) >= SLIP_LENGTH else frozenset()
    trusted = not _LURES.isdisjoint(parts)
    if trusted and len(brand) >= BRAND_LENGTH and brand in parts:
        return Means.BESIDE
    twins = [part for part in parts if part != brand and skeleton(part) == plain]
    if any(not twin.isascii() for twin in twins):
        return Means.LETTERS
    return Means.LOOKS if twins and trusted else None


def _is_of_many(labels: tuple[str, ...]) -> bool:
    return any(".".join(labels[-count:]) in _HOSTS_OF_MANY for count in (2, 3))


def _holds(name: _Name, site: str) -> bool:
    """Whether a whole domain stands within another one's name, with dots or with hyphens."""
    if site in name.host and f".{site}." in f".{name.host}.":
        return True
    hyphened = site.replace(".", "-")
    return hyphened in name.host and any(label == hyphened or label.startswith(hyphened + "-") for label in name.labels)


def _is_slip(shown: str, brand: str) -> bool:
    # People get the first letter right: booking is not a slip of cooking.
    if shown[:1] != brand[:1] or min(len(brand), len(shown)) < SLIP_LENGTH or _are_siblings(shown, brand):
        return False
    slips = 2 if len(brand) >= TWO_SLIPS_LENGTH else 1
    return OSA.distance(shown, brand, score_cutoff=slips) <= slips


def _are_siblings(one: str, other: str) -> bool:
    """Whether two names are of a series: shop1 and shop2, plan-a and plan-b."""
    if _NUMBER.sub("0", one) == _NUMBER.sub("0", other):
        return True
    first, second = one.split("-"), other.split("-")
    if len(first) != len(second) or len(first) < 2:
        return False
    return all(a == b or max(len(a), len(b)) <= SERIES_LENGTH for a, b in zip(first, second, strict=True))


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
