"""Values that leave in pieces: half of one, in one call or in several, is as good as the whole."""

import re
from collections import OrderedDict
from collections.abc import Iterable

SHINGLE = 6
"""Characters of a piece that counts, and of the overlapping pieces a value is seen as."""
SHORTEST_TOKEN = 16
"""Characters of the shortest value that is followed in pieces."""
LONGEST_TOKEN = 128
"""Characters of the longest value that is followed in pieces."""
TOKENS_KEPT = 256
"""Values that are followed; the one seen first is forgotten first."""
SITES_KEPT = 64
"""Sites whose pieces are remembered; the one last sent to is forgotten last."""
PIECES = 1024
"""Pieces of one call that are looked at."""
WAITING = 1024
"""Values of which it is not told yet whether they are tokens."""
WITHIN_CALLS = 32
"""Calls to one site in which the pieces of one value are added up."""
OWNERS = 4
"""Values that may share a piece: one that is in more of them tells nothing."""

_RUN = re.compile(rf"[a-z0-9_+-]{{{SHINGLE},}}")
_PART = re.compile(rf"[a-z0-9]{{{SHINGLE},}}")
_CHANGE = re.compile(r"\d(?=\D)|\D(?=\d)")
_DIGIT = re.compile(r"\d")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_DIGESTS = frozenset({32, 40, 64})
"""Characters of MD5, SHA-1 and SHA-256 in hex: names of content, which are public."""
_MOST = 0.6
_CHANGES = 4
"""Changes between letters and digits that make a token: `invoice-2024-03-15` has two, and is a name."""


class Tokens:
    """Values that were seen, and which of their pieces went to which site."""

    def __init__(self) -> None:
        self.evicted = False
        """Whether a token had to be forgotten."""
        self._tokens: OrderedDict[str, None] = OrderedDict()
        self._waiting: dict[str, None] = {}
        self._joined = ""
        """The tokens, one a line."""
        self._sent: OrderedDict[str, dict[str, list[tuple[int, int]]]] = OrderedDict()
        self._calls = 0

    def learn(self, values: Iterable[str]) -> None:
        """Follow those of some values that are tokens. Which these are is told when something is first sent."""
        self._waiting.update(dict.fromkeys(values))
        while len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]

    def sent(self, site: str, text: str) -> tuple[str, ...]:
        """Note what goes to a site; the tokens half of which has gone there by now, and some of it with this.

        Args:
            site: where the text goes.
            text: in lower case. A token that stands in it whole is left out: it is no piece.
        """
        self._note()
        if not self._tokens:
            return ()
        self._calls += 1
        masks = self._pieces(text)
        if not masks:
            return ()
        before = self._sent.pop(site, {})
        halves: list[str] = []
        for token, mask in masks.items():
            recent = [(call, bits) for call, bits in before.pop(token, []) if call > self._calls - WITHIN_CALLS]
            known = _union(recent)
            before[token] = [*recent, (self._calls, mask)] if mask & ~known else recent
            if _is_half(token, known | mask):
                halves.append(token)
        self._sent[site] = dict(list(before.items())[-TOKENS_KEPT:])
        if len(self._sent) > SITES_KEPT:
            self._sent.popitem(last=False)
        return tuple(halves)

    def _pieces(self, text: str) -> dict[str, int]:
        """The tokens of which a text has pieces, each with the places of these as bits."""
        # A piece without a digit may be any word. Words are most of a text, and splitting is faster than searching.
        plain = " ".join([word for word in text.split() if len(word) >= SHINGLE and not word.isalpha()])
        found = [run for run in _RUN.findall(plain) if not run.isalpha() and _DIGIT.search(run)]
        runs = dict.fromkeys(found[:PIECES])
        parts = [part for run in runs for part in _PART.findall(run) if part != run and _DIGIT.search(part)]
        masks: dict[str, int] = {}
        for piece in dict.fromkeys((*runs, *parts)):
            bits = (1 << (len(piece) - SHINGLE + 1)) - 1
            for token, offset in self._owners(piece):
                masks[token] = masks.get(token, 0) | bits << offset
        return {token: mask for token, mask in masks.items() if token not in runs}

    def _owners(self, piece: str) -> list[tuple[str, int]]:
        """The tokens with a piece in them, and where; none where too many have it."""
        owners: list[tuple[str, int]] = []
        at = self._joined.find(piece)
        while at >= 0 and len(owners) <= OWNERS:
            start, end = self._joined.rfind("\n", 0, at) + 1, self._joined.find("\n", at)
            owners.append((self._joined[start:end], at - start))
            at = self._joined.find(piece, end)
        return owners if len(owners) <= OWNERS else []

    def _note(self) -> None:
        if not self._waiting:
            return
        fresh = [value for value in self._waiting if value not in self._tokens and is_token(value)]
        self._waiting.clear()
        self._tokens.update(dict.fromkeys(fresh))
        while len(self._tokens) > TOKENS_KEPT:
            self.evicted = True
            self._tokens.popitem(last=False)
        if fresh:
            self._joined = "".join(f"{token}\n" for token in self._tokens)


def is_token(value: str) -> bool:
    """Whether a value is made by chance, like a key: no name with a number, no UUID and no hash, which are public."""
    plain = value.replace("-", "").replace("_", "")
    if not SHORTEST_TOKEN <= len(plain) <= LONGEST_TOKEN:
        return False
    if _UUID.fullmatch(value) or (len(value) in _DIGESTS and _is_hex(value)):
        return False
    return plain.isdigit() or len(_CHANGE.findall(plain)) >= _CHANGES


def _is_hex(value: str) -> bool:
    return not value.strip("0123456789abcdef")


def _is_half(token: str, mask: int) -> bool:
    """Whether half of a token's pieces have gone, or, cut where no piece lies, more than half of its characters."""
    if 2 * mask.bit_count() >= len(token) - SHINGLE + 1:
        return True
    covered = 0
    for offset in range(SHINGLE):
        covered |= mask << offset
    return covered.bit_count() >= _MOST * len(token)


def _union(recent: list[tuple[int, int]]) -> int:
    bits = 0
    for _, mask in recent:
        bits |= mask
    return bits
