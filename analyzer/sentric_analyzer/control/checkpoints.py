"""Signs how far the audit went, in the database and outside of it, where what rewrites the database does not reach.

The line outside is rewritten whenever the audit has gone on, but only for an audit that goes on from what the line
says: where records up to it were taken away or replaced, the line stays, and is the proof.
"""

import logging
import os
import threading
from pathlib import Path

from sentric.policy.signature import verify
from sentric_analyzer.control.audit_chain import PURPOSE, Checkpoint, Record
from sentric_analyzer.control.changes import MOST_RECORDS, Changes
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.files import placed
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.signing import Signer
from sentric_analyzer.control.tables import AUDIT_CHECKPOINTS

HEAD_FILE = "audit.head"
"""Name of the file in a data directory that says, signed, how far the audit went."""

_logger = logging.getLogger(__name__)

_SIZE = 512
"""Bytes of the line, with the blanks at its end: a sector of a disk, which is written whole or not at all."""
_LOOKS = 10
_CURE = "keep it, compare it with a backup by `sentric audit verify --checkpoint`, then move it away"


class Checkpoints:
    """Signs the last record of the audit. Any thread may use it.

    Args:
        changes: of the store.
        signer: the service's.
        path: the file outside of the database, which is made with the first checkpoint.

    Raises:
        ControlError: the file cannot be read, or holds no checkpoint of this service's.
    """

    def __init__(self, changes: Changes, signer: Signer, path: Path) -> None:
        self._changes = changes
        self._signer = signer
        self._path = path
        self._lock = threading.Lock()
        self._failure = ""
        self._kept = 0
        """Sequence of the last checkpoint that this process has put into the database."""
        self._last = read_head(path)
        if self._last is not None and not self._is_ours(self._last):
            raise ControlError(f"{path}: its signature does not hold: {_CURE}")

    def failure(self) -> str:
        """Why nothing is signed any more; empty while the audit goes on from what was signed."""
        return self._failure

    @property
    def newest(self) -> Checkpoint | None:
        """The last record that was signed, as the file says; None before the first."""
        return self._last

    def note(self) -> None:
        """Sign the last record, where there is a new one, and write that to the file.

        An audit that does not go on from what was signed before is not signed: `failure` says so, and so does the log.

        Raises:
            ControlError: the database does not answer, or the file cannot be written.
        """
        with self._lock:
            self._noted()

    def keep(self) -> None:
        """Sign the last record, where there is a new one, and put what was signed last into the database, too.

        Raises:
            ControlError: the database does not answer, or the file cannot be written.
        """
        with self._lock:
            self._noted()
            newest = self._last
            if newest is None or self._failure or newest.sequence <= self._kept:
                return
            with self._changes.database.changing() as connection:
                values = {"sequence": newest.sequence, "checkpoint": newest.to_json()}
                insert_new(connection, AUDIT_CHECKPOINTS, values)  # another service may have been first
            self._kept = newest.sequence

    def _noted(self) -> None:
        if self._failure:
            return
        head, digest = self._changes.head()
        record = self._followed(head, digest)
        if record is not None:
            signed = Checkpoint.signed(record, round(self._changes.clock() * 1e6), self._signer)
            _write(self._path, signed)
            self._last = signed

    def _followed(self, head: int, digest: str) -> Record | None:
        """The last record, where all records since the last checkpoint follow it; None where there is no new one."""
        last = self._last
        if last is not None and (head < last.sequence or (head == last.sequence and digest != last.digest)):
            return self._rewritten(last.sequence)
        if head == (last.sequence if last else 0):
            return None
        before: Record | None = None
        after = last.sequence - 1 if last else head - 1
        while after < head:
            page = self._changes.records(after=after, limit=min(MOST_RECORDS, head - after))
            for record in page:
                if record.sequence != after + 1 or not _follows(record, before, last):
                    return self._rewritten(after + 1)
                before, after = record, record.sequence
            if not page:
                return self._rewritten(after + 1)
        return before if before is not None and before.digest == digest else self._rewritten(head)

    def _rewritten(self, sequence: int) -> Record | None:
        """That there is nothing to sign any more."""
        self._failure = f"the audit is not what it was at record {sequence}: {self._path} says so: {_CURE}"
        _logger.error("%s", self._failure)
        return None

    def _is_ours(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint holds; one of a former key is taken as it is."""
        if checkpoint.key_id != self._signer.key_id:
            return True
        return verify(self._signer.public_key, PURPOSE, checkpoint.message(), checkpoint.signature)


def read_head(path: Path) -> Checkpoint | None:
    """The checkpoint in a file that may be rewritten meanwhile; None where there is no file.

    Raises:
        ControlError: it cannot be read, or holds no checkpoint.
    """
    line: bytes | None = None
    for _ in range(_LOOKS):
        before = line
        try:
            with path.open("rb") as file:
                line = file.read(_SIZE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ControlError(f"{path}: cannot be read: {error.strerror}") from None
        if line == before:  # nobody was at it
            break
    try:
        return Checkpoint.from_json((line or b"").decode("ascii", "replace"))
    except ControlError:
        raise ControlError(f"{path}: holds no checkpoint of the audit: {_CURE}") from None


def _follows(record: Record, before: Record | None, last: Checkpoint | None) -> bool:
    """Whether a record follows the one before it; the first that is looked at is that of the last checkpoint."""
    if before is not None:
        return record.previous == before.digest
    return last is None or record.digest == last.digest


def _write(path: Path, checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the former one."""
    line = checkpoint.to_json().encode().ljust(_SIZE - 1) + b"\n"
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            with placed(path) as file:
                file.write_bytes(line)
            return
        try:
            os.pwrite(descriptor, line, 0)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ControlError(f"{path}: cannot be written: {error.strerror}") from None
