"""What a guard is told of the policy in force for its project, signed by the service that tells it.

Here is what is signed, and how a document that arrives is read: one that was altered, or is an older one, is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from sentric.errors import PolicyError
from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric.policy.signature import key_id_of, verify

PURPOSE = "policy"
"""What the signature is for."""
_NUMBERS, _TEXTS = ("version", "number"), ("project", "digest", "main", "issued", "key_id", "public_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """A policy that is in force for a project, as a service states it."""

    project: str
    version: int
    """0: the policy of the service's own settings."""
    number: int
    """How many times something was put in force for the project: it only grows; 0 before the first."""
    digest: str
    """Of the policy, as the service has loaded it."""
    documents: Mapping[str, str]
    """Names of files, and their texts."""
    main: str
    """The file that the policy begins with."""
    issued: str
    """When the service said so, RFC 3339."""
    key_id: str
    """Of the key it is signed with."""
    public_key: str

    @classmethod
    def read(cls, document: object) -> tuple[Self, str]:
        """Read a document: what it states, and the signature, which is not checked.

        Raises:
            PolicyError: it is no such document; the message names what is wrong.
        """
        if not isinstance(document, dict):
            raise PolicyError(["the policy that was sent is no object"])
        known = {*_NUMBERS, *_TEXTS, "documents", "signature"}
        if wrong := [str(name) for name in known ^ document.keys()]:
            raise PolicyError([f"the policy that was sent lacks, or has besides what it may have: {min(wrong)[:64]}"])
        for name in known:
            if not _is_well_formed(name, document[name]):
                raise PolicyError([f"the policy that was sent has no usable {name!r}"])
        stated: dict[str, Any] = dict(document)
        signature = str(stated.pop("signature"))
        return cls(**stated), signature

    def message(self) -> bytes:
        """What is signed: all of it, in the one form that it has."""
        stated: dict[str, object] = {name: getattr(self, name) for name in (*_NUMBERS, *_TEXTS)}
        return _canonical({**stated, "documents": sha256(_canonical(self.documents)).hexdigest()})

    def document(self, signature: str) -> dict[str, Any]:
        """What is sent, with the signature of the message."""
        stated = {name: getattr(self, name) for name in ("project", *_NUMBERS, *_TEXTS[1:])}
        return {**stated, "documents": dict(self.documents), "signature": signature}


def verified(document: object, public_key: str, *, project: str, least: int = 0) -> Supply:
    """Read a document of the policy in force, and make sure that a service has stated just that.

    Args:
        document: as `GET /v1/policies/active` answers it.
        public_key: of the service, in base64, as it is known from elsewhere: not from the document.
        project: whose policy is wanted.
        least: number of the activation that is known already.

    Raises:
        PolicyError: it is not what that service has stated for this project, or is older than what is known.
        MissingDependencyError: what checks signatures is not installed.
    """
    supply, signature = Supply.read(document)
    if (supply.key_id, supply.public_key) != (key_id_of(public_key), public_key):
        raise PolicyError([f"the policy that was sent is signed with another key, {supply.key_id[:32]!r}"])
    if not verify(public_key, PURPOSE, supply.message(), signature):
        raise PolicyError(["the policy that was sent was altered: its signature does not hold"])
    return _fitting(supply, project, least)


def unverified(document: object, *, project: str, least: int = 0) -> Supply:
    """Read a document of the policy in force where the service's key is not known, see `verified`.

    Raises:
        PolicyError: it is no such document, is of another project, or is older than what is known.
    """
    return _fitting(Supply.read(document)[0], project, least)


def loaded(supply: Supply) -> Policy:
    """Load what a service has stated: it must be the same policy here as there.

    Raises:
        PolicyError: everything that is wrong in its files; or they are another policy here.
    """
    policy = load_bundle(supply.documents, supply.main)
    if policy.digest != supply.digest:
        raise PolicyError(
            [
                f"the policy that was sent has the digest {policy.digest} here, and {supply.digest[:32]!r} was stated: "
                "it was altered, or the service runs another version of Sentric: install the same one"
            ]
        )
    return policy


def _fitting(supply: Supply, project: str, least: int) -> Supply:
    if supply.project != project:
        raise PolicyError([f"the policy that was sent is of project {supply.project[:200]!r}, not of {project!r}"])
    if supply.number < least:
        raise PolicyError(
            [
                f"the policy that was sent is an older one: activation {supply.number}, and {least} is known already: "
                "where the service has begun anew, remove what guards have kept of it, and start them again"
            ]
        )
    return supply


def _canonical(value: object) -> bytes:
    """The same bytes for the same value, whoever makes them: JSON in ASCII, sorted, without white space."""
    stated = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode("ascii")


def _is_well_formed(name: str, value: object) -> bool:
    if name in _NUMBERS:
        return type(value) is int and value >= 0  # true is an int too
    if name == "documents":
        return isinstance(value, dict) and all(isinstance(part, str) for item in value.items() for part in item)
    return isinstance(value, str)
