"""The audit as a file: a record or a checkpoint a line, as JSON, to be kept and verified elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sentric_analyzer.control.audit import Audit, check_keys
from sentric_analyzer.control.audit_chain import Checkpoint, Record, Verification, canonical, verify
from sentric_analyzer.control.errors import AuditDamagedError, ControlError

_LONGEST_LINE = 8 << 20
"""Bytes of a line. More is not read: it is no record of Sentric's."""


def exported(audit: Audit, outside: Sequence[Checkpoint] = ()) -> Iterator[str]:
    """The lines of a file: the checkpoints, then every record, in order. So a file that was cut says so itself.

    Args:
        audit: the records, and the checkpoints that the database keeps.
        outside: checkpoints that are kept outside of it.

    Raises:
        ControlError: the database does not answer, or cannot give a record.
    """
    checkpoints = {checkpoint.to_json(): checkpoint.sequence for checkpoint in [*audit.checkpoints(), *outside]}
    yield from sorted(checkpoints, key=lambda line: checkpoints[line])
    for number, record in enumerate(audit.records(), start=1):
        try:
            yield canonical(record._asdict())
        except (TypeError, ValueError):  # SQLite keeps anything
            raise AuditDamagedError(
                f"record {number} was altered: something in it is not of its kind", number
            ) from None


def verify_file(path: Path, outside: Sequence[Checkpoint], public_keys: Mapping[str, str]) -> Verification:
    """Tell whether a file that was exported is what it was, and where it ceases to be.

    Args:
        path: the file.
        outside: checkpoints that are kept elsewhere.
        public_keys: of those who sign, in base64, by their ids.

    Raises:
        ControlError: the file cannot be read, or there are checkpoints, and no keys.
    """
    checkpoints = [*(line for line in _lines(path) if isinstance(line, Checkpoint)), *outside]
    check_keys(checkpoints, public_keys)
    try:
        return verify(_records(path), checkpoints, public_keys)
    except AuditDamagedError as error:
        return Verification(error.sequence - 1, 0, 0, error.sequence, str(error))


def checkpoints_of(path: Path) -> list[Checkpoint]:
    """The checkpoints in a file that has them a line each, as `audit.head` does; of an export its own.

    Raises:
        ControlError: the file cannot be read, or holds none.
    """
    found = [line for line in _lines(path) if isinstance(line, Checkpoint)]
    if not found:
        raise ControlError(f"{path}: holds no checkpoint of the audit: give an `audit.head`, or an export")
    return found


def _records(path: Path) -> Iterator[Record]:
    due = 1
    for line in _lines(path):
        if line is None:
            raise AuditDamagedError(f"what stands where record {due} is due is no line of an export", due)
        if isinstance(line, Record):
            due += 1
            yield line


def _lines(path: Path) -> Iterator[Record | Checkpoint | None]:
    """What stands in a file, in bounded memory; None for a line that is neither."""
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE + 1):
                if line.strip():
                    yield _line(line)
    except OSError as error:
        raise ControlError(f"{path}: cannot be read: {error.strerror}") from None


def _line(line: bytes) -> Record | Checkpoint | None:
    try:
        text = line.decode("ascii").strip()
        stated: Any = json.loads(text) if len(line) <= _LONGEST_LINE else None
        if isinstance(stated, dict) and "signature" in stated:
            return Checkpoint.from_json(text)
        record = Record(**stated)
        return record if canonical(record._asdict()) == text else None
    except (ValueError, TypeError, RecursionError, ControlError):
        return None
