"""Names that stand for sites: which words of a task can be brands, and which domains are a brand's own."""

import re
from collections.abc import Iterator

from sentric.policy.readers.places.hosts import Place
from sentric.policy.readers.places.lookalike import IMITATED
from sentric.policy.readers.words.lexicon import words

BRAND_LENGTH = 4
"""Shortest word of a task that can be a site's brand."""
CHEAP_SUFFIXES = words(
    "tk ml ga cf gq zip mov click icu cam rest gdn country kim loan men party review stream trade win bid download "
    "racing accountant faith cricket"
)
"""Top-level domains whose abuse far exceeds their use (published abuse rankings of registries)."""

_GENERIC = words("com org net io co ai app dev edu gov eu")
"""Top-level domains where a brand's own name is likely its own."""
_KNOWN = frozenset(site.partition(".")[0] for site in IMITATED)
_COMMON = words(
    "about access account address agent answer article basket bill book booking browser call card cart change check "
    "click code company confirm contact customer data date deal delivery details document download email enter "
    "feedback file find form friday from help home hotel info inbox internet invoice item link list login mail make "
    "message monday money name news note number offer open order page pass password payment person phone please post "
    "price private product profile read receipt register reply report request reset review sale saturday save search "
    "secure security send server service settings shop sign site store submit summary sunday support table task team "
    "test text that then this thursday ticket today token track tuesday type update upload user verify visit website "
    "wednesday with word write your konto passwort anmelden bestellung rechnung seite cuenta compte"
)
"""Words of tasks that name nobody, whatever domains are called like them."""
_SEARCH_SITES = words("bing.com duckduckgo.com ecosia.org startpage.com qwant.com brave.com baidu.com")
_SEARCH_WORLDWIDE = words("google yahoo yandex")
"""Search engines with a domain in each country."""
_RUN = re.compile(r"\S+")
_OF_URL = re.compile(r"://|@|\w\.\w|localhost:")
_START = re.compile(r"(?:^|[.!?:\n]\s*|[-*]\s+)[\"'(]*$")


def plain_words(text: str) -> frozenset[str]:
    """The words of a task that may be a name, in lower case: without URLs, addresses and common words."""
    return frozenset(word.lower() for _, word in _words(_without_urls(text, " "))) - _COMMON


def brands(text: str) -> frozenset[str]:
    """The words of a task that may be a site's brand: well-known ones, and capitalised ones within a sentence."""
    shown = _without_urls(text, " . ")
    return frozenset(
        word.lower()
        for start, word in _words(shown)
        if len(word) >= BRAND_LENGTH
        and word.lower() not in _COMMON
        and (word.lower() in _KNOWN or (word[0].isupper() and not _START.search(shown[max(0, start - 8) : start])))
    )


def _without_urls(text: str, instead: str) -> str:
    """A text without the words that are, or hold, an address; linear, however long a word is."""
    return _RUN.sub(lambda word: instead if _OF_URL.search(word[0]) else word[0], text)


def is_brand_domain(where: Place) -> bool:
    """Whether a domain is of the sort a brand has of its own: a country's, or one of the old generic ones."""
    suffix = where.site.rpartition(".")[2]
    return suffix not in CHEAP_SUFFIXES and (suffix in _GENERIC or (len(suffix) == 2 and suffix.isalpha()))


def is_search_engine(where: Place) -> bool:
    """Whether a place is a search engine, at its own domain."""
    if where.label in _SEARCH_WORLDWIDE:
        suffix = where.site.removeprefix(where.label + ".")
        return suffix == "com" or (len(suffix.rpartition(".")[2]) == 2 and is_brand_domain(where))
    return where.site in _SEARCH_SITES


def _words(text: str) -> Iterator[tuple[int, str]]:
    return ((found.start(), found[0]) for found in re.finditer(r"[^\W_]+", text))
