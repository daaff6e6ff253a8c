"""Where one record of a text ends and the next begins: items, objects, mails, comments."""

import re
from collections.abc import Collection

from sentric.policy.readers.words.glance import HAS_RECORDS

_BORDER = re.compile(
    # One class of characters to begin with, which is what `re` is quick at, and then what must stand behind it.
    r"[\n})<](?:(?<=\n)(?:- (?=[\w ]{1,24}:)|From: |-{3,200}|={3,200})"
    r"|(?<=\}), ?\{|(?<=\)), ?[A-Za-z_]{1,40}\(|(?<=<)/(?:article|li|tr|section)>)"
)


def borders(text: str, glimpse: Collection[str] = (HAS_RECORDS,)) -> list[int]:
    """Where the records of a text begin, and where the last one ends.

    Args:
        text: the text.
        glimpse: what `glance` says of it, where that is known.
    """
    if HAS_RECORDS not in glimpse:
        return [0, len(text)]
    return [0, *(border.start() for border in _BORDER.finditer(text)), len(text)]
