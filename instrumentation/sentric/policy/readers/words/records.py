"""Where one record of a text ends and the next begins: items, objects, mails, comments."""

import re

from sentric.policy.readers.words.glance import HAS_RECORDS, glance

_BORDER = re.compile(
    r"\n- (?=[\w ]{1,24}:)|\}, ?\{|\), ?[A-Za-z_]{1,40}\(|\nFrom: |\n-{3,200}|\n={3,200}|</(?:article|li|tr|section)>"
)


def borders(text: str) -> list[int]:
    """Where the records of a text begin, and where the last one ends."""
    if HAS_RECORDS not in glance(text):
        return [0, len(text)]
    return [0, *(border.start() for border in _BORDER.finditer(text)), len(text)]
