"""Notices that something was approved, and the documents that they name."""

import re
from collections.abc import Iterable, Sequence

from sentric.policy.readers.words.lexicon import phrase
from sentric.policy.readers.words.patterns import Patterns

_WHAT = (
    "loan|mortgage|credit|credit (?:line|limit|card)|claim|application|request|permit|visa|account|financing|lease|"
    "admission|enrollment|reimbursement|grant application|benefit|benefits"
)
_NOTICE = Patterns(
    {
        "notice": phrase(
            "notice of approval|approval (?:notice|letter|notification|certificate|confirmation)|letter of approval"
        ),
        "approved": phrase(
            "(?:has|have) been|is|are|was|were|got|gets", "(?:hereby |now |formally |officially )?approved"
        ),
        "you": r"\byou(?:'re| are| have been|'ve been) (?:now |pre-?)?approved\b",
        "approve": phrase(
            "we|i", "(?:hereby |formally |officially )?(?:approve|have approved|(?:have )?decided to approve)"
        ),
        "we": r"\b(?:we|i)'(?:ve|d) (?:now |just )?approved\b",
        "granted": phrase("approval", "(?:is |was |has been |hereby )?(?:granted|confirmed|given)"),
        "confirm": phrase("(?:confirm|confirms|confirming|pleased to announce)", "(?:the |your )?approval of"),
        "of": phrase(
            f"approval of (?:your|the) (?:{_WHAT})", "(?:is|was|has been)", "(?:confirmed|granted|final|complete)"
        ),
        "accepted": phrase(
            f"(?:{_WHAT})(?: application| request)?(?: (?:(?:no\\.?|number|nr\\.?) )?#?\\d{{1,12}})?",
            "(?:(?:has been|was|is|got) )?(?:hereby )?(?:approved|accepted|granted|successful)",
        ),
        "first": rf"(?:^|\n|[.!?]\s)approved:? (?:(?:your|the) )?(?:{_WHAT})\b",
    }
)
_PAST = re.compile(
    r"\b(?:last (?:week|month|year|night|\w{3,9}day)|yesterday|as you know|already|ago|earlier|back in)\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(r"\?|\b(?:if|whether|once|until|unless|when|before|after|as soon as|should|would|may|might)\b")
_MISSING = re.compile(
    r"\b(?:no|not|without|missing|lacks?|lacking|pending|outstanding|unavailable|waived?|absent|never)\b|n't\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[!?])\s|[.!;]\s|\n")
_JOINED = re.compile(r"[\s_\-]+")
_ANY_DOCUMENT = Patterns(
    {"document": r"\b(?:attach(?:ed|ments?)|enclos(?:ed|ures?))\b|\w\.(?:pdf|docx?|odt|xlsx?|png|jpe?g|tiff?)\b"}
)
SIGNS = ("approv", "accepted", "granted", "successful")
"""What every notice has in it somewhere, in small letters."""


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, in small letters."""
    return [part.lower() for part in _SENTENCE.split(text)]


def says_approved(parts: Iterable[str]) -> bool:
    """Whether a sentence says that something is approved now, and not once, or perhaps."""
    return any(
        _NOTICE.matching(sentence) and not _PAST.search(sentence) and not _UNSURE.search(sentence) for sentence in parts
    )


def names_any_document(text: str) -> bool:
    """Whether a text names a document, or says that one is attached."""
    return bool(_ANY_DOCUMENT.matching(text))


def missing_of(required: Sequence[str], parts: Iterable[str]) -> tuple[str, ...]:
    """Those required documents that no sentence names otherwise than as missing.

    A document may be named as files are: `proof_of_income.pdf`, `proof-of-income`, `proofOfIncome`.
    """
    spoken = [_plain(sentence) for sentence in parts if not _MISSING.search(sentence.replace("_", " "))]
    return tuple(document for document in required if not _is_named(document, spoken))


def _is_named(document: str, spoken: list[str]) -> bool:
    names = [_plain(word) for word in document.lower().split("|") if word.strip()]
    return any(name in sentence for name in names if name for sentence in spoken)


def _plain(text: str) -> str:
    return _JOINED.sub("", text.lower())
