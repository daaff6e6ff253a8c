"""One value of what somebody has stated, with its place. What is wrong with any is noted, and all is told at once.

The file has been read by then, so a place is a path of keys and not a line.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

LARGEST_SECRET = 16 << 10
"""Bytes of a file that holds a secret."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,31}")


@dataclass(frozen=True, slots=True)
class Stated:
    """A value, its place, and what is wrong with it and all others."""

    value: object = field(repr=False)
    """It may be a secret, or hold one."""
    where: str
    mistakes: list[str] = field(repr=False)

    def mistake(self, message: str) -> None:
        """Note what is wrong with this value, and the cure."""
        self.mistakes.append(f"{self.where}: {message}")

    def inside(self, key: str, value: object) -> "Stated":
        """A value that stands in this one."""
        return Stated(value, f"{self.where}{key}", self.mistakes)

    def mapping(self, *, known: Sequence[str] | None = None, needs: Sequence[str] = ()) -> "dict[str, Stated]":
        """The entries of a mapping, those without a value left out; unknown and missing keys are mistakes.

        Args:
            known: the keys there may be; None: any name.
            needs: the keys there must be.
        """
        if not isinstance(self.value, dict):
            self.mistake("must be a mapping of names to values")
            return {}
        entries: dict[str, Stated] = {}
        for key, value in cast(dict[object, object], self.value).items():
            if not isinstance(key, str) or not key.strip() or not key.isprintable():
                self.mistake("has a key that is no name: put it in quotes, in one line")
            elif known is not None and key not in known:
                self.mistake(f"unknown key {repeated(key)}{_near(key, known)}")
            else:
                entries[key] = self.inside(f".{key}", value)
        for key in needs:
            if key not in entries:
                self.mistake(f"needs {key!r}")
        return entries

    def items(self) -> "Iterator[Stated]":
        """The entries of a list with at least one."""
        if not isinstance(self.value, list) or not self.value:
            self.mistake("must be a list with at least one entry")
            return
        for number, value in enumerate(cast(list[object], self.value)):
            yield self.inside(f"[{number}]", value)

    def text(self) -> str:
        """A text that is not empty; "" where it is none."""
        if isinstance(self.value, str) and self.value.strip() and self.value.isprintable():
            return self.value.strip()
        self.mistake("must be a text in one line: put it in quotes")
        return ""

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(filter(None, (one.text() for one in self.items())))

    def number(self, least: float, most: float) -> float:
        """A number between two; the least where it is none."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        self.mistake(f"must be a number from {least:g} to {most:g}")
        return least

    def whole_number(self, least: int, most: int) -> int:
        """A whole number between two; the least where it is none."""
        value = self.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.mistake(f"must be a whole number from {least} to {most}")
        return least


def secret_keys(name: str) -> tuple[str, str, str]:
    """The keys under which a secret may be stated: itself, the file that holds it, the variable that holds it."""
    return name, f"{name}_file", f"{name}_env"


def secret(of: Stated, entries: Mapping[str, Stated], name: str, environ: Mapping[str, str] | None = None) -> str:
    """A secret, wherever it is stated; "" where it is not, or cannot be had.

    No mistake repeats it, nor what stands where a path or a name is expected: that may be the secret.

    Args:
        of: the mapping that must state it.
        entries: its entries.
        name: of the secret.
        environ: where variables are looked up; None: in the environment.
    """
    inline, in_file, in_variable = secret_keys(name)
    stated = [key for key in (inline, in_file, in_variable) if key in entries]
    if len(stated) != 1:
        several = f"states {' and '.join(stated)}: leave one" if stated else f"needs one of {inline}, {in_file}"
        of.mistake(several if stated else f"{several} and {in_variable}")
        return ""
    entry = entries[stated[0]]
    if not (value := entry.text()) or stated[0] == inline:
        return value
    if stated[0] == in_file:
        return _of_file(entry, Path(value).expanduser())
    found = (os.environ if environ is None else environ).get(value, "").strip()
    if not found:
        entry.mistake("the environment has no such variable, or it is empty: set it where the service starts")
    return found


def _of_file(entry: Stated, path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST_SECRET + 1)
        text = found.decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        entry.mistake(f"the file cannot be read: {reason}")
        return ""
    if not text or len(found) > LARGEST_SECRET or not text.isprintable():
        entry.mistake("the file must hold the secret alone, in one line")
        return ""
    return text


def repeated(text: str) -> str:
    """A text for a message, in quotes where it may be a name: anything else may be a secret by mistake.

    It reads on after a noun: `unknown key 'persn'`, `unknown key (not repeated here)`.
    """
    return repr(text) if _NAME.fullmatch(text) else "(not repeated here)"


def _near(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f": do you mean {close[0]!r}?" if close else f": use some of {', '.join(known)}"
