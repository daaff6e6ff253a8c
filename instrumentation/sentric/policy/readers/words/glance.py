"""One look at a text for all that most texts have nothing of, so that few need a closer one."""

from functools import lru_cache

from sentric.policy.readers.words.agents import SPOKEN_TO
from sentric.policy.readers.words.asking import ASKING
from sentric.policy.readers.words.one_time_codes import CODE_WORDS, SPEAKS_OF_CODES
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.signs import ADDRESS, DECISIVE

MAY_HIDE = "may hide"
"""It has a comment, an element with attributes, or speaks of text that is not to be seen."""
SPEAKS_TO_AGENT = "speaks to an agent"
HAS_RECORDS = "has records"
"""It has what stands between records: items, objects, mails, comments."""

_CLOSER = {
    MAY_HIDE: r"<!--|<[a-z][^<>]*[\s=:]|\[//\]: #|(?:white|transparent|invisible) (?:text|on white)",
    SPEAKS_TO_AGENT: SPOKEN_TO,
    HAS_RECORDS: r"\n- [^\n:]+:|\}, ?\{|\), ?[a-z_]+\(|\nfrom: |\n---|\n===|</(?:article|li|tr|section)>",
}
_ALL = Patterns({**DECISIVE, **ADDRESS, **_CLOSER, **ASKING, SPEAKS_OF_CODES: CODE_WORDS})


@lru_cache(maxsize=8)
def glance(text: str) -> list[str]:
    """What a text has, by the names above and those of `signs` that suffice or speak to an agent, and of `asking`.

    Several families ask for the same text in turn, so the latest ones are remembered.

    Args:
        text: as `readable` returns it.
    """
    return _ALL.matching(text)
