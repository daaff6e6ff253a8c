"""The chain of the audit's records: each holds the digest of the one before, and checkpoints sign some of them.

Whoever may write to the database can make a new chain, which holds as well as the former one. What they cannot make is
the signature of a checkpoint, which is kept elsewhere too: it tells when anything up to it is not as it was. Of what
comes after the last checkpoint, only a careless change is found.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, cast, get_type_hints

from sentric.policy.signature import verify as holds
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.signing import Signer

PURPOSE = "audit-checkpoint"
"""Of a checkpoint's signature."""
START = "0" * 64
"""What the first record has as the digest of the one before."""

_HEAD = b"Sentric audit 1\n"
_LONGEST_LINE = 1024


class Record(NamedTuple):
    """What someone did, as the audit keeps it."""

    sequence: int
    """From 1, without gaps."""
    time: int
    """Unix microseconds."""
    actor: str
    """`key:ID`, `person:ID`, `sentric`, or `local` for the commands on the database itself."""
    what: str
    """Such as `decision.block` or `key.create`."""
    project: str
    """May be empty."""
    subject: str
    """Id of what it is about."""
    detail: str
    """An object as canonical JSON."""
    previous: str
    """The digest of the record before; START of the first one."""
    digest: str
    """SHA-256, in hex, of everything above."""


class Checkpoint(NamedTuple):
    """A signed word that the chain up to a record was this one."""

    sequence: int
    """Of the record."""
    digest: str
    """Of the record, and so of all before it."""
    time: int
    """Unix microseconds at which it was signed."""
    key_id: str
    signature: str

    @classmethod
    def signed(cls, record: Record, time: int, signer: Signer) -> Self:
        """Sign a record at a time in Unix microseconds."""
        unsigned = cls(record.sequence, record.digest, time, signer.key_id, "")
        return unsigned._replace(signature=signer.sign(PURPOSE, unsigned.message()))

    def message(self) -> bytes:
        """What is signed."""
        return _framed(str(self.sequence), self.digest, str(self.time), self.key_id)

    def to_json(self) -> str:
        """One line of JSON, without its end."""
        return canonical(self._asdict())

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ControlError: the line is anything else.
        """
        line = line.strip()
        try:
            checkpoint = cls(**_object(line))
            if _is_sound(checkpoint) and checkpoint.to_json() == line:
                return checkpoint
        except (ValueError, TypeError, RecursionError):
            pass
        raise ControlError("a line is no checkpoint of the audit: give them as they were written, a line each")


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found out about a chain."""

    records: int
    """How many were read; none after what is bad is."""
    checkpoints: int
    """How many of them fit the chain."""
    signed: int = 0
    """Sequence of the last record that a checkpoint vouches for; 0: none. After it, a new end could not be told."""
    bad: int | None = None
    """The sequence at which the chain ceases to be what it was, or may do so; None: nothing is wrong."""
    why: str = ""
    """What is wrong there, in one sentence."""


def canonical(detail: Mapping[str, Any]) -> str:
    """The one text of an object: JSON with sorted keys, no blanks, and ASCII only.

    Raises:
        ValueError: a number is not finite.
        TypeError: something in it is not JSON's.
    """
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def sealed(
    previous_digest: str,
    sequence: int,
    time: int,
    actor: str,
    what: str,
    project: str,
    subject: str,
    detail: Mapping[str, Any],
) -> Record:
    """The record that follows one with a digest; START where it is the first.

    Raises:
        ValueError: a number in the detail is not finite.
        TypeError: something in the detail is not JSON's, or another field not what Record says.
    """
    open_record = Record(sequence, time, actor, what, project, subject, canonical(detail), previous_digest, "")
    if not _is_sound(open_record):
        raise TypeError(f"no record of the audit: {open_record._replace(detail='…')}")
    return open_record._replace(digest=_digest(open_record))


def verify(
    records: Iterable[Record], checkpoints: Iterable[Checkpoint], public_keys: Mapping[str, str]
) -> Verification:
    """Tell whether a chain is what it was, and where it ceases to be. Holds the checkpoints, and one record at a time.

    Args:
        records: in the order of their sequence, from the first one.
        checkpoints: in any order.
        public_keys: of those who sign, in base64, by their ids.
    """
    return _Walk(checkpoints, public_keys).along(records)


