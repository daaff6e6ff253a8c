"""Finding the secrets of a text: patterns as sets, then only those that are in it.

A set of patterns is one automaton whose states are those of its patterns multiplied. So there are several sets, each
of patterns that share their states well: what stands beside names, plain beginnings of tokens, signs of encodings.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum

from sentric.redaction.codes import RECOVERY_GATE, find_recovery_codes
from sentric.redaction.command_lines import COMMAND_LINES
from sentric.redaction.context import HEAD, PASSWORD_FIELD, find_assignments, find_password_fields
from sentric.redaction.detector import Detector
from sentric.redaction.detectors import DETECTORS
from sentric.redaction.escapes import ESCAPINGS
from sentric.redaction.labels import LABELLED
from sentric.redaction.pairs import PAIR_GATE, find_pairs
from sentric.redaction.patterns import PatternSet, pattern
from sentric.redaction.runs import BASE32_SIGN, BASE64_SIGN, HEX_SIGN, PACKED_SIGN, SPACED_SIGN
from sentric.redaction.spans import Found
from sentric.redaction.spoken import SPOKEN
from sentric.redaction.tokens import RUN_TOKENS, TOKENS

Finder = Callable[[bytes], list[Found]]


class Sign(IntEnum):
    """What tells that a text may hold another one in an encoding; the escapings come before these."""

    BASE64 = len(ESCAPINGS)
    SPACED_HEX = BASE64 + 1
    PACKED = BASE64 + 2
    HEX = BASE64 + 3
    BASE32 = BASE64 + 4


def present(data: bytes) -> tuple[list[int], list[int]]:
    """What may be in UTF-8 text: indexes into `FINDERS`, and signs of an encoding (an index of an escaping or more)."""
    rows = _tokens.present(data) + [row + _FIRST_NAMED for row in _named.present(data)]
    signs = encodings(data)
    if Sign.BASE64 in signs:
        for row in _runs.present(data):
            if row < len(RUN_TOKENS):
                rows.append(row + _FIRST_RUN)
            else:
                signs.append(row - len(RUN_TOKENS) + Sign.HEX)
    return rows, signs


def encodings(data: bytes) -> list[int]:
    """The signs of an encoding, of those that need no look at each run of letters and digits."""
    return _signs.present(data)


def finder(detector: Detector) -> Finder:
    """What finds the secrets of one form, in order, without overlap."""
    form = pattern(detector.pattern)
    group = min(form.groups, 1)

    def find(data: bytes) -> list[Found]:
        found: list[Found] = []
        position = 0
        while match := form.search(data, position):
            start, end = match.span(group)
            raw = data[start:end]
            if detector.accept(raw):
                value = detector.clean(raw.decode("utf-8", "surrogatepass"))
                found.append(Found(start, end, detector.kind, value, detector.certainty))
            position = end
        return found

    return find


def _gates(detectors: Iterable[Detector]) -> list[str]:
    return [detector.gate or detector.pattern for detector in detectors]


def _bytes(patterns: Iterable[str]) -> list[bytes]:
    return [text.encode() for text in patterns]


_NAMED = (*DETECTORS, *LABELLED, *COMMAND_LINES)
FINDERS: list[Finder] = [
    *map(finder, (*TOKENS, *SPOKEN)),
    find_recovery_codes,
    *map(finder, _NAMED),
    find_assignments,
    find_password_fields,
    find_pairs,
    *map(finder, RUN_TOKENS),
]
"""What finds secrets; of the same stretch, the first one that finds it says what it is."""
_FIRST_NAMED = len(TOKENS) + len(SPOKEN) + 1
_FIRST_RUN = _FIRST_NAMED + len(_NAMED) + 3
_OF_TOKENS = _bytes([*_gates((*TOKENS, *SPOKEN)), RECOVERY_GATE])
_OF_NAMED = _bytes([*_gates(_NAMED), HEAD, PASSWORD_FIELD, PAIR_GATE])
_OF_SIGNS = _bytes([*(escaping.sign for escaping in ESCAPINGS), BASE64_SIGN, SPACED_SIGN, PACKED_SIGN])
_OF_RUNS = _bytes(_gates(RUN_TOKENS))
GATES = (*_OF_TOKENS, *_OF_NAMED)
SIGNS = tuple(_OF_SIGNS)
"""Patterns of which one at least is in every text of which `present` says something: a secret, or an encoding."""
RUN_GATES = tuple(_OF_RUNS)
"""And those of secrets that are runs of letters and digits: looked for only where there is a sign of base64."""
_tokens = PatternSet(_OF_TOKENS)
_named = PatternSet(_OF_NAMED)
_signs = PatternSet(_OF_SIGNS)
_runs = PatternSet([*_OF_RUNS, *_bytes([HEX_SIGN, BASE32_SIGN])])
