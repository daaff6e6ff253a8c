"""Finding the secrets of a text: one pass of all patterns as a set, then only those that are in it."""

from collections.abc import Callable

from sentric.redaction.context import HEAD, PASSWORD_FIELD, find_assignments, find_password_fields
from sentric.redaction.detectors import DETECTORS, Detector
from sentric.redaction.patterns import PatternSet, pattern
from sentric.redaction.spans import Found


def find_secrets(data: bytes) -> list[Found]:
    """The secrets in UTF-8 text, those known by their form first; they may overlap."""
    return [item for row in _set.present(data) for item in _finders[row](data)]


def _finder(detector: Detector) -> Callable[[bytes], list[Found]]:
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


_finders: list[Callable[[bytes], list[Found]]] = [
    *map(_finder, DETECTORS),
    find_assignments,
    find_password_fields,
]
_set = PatternSet(text.encode() for text in (*(detector.pattern for detector in DETECTORS), HEAD, PASSWORD_FIELD))
