"""The secrets seen so far, and where they show up again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ahocorasick

from sentric.forks import process_lock
from sentric.redaction.forms import forms
from sentric.redaction.patterns import PatternSet, any_of, pattern
from sentric.redaction.sieve import Sieve
from sentric.redaction.spans import Certainty, Found

LIMIT = 200
"""Most secrets that are looked for."""
YOUNG = 16
"""Most secrets in the young generation, which is built anew with every new secret."""
_GATE_LENGTH = 6


@dataclass(frozen=True)
class Secret:
    """A secret that was seen, as the kind it was first found as."""

    value: str
    kind: str
    certainty: Certainty = Certainty.CLAIMED
    """Given ones are evicted last."""

    @cached_property
    def forms(self) -> list[bytes]:
        """What is looked for."""
        return forms(self.value)


class _Generation:
    """A fixed set of secrets.

    A pattern of the beginnings of their forms, which costs a fifth of the automaton, tells most texts to be clean.
    """

    def __init__(self, secrets: tuple[Secret, ...]) -> None:
        self.secrets = secrets
        self._forms = {form: secret for secret in reversed(secrets) for form in secret.forms}
        self._beginnings = any_of(sorted({form[:_GATE_LENGTH] for form in self._forms}))
        self._gate = PatternSet([self._beginnings])

    def may_be_in(self, data: bytes) -> bool:
        """Whether the forms may be in a text: false of most."""
        return bool(self._forms) and bool(self._gate.present(data))

    @cached_property
    def sieve(self) -> Sieve | None:
        """What finds the texts in which the forms may be; None where there are no forms."""
        return Sieve([self._beginnings]) if self._forms else None

    def find(self, data: bytes) -> Iterator[tuple[int, int, Secret]]:
        """Where the forms of the secrets stand: byte offsets."""
        for last, (form, secret) in self._automaton.iter(data.decode("latin-1")):
            yield last + 1 - len(form), last + 1, secret

    @cached_property
    def _automaton(self) -> Any:
        automaton = ahocorasick.Automaton()
        for form, secret in self._forms.items():
            automaton.add_word(form.decode("latin-1"), (form, secret))
        automaton.make_automaton()
        return automaton


_NUMBER_BEFORE = pattern(r"(?:[0-9]|[0-9]\.|(?:^|[\s:,\[])-)$")
_ESCAPE_BEFORE = pattern(r"(?:%|\\u00)[0-9A-Fa-f]{2}$")
_NUMBER_AFTER = pattern(r"[0-9]|\.[0-9]|[eE][0-9+-]")
_EMPTY = _Generation(())


class Tracked:
    """A bounded set of secrets, found again in any of their forms. Safe to use from several threads.

    New secrets go into a small young generation; when it is full, its secrets join the old one. So a new secret costs a
    small rebuild, and one in sixteen a large one.
    """

    def __init__(self) -> None:
        self._lock = process_lock()
        self._secrets: dict[str, Secret] = {}
        self._generations = (_EMPTY, _EMPTY)
        self.added = 0
        """How many secrets were ever added."""
        self.evicted = 0
        """How many of them are no longer looked for."""
        self.version = 0
        """Changes with what is looked for."""

    def get(self, value: str) -> Secret | None:
        """The secret with this value, if it was seen."""
        with self._lock:
            return self._secrets.get(value)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Remember secrets. What was known keeps its kind, becomes as certain as now said, and the newest."""
        with self._lock:
            new: dict[str, Secret] = {}
            for secret in secrets:
                if not (known := self._secrets.pop(secret.value, None)):
                    new.setdefault(secret.value, secret)
                    continue
                self._secrets[secret.value] = known  # now the newest
                if secret.certainty > known.certainty:
                    new[secret.value] = replace(known, certainty=secret.certainty)
            if new:
                self._rebuild(new)

    def find(self, data: bytes) -> list[Found]:
        """Where the secrets stand in UTF-8 text, in any of their forms; finds may overlap."""
        return [
            Found(start, end, secret.kind, secret.value, secret.certainty)
            for generation in self._generations
            if generation.may_be_in(data)
            for start, end, secret in generation.find(data)
            if not _is_part_of_number(data, start, end)
        ]

    def sieves(self) -> list[Sieve]:
        """What finds the texts in which the secrets may be."""
        return [generation.sieve for generation in self._generations if generation.sieve]

    def _rebuild(self, new: dict[str, Secret]) -> None:
        self._secrets |= new
        self.added += len(new)
        self._evict()
        old, young = self._generations
        recent = {secret.value: secret for secret in young.secrets} | new
        if len(recent) <= YOUNG:
            self._generations = (old, _Generation(tuple(recent.values())))
        else:
            # The newest are what a text is now searched for: the automaton of all others waits until one is met.
            newest = new if len(new) <= YOUNG else {}
            others = tuple(secret for value, secret in self._secrets.items() if value not in newest)
            self._generations = (_Generation(others), _Generation(tuple(newest.values())))
        self.version += 1  # last: whoever reads it before has looked for less

    def _evict(self) -> None:
        excess = max(0, len(self._secrets) - LIMIT)
        # The sort is stable: the oldest first, those that were given after all others.
        by_age = sorted(self._secrets.values(), key=lambda secret: secret.certainty is Certainty.GIVEN)
        for secret in by_age[:excess]:
            del self._secrets[secret.value]
        self.evicted += excess


def _is_part_of_number(data: bytes, start: int, end: int) -> bool:
    """Whether digits are only a part of another number: of more digits, a fraction or a negative one."""
    if not data[start:end].isdigit():
        return False
    if _NUMBER_AFTER.match(data, end):
        return True
    before = data[max(0, start - 6) : start]
    return bool(_NUMBER_BEFORE.search(before[-2:])) and not _ESCAPE_BEFORE.search(before)
