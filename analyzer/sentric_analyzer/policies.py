"""The policies that are active while the service runs: each project's own, and that of the settings for all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Self

from sentric.policy.files import MAIN
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy

OF_SETTINGS = ""
"""In place of the digest of a bundle: the policy of the settings, which every process loads by itself."""


@dataclass(frozen=True)
class Bundle:
    """The files of a policy as texts, see `sentric.policy.loader.load_bundle`: what is handed to other processes."""

    documents: Mapping[str, str] = field(repr=False)
    main: str = MAIN
    allow_loopback: bool = False

    @cached_property
    def digest(self) -> str:
        """Hash of all it says, of titles and descriptions too, on which the digest of a policy does not depend."""
        parts = (
            self.main,
            str(self.allow_loopback),
            *(part for item in sorted(self.documents.items()) for part in item),
        )
        whole = sha256()
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            whole.update(b"%d:" % len(data) + data)
        return whole.hexdigest()[:32]

    def load(self) -> Policy:
        """The policy.

        Raises:
            PolicyError: everything that is wrong in its files.
        """
        return load_bundle(self.documents, self.main, allow_loopback=self.allow_loopback)


@dataclass(frozen=True, slots=True)
class Active:
    """A policy that is in force, and where it came from."""

    policy: Policy
    bundle: Bundle | None = None
    """What it was loaded from; None where that is not known, for the policy of the settings."""
    of_settings: bool = False
    """Whether it is the policy of the settings."""

    @classmethod
    def load(cls, documents: Mapping[str, str], main: str = MAIN, *, allow_loopback: bool = False) -> Self:
        """Load a policy from texts, to make it active.

        Args:
            documents: the text of each file, by its name.
            main: the file that the policy begins with.
            allow_loopback: the setting of that name.

        Raises:
            PolicyError: everything that is wrong in its files.
        """
        bundle = Bundle(dict(documents), main, allow_loopback)
        return cls(bundle.load(), bundle)

    @property
    def digest(self) -> str:
        """Of the policy: what findings say they were made by."""
        return self.policy.digest

    @property
    def documents(self) -> Mapping[str, str] | None:
        """The texts it was loaded from; None where they are not known."""
        return self.bundle.documents if self.bundle else None

    @property
    def source(self) -> str:
        """Digest of the bundle it was loaded from, or `OF_SETTINGS`."""
        return OF_SETTINGS if self.of_settings or self.bundle is None else self.bundle.digest


class ActivePolicies:
    """Which policy each project is judged by. Safe from any thread.

    Args:
        of_settings: the policy of projects that have none of their own.
    """

    def __init__(self, of_settings: Active) -> None:
        self.of_settings = of_settings
        self._by_project: Mapping[str, Active] = {}

    def of(self, project: str) -> Active:
        """The policy of a project."""
        return self._by_project.get(project, self.of_settings)

    def replace(self, by_project: Mapping[str, Active]) -> None:
        """Let these be the policies of their projects, all at once; every other project has that of the settings."""
        self._by_project = dict(by_project)  # one assignment: who asks meanwhile gets the old ones or the new ones
