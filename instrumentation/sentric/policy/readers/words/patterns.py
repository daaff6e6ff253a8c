"""Sets of regular expressions, searched in one linear pass."""

from collections.abc import Mapping

import re2

_MEMORY = 64 << 20
"""Bytes a set's automaton may take."""
_CANARY = "(?s)."
"""Matches every text but the empty one: its silence means that the automaton ran out of memory."""


class Patterns:
    """Named patterns of RE2's syntax. They match without regard to case, and `.` matches line breaks."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY
        options.case_sensitive = False
        options.dot_nl = True
        options.log_errors = False
        self.names = tuple(patterns)
        self._single = [re2.compile(pattern, options) for pattern in patterns.values()]
        self._set = re2.Set.SearchSet(options)
        for pattern in (*patterns.values(), _CANARY):
            self._set.Add(pattern)
        self._set.Compile()

    def matching(self, text: str) -> list[str]:
        """The names of the patterns that match somewhere in the text, in the order they were given.

        Args:
            text: without lone surrogates, as `readable` returns it.
        """
        if not text:
            return []
        matched: list[int] = self._set.Match(text) or []
        found = set(matched)
        if len(self.names) not in found:
            return [name for name, one in zip(self.names, self._single, strict=True) if one.search(text)]
        return [self.names[index] for index in sorted(found) if index < len(self.names)]

    def spans(self, name: str, text: str, limit: int) -> list[tuple[int, int]]:
        """Where a pattern matches, as offsets: the first `limit` places."""
        spans: list[tuple[int, int]] = []
        for found in self._single[self.names.index(name)].finditer(text):
            spans.append(found.span())
            if len(spans) == limit:
                break
        return spans

    def first(self, text: str) -> tuple[int, int] | None:
        """Where the earliest match of any pattern is, as offsets."""
        return min((span for name in self.matching(text) for span in self.spans(name, text, 1)), default=None)