class _Walk:
    """Along a chain, from its start to the first thing that is wrong."""

    def __init__(self, checkpoints: Iterable[Checkpoint], public_keys: Mapping[str, str]) -> None:
        self._keys = public_keys
        self._ahead: dict[int, list[Checkpoint]] = defaultdict(list)
        for checkpoint in checkpoints:
            self._ahead[checkpoint.sequence if _is_sound(checkpoint) else 0].append(checkpoint)
        self._records = self._checkpoints = self._signed = 0
        self._digest = START

    def along(self, records: Iterable[Record]) -> Verification:
        for record in records:
            due = self._records + 1
            self._records = due
            if why := self._misfit(record, due):
                return self._end(due, why)
            self._digest = record.digest
            for checkpoint in self._ahead.pop(due, ()):
                if why := self._distrust(checkpoint):
                    return self._end(due, why)
                if checkpoint.digest != record.digest:
                    return self._rewritten(due)
                self._checkpoints += 1
                self._signed = due
        return self._beyond()

    def _misfit(self, record: Record, due: int) -> str:
        """Why a record is not the one that is due; empty where it is."""
        if not _is_sound(record):
            return f"record {due} was altered: something in it is not of its kind"
        if record.sequence > due:
            return f"record {due} is missing: {record.sequence} stands in its place"
        if record.sequence < due:
            return f"record {record.sequence} stands where {due} is due: it is there twice, or out of order"
        if record.digest != _digest(record):
            return f"record {due} was altered: its digest is not that of its content"
        if record.previous != self._digest:
            return f"record {due} does not follow the one before it: one of the two was replaced"
        return ""

    def _distrust(self, checkpoint: Checkpoint) -> str:
        """Why a checkpoint is not to be believed; empty where it is."""
        if not _is_sound(checkpoint):
            return "a checkpoint was altered: something in it is not of its kind"
        name = f"the checkpoint at record {checkpoint.sequence}"
        if checkpoint.key_id not in self._keys:
            return f"{name} is signed with key {checkpoint.key_id[:64]!a}, which is not known"
        if not holds(self._keys[checkpoint.key_id], PURPOSE, checkpoint.message(), checkpoint.signature):
            return f"the signature of {name} does not hold: it was altered, or is not ours"
        return ""

    def _rewritten(self, due: int) -> Verification:
        first = self._signed + 1
        span = f"record {due} was" if first == due else f"some or all of records {first} to {due} were"
        return self._end(min(first, due), f"{span} rewritten: the checkpoint at {due} was signed over others")

    def _beyond(self) -> Verification:
        """All records were read: what is left are checkpoints of others."""
        following = self._records + 1
        for sequence in sorted(self._ahead):
            for checkpoint in self._ahead[sequence]:
                if why := self._distrust(checkpoint):
                    return self._end(following, why)
                span = f"record {sequence} is" if sequence == following else f"records {following} to {sequence} are"
                return self._end(following, f"{span} missing at the end: there is a checkpoint at {sequence}")
        return self._end(None, "")

    def _end(self, bad: int | None, why: str) -> Verification:
        return Verification(self._records, self._checkpoints, self._signed, bad, why)


def _digest(record: Record) -> str:
    """What the digest of a record must be."""
    content = (record.actor, record.what, record.project, record.subject, record.detail)
    framed = _framed(record.previous, str(record.sequence), str(record.time), *content)
    return hashlib.sha256(_HEAD + framed).hexdigest()


def _framed(*texts: str) -> bytes:
    """Texts with their lengths: no others give the same bytes."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    return b"".join(len(part).to_bytes(8) + part for part in parts)


def _object(line: str) -> dict[str, Any]:
    stated: object = json.loads(line) if len(line) <= _LONGEST_LINE else None
    if not isinstance(stated, dict):
        raise TypeError
    return cast(dict[str, Any], stated)


def _is_sound(row: Record | Checkpoint) -> bool:
    """Whether each field is what it should be: SQLite, and JSON, keep anything."""
    are_typed = all(type(value) is kind for value, kind in zip(row, _TYPES[type(row)], strict=True))
    return are_typed and 0 < row.sequence < _MOST and 0 <= row.time < _MOST


_MOST = 1 << 63
"""Of whole numbers: SQL keeps no larger ones."""
_TYPES = {kind: tuple(get_type_hints(kind)[name] for name in kind._fields) for kind in (Record, Checkpoint)}
