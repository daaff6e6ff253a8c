"""What a dialogue has told so far: which parts are new, which call a response is to, whose words a text really is."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from sentric_analyzer.dialects.parts import Part, Role
from sentric_analyzer.dialects.reading.calls import Call

ECHO = 24
"""Characters from which a tool's result found inside a user's text is no accident."""
ECHOES = 32
"""Latest results that a user's text is compared with."""
COMPARED = 1 << 16
"""Characters of two texts that are compared."""
SAMPLES = 8
"""Places in one of them that are looked for in the other."""
TELLING = 8
"""Letters and digits from which two that are the same are no accident."""
_SPELLING = re.compile(r'\\[nrtu"\\/]|[^\w]|_')
"""What differs between spellings of one text: white space, marks, and escapes of JSON."""


def resembles(text: str, result: str) -> bool:
    """Whether a text may hold a result, or some of it, in another spelling."""
    plain, other = (_SPELLING.sub("", one[:COMPARED]).casefold() for one in (text, result))
    if len(plain) < TELLING or len(other) < TELLING:
        return False
    step = max((len(plain) - ECHO) // SAMPLES, 1)
    pieces = {other[:ECHO], *(plain[place : place + ECHO] for place in range(0, SAMPLES * step, step))}
    return any(len(piece) >= min(ECHO, len(other)) and (piece in plain and piece in other) for piece in pieces)


@dataclass(slots=True, eq=False)
class Memory:
    """The memory of one dialogue."""

    _told: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    _first: tuple[str, ...] = ()
    _heard: tuple[Part, ...] = ()
    """The latest input, and how often each part stands in it: the next one most often begins with it."""
    _seen: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    _by_id: dict[str, Call] = field(default_factory=dict[str, Call])
    _by_key: dict[tuple[str, ...], Call] = field(default_factory=dict[tuple[str, ...], Call])
    _past: dict[str, str] = field(default_factory=dict[str, str])
    _unanswered: deque[Call] = field(default_factory=deque[Call])
    _results: deque[tuple[str, Call]] = field(default_factory=lambda: deque[tuple[str, Call]](maxlen=ECHOES))

    def unheard(self, parts: Sequence[Part]) -> list[int]:
        """Positions of the parts of an input that are new.

        Most instrumentations tell the whole history with every request, some only what was added. A part is new
        where it occurs more often than it was told before; a single part other than the first ever told is what was
        added, even when its words were used before.
        """
        spoken = list(islice((part for part in parts if part.role is not Role.SYSTEM), 2))
        known = len(self._heard)
        continues = tuple(parts[:known]) == self._heard
        if spoken and not self._first:
            self._first = spoken[0].key
        elif len(spoken) == 1 and spoken[0].key != self._first:
            self._told[spoken[0].key] = 0
            continues = False
        if not continues:
            known, self._seen = 0, {}
        fresh: list[int] = []
        for index in range(known, len(parts)):
            key = parts[index].key
            count = self._seen[key] = self._seen.get(key, 0) + 1
            if count > self._told.get(key, 0):
                self._told[key] = count
                fresh.append(index)
        self._heard = tuple(parts)
        return fresh

    def say(self, parts: Sequence[Part]) -> None:
        """Remember what the model said, which the next request repeats."""
        for part in parts:
            self._told[part.key] = self._told.get(part.key, 0) + 1

    def said(self, part: Part) -> bool:
        """Whether the same part was told before."""
        return self._told.get(part.key, 0) > 0

    def call_of(self, part: Part) -> Call | None:
        """The call that a part tells of again."""
        return self.named(part) or self._by_key.get(part.key)

    def named(self, part: Part) -> Call | None:
        """The call that has a part's id."""
        return self._by_id.get(part.call_id) if part.call_id else None

    def remember(self, part: Part, call: Call) -> None:
        """Keep a call for its response and for being told again."""
        self._by_key[part.key] = call
        if part.call_id:
            self._by_id[part.call_id] = call
        if not call.spanned:
            self._unanswered.append(call)

    def hear_of(self, part: Part) -> None:
        """Keep the tool of a call that is not of this run, for its response."""
        self._past[part.call_id] = part.name

    def tool_of(self, part: Part) -> str:
        """The tool whose response a part is; "" where nobody says."""
        return part.name or self._past.get(part.call_id, "")

    def answered(self, part: Part) -> Call | None:
        """The call that a response is to: by id, else the first one open."""
        if part.call_id:
            return self._by_id.get(part.call_id)
        while self._unanswered and self._unanswered[0].ended:
            self._unanswered.popleft()
        return self._unanswered[0] if self._unanswered else None

    def finish(self, call: Call) -> None:
        """Keep a result, so that it is known again when it comes back as a user's text."""
        result = (call.result or "").strip()
        if len(result) >= ECHO:
            self._results.append((result, call))

    def echoed(self, text: str) -> tuple[str, Call] | None:
        """The result that a text holds, and its call: some frameworks tell results as if the user had written them."""
        return next(((result, call) for result, call in self._results if result in text), None)
