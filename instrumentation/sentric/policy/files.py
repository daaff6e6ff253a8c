"""Where the files of a policy come from: the disk, or a bundle that holds their texts.

A file says how it is called, gives its text, and finds those that it names. The packs that come with Sentric lie on
the disk, also for a policy that is a bundle: they are found by their names, see `sentric.policy.loader`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from posixpath import normpath
from typing import Protocol

from sentric.errors import PolicyError
from sentric.policy.document import SIZE_LIMIT, near

MAIN = "policy.yaml"
"""The file of a bundle that the policy begins with, where none is named."""
FILES_LIMIT = 64
"""Most files of a bundle."""
BUNDLE_LIMIT = 4 << 20
"""Largest bundle, in characters of all its files."""
NAME_LIMIT = 200
"""Longest name of a file in a bundle, in characters."""
_NAMES = f"one like packs/ours.yaml, of up to {NAME_LIMIT} characters"


class FileError(Exception):
    """A file cannot be read; the message says why."""


class File(Protocol):
    """A file of a policy."""

    @property
    def name(self) -> str:
        """What problems call it."""
        ...

    def identity(self) -> PurePath:
        """The same for all names of one file.

        Raises:
            FileError: its name leads nowhere.
        """
        ...

    def text(self) -> str:
        """Its text; of one that is too large, somewhat more than it may have.

        Raises:
            FileError: it cannot be read.
        """
        ...

    def beside(self, name: str) -> "File":
        """The file that this one calls by a name, whether it is there or not."""
        ...


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file on the disk."""

    path: Path

    @property
    def name(self) -> str:
        """Its path, as it was named."""
        return str(self.path)

    def identity(self) -> PurePath:
        """The path without symbolic links."""
        try:
            return self.path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise FileError(_reason(error)) from None

    def text(self) -> str:
        """Read no more of it than it may have, and a character: it may have no end."""
        try:
            if self.path.is_fifo():
                raise FileError("it is a pipe")  # nobody may ever write to it, and an agent waits for its policy
            with self.path.open(encoding="utf-8") as file:
                return file.read(SIZE_LIMIT + 1)
        except (OSError, ValueError) as error:
            raise FileError(_reason(error)) from None

    def beside(self, name: str) -> "OnDisk":
        """The file at a path that is relative to this one's folder, or absolute."""
        return OnDisk(self.path.parent / name)


Mark = tuple[int, int, int, int] | None
"""What changes when a file on the disk does; None for one that is not there."""


def mark(path: Path) -> Mark:
    """The mark that the file at a path has now."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@dataclass(frozen=True, slots=True)
class Kept:
    """What a load from the disk has read."""

    texts: dict[PurePath, str] = field(default_factory=dict[PurePath, str])
    """By the files' identities."""
    named: dict[tuple[PurePath, str], PurePath] = field(default_factory=dict[tuple[PurePath, str], PurePath])
    """Which file one calls by a name."""
    marks: dict[Path, Mark] = field(default_factory=dict[Path, Mark])
    """Every path that was looked at, and the mark that its file had before."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A file on the disk; what is read of it, and whom it names, is kept."""

    file: OnDisk
    kept: Kept

    @property
    def name(self) -> str:
        """Its path, as it was named."""
        return self.file.name

    def identity(self) -> PurePath:
        """The path without symbolic links."""
        return self.file.identity()

    def text(self) -> str:
        """Its text, which is kept."""
        text = self.kept.texts[self.identity()] = self.file.text()
        return text

    def beside(self, name: str) -> "Followed":
        """The file at a path that is relative to this one's folder, or absolute."""
        found = self.file.beside(name)
        self.kept.marks.setdefault(found.path, mark(found.path))
        with suppress(FileError):  # the load tells of it
            self.kept.named[self.identity(), name] = found.identity()
        return Followed(found, self.kept)


def followed(path: Path) -> Followed:
    """The file that a policy on the disk begins with, to be followed from there."""
    return Followed(OnDisk(path), Kept(marks={path: mark(path)}))


@dataclass(frozen=True, slots=True)
class InBundle:
    """A file of a bundle: nothing else is read, whatever it is called."""

    path: PurePosixPath
    documents: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name in the bundle."""
        return str(self.path)

    def identity(self) -> PurePath:
        """The name: a bundle has no links."""
        return self.path

    def text(self) -> str:
        """What the bundle has under that name."""
        if self.path.is_absolute() or ".." in self.path.parts:
            raise FileError("nothing outside of the bundle is read: name a file beside this one, or further down")
        found = self.documents.get(self.name)
        if found is None:
            raise FileError(f"it is not in the bundle{_near(self.name, self.documents) or ': add it'}")
        return found

    def beside(self, name: str) -> "InBundle":
        """The file at a path that is relative to this one's folder."""
        return replace(self, path=PurePosixPath(normpath(self.path.parent / name)))


def bundled(documents: Mapping[str, str], main: str) -> InBundle:
    """The main file of a bundle.

    Raises:
        PolicyError: the bundle is too large, a name in it is none of a file, or the main file is not there.
    """
    told: list[str] = []
    if (size := sum(map(len, documents.values()))) > BUNDLE_LIMIT:
        told.append(f"has {size} characters in all: leave {BUNDLE_LIMIT} or fewer")
    if len(documents) > FILES_LIMIT:
        told.append(f"has {len(documents)} files: leave {FILES_LIMIT} or fewer")
    else:
        told += [f"{_shown(name)} is no name of a file: give it {_NAMES}" for name in documents if not _is_name(name)]
    if main not in documents:
        told.append(
            f"has no file {_shown(main)}{_near(main, documents) or ': add it, or name another as the main one'}"
        )
    if told:
        raise PolicyError([f"bundle: {what}" for what in told])
    return InBundle(PurePosixPath(main), documents)


def _near(name: str, documents: Mapping[str, str]) -> str:
    return near(name, tuple(documents)) if len(name) <= NAME_LIMIT and len(documents) <= FILES_LIMIT else ""


def _shown(name: str) -> str:
    return repr(name if len(name) <= NAME_LIMIT else f"{name[:NAME_LIMIT]}…")


def _is_name(name: str) -> bool:
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name and 0 < len(name) <= NAME_LIMIT
    return plain and str(path) == name != "." and not path.is_absolute() and ".." not in path.parts


def _reason(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return "it is not UTF-8 text"
        case OSError(strerror=str(reason)):
            return reason
        case RuntimeError():
            return "symbolic links in a circle"
        case _:
            return str(error)
