"""The keys that are valid now, as whoever checks them holds them: in memory, by hash, without a database."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key is good for."""

    INGEST = "ingest"
    DECIDE = "decide"
    APPROVE = "approve"
    READ = "read"
    OPERATE = "operate"
    """Stop and reset agents, cancel approvals, back-test."""
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key allows."""

    key_id: str
    """Names the key in lists, logs and counters; says nothing about it."""
    projects: tuple[str, ...]
    """The projects it is for, the one of a sender that names none first; empty: every project."""
    scopes: frozenset[Scope]
    expires: float | None = None
    """Unix seconds after which it is worth nothing; None: never."""
    person: str = ""
    """Id of whose key it is; empty: a service's."""

    @property
    def identity(self) -> str:
        """Who presents it, as the audit and approvals name them: `person:ID`, or `key:ID` of a key of nobody's."""
        return f"person:{self.person}" if self.person else f"key:{self.key_id}"


class KeyRing:
    """The valid keys at one moment. Immutable: a change makes a new ring.

    Keys are found by the SHA-256 of what was presented. A key is 256 random bits, so a plain hash gives nothing
    away and costs a microsecond; and looking a hash up in a table tells, by the time it takes, at most something
    about hashes, from which no key follows.
    """

    def __init__(self, grants: Mapping[bytes, Grant]) -> None:
        """Take the grants by the digests of their keys."""
        self._grants = dict(grants)

    def __len__(self) -> int:
        return len(self._grants)

    def find(self, presented: str, now: float) -> Grant | None:
        """What a presented key allows at a time in Unix seconds; None where it is no valid key."""
        grant = self._grants.get(digest(presented))
        return grant if grant and (grant.expires is None or now < grant.expires) else None


def digest(key: str) -> bytes:
    """What of a key is kept: its SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
