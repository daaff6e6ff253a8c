"""Policies as the API is given and answers them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field, JsonValue, model_validator

from sentric.policy.files import BUNDLE_LIMIT, FILES_LIMIT, MAIN
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.one_project import LONGEST_PROJECT
from sentric_analyzer.api.rule_documents import StatedRule
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.policies import LONGEST_NOTE, OWN, About, Activation

LARGEST_VERSION = (1 << 31) - 1
VersionNumber = Annotated[int, Path(ge=0, le=LARGEST_VERSION, description="0: the policy of the service's settings.")]
NamedProject = Annotated[str | None, Field(max_length=LONGEST_PROJECT)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE)]
Base = Annotated[int | None, Field(ge=0, le=LARGEST_VERSION)]


class PolicyTexts(Document):
    """A policy as texts."""

    model_config = ConfigDict(extra="forbid")

    documents: dict[str, str] | None = Field(None, max_length=FILES_LIMIT)
    """Names of files, and their texts; the policy begins in `policy.yaml`."""
    text: str | None = Field(None, max_length=BUNDLE_LIMIT)
    """The text of `policy.yaml`, where that is all there is."""

    @model_validator(mode="after")
    def _has_one(self) -> "PolicyTexts":
        if (self.documents is None) is (self.text is None):
            raise ValueError("give either documents or text")
        return self

    def given(self) -> dict[str, str]:
        """Names of files, and their texts."""
        return {MAIN: self.text} if self.text is not None else self.documents or {}


class PolicyWish(PolicyTexts):
    """A new version of a policy."""

    project: NamedProject = None
    """Left out: that of the key, or `default` where the key is for every project."""
    note: Note = ""
    """What is different, for people."""
    base: Base = None
    """The newest version its author knows of, 0 for none: refused where there is a newer one. Left out: whatever is
    there."""
    activate: bool = False
    """Whether it is put in force, too."""


class ActivationWish(Document):
    """Something that is put in force."""

    model_config = ConfigDict(extra="forbid")

    project: NamedProject = None
    """Left out: that of the key, or `default` where the key is for every project."""
    note: Note = ""
    """Why, for people."""


class PolicyVersion(Document):
    """A version of a project's policy."""

    project: str
    version: int
    digest: str
    """The same for all policies that decide alike."""
    author: str
    note: str
    created: datetime | None
    """Null for version 0, the policy of the service's settings."""
    active: bool
    """Whether it is in force now."""


class WholePolicyVersion(PolicyVersion):
    """A version of a project's policy, with its files."""

    documents: dict[str, str]


class PolicyVersions(Document):
    """Some versions, the newest first."""

    policies: list[PolicyVersion]
    next: Next


class PolicyActivation(Document):
    """That a version was put in force."""

    project: str
    number: int
    """1 for the project's first; it only grows."""
    version: int
    """0: the policy of the service's own settings."""
    digest: str
    """Empty for version 0, which is each service's own."""
    author: str
    note: str
    time: datetime


class Activations(Document):
    """What was in force, the latest first."""

    activations: list[PolicyActivation]
    next: Next


class SavedPolicy(PolicyVersion):
    """A version that was kept."""

    activation: PolicyActivation | None
    """Null where it was not put in force."""


class PolicyProblem(Document):
    """Something that is wrong with a policy."""

    file: str
    line: int
    """0: the file as a whole."""
    message: str


class Validation(Document):
    """Whether a policy could be kept."""

    valid: bool
    digest: str | None
    rules: int
    """How many would be in force."""
    problems: list[PolicyProblem]
    """The first thousand."""
    more: int
    """How many more there are."""


class PolicyChange(Document):
    """One value that is not the same."""

    subject: str
    """The id of a rule, `tuning`, or the runs it is about."""
    field: str
    before: JsonValue
    after: JsonValue


class PolicyDifference(Document):
    """Everything that is not the same in two policies."""

    before: int
    after: int
    digests: list[str]
    decides_alike: bool
    added: list[StatedRule]
    """Rules in force in the second only."""
    removed: list[StatedRule]
    """Rules in force in the first only."""
    changes: list[PolicyChange]


def version_document(about: About, active: Activation | None) -> dict[str, Any]:
    """A version as JSON, without its files.

    Args:
        about: the version.
        active: the latest activation of its project.
    """
    return {
        "project": about.project,
        "version": about.version,
        "digest": about.digest,
        "author": about.author,
        "note": about.note,
        "created": moment(about.created or None),
        "active": is_active(about, active),
    }


def activation_document(activation: Activation) -> dict[str, Any]:
    """An activation as JSON."""
    return {
        "project": activation.project,
        "number": activation.number,
        "version": activation.version,
        "digest": activation.digest,
        "author": activation.author,
        "note": activation.note,
        "time": moment(activation.time),
    }


def is_active(about: About, active: Activation | None) -> bool:
    """Whether a version is in force, by the latest activation of its project."""
    return about.version == (active.version if active else OWN)
