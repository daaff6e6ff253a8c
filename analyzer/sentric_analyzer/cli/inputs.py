"""Recorded traces from files: raw OTLP, OTLP/JSON, one request a line, whole directories, standard input."""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.errors import SentricError
from sentric_analyzer.dialects import spans_in
from sentric_analyzer.receiver.cut import cut_values
from sentric_analyzer.receiver.otlp_json import parse_json
from sentric_analyzer.receiver.refusal import Refusal
from sentric_analyzer.spans import Span, spans_of

_Request = TypeVar("_Request", ExportTraceServiceRequest, ExportLogsServiceRequest)

SUFFIXES = (".pb", ".json", ".jsonl", ".pb.gz", ".json.gz", ".jsonl.gz")
STANDARD_INPUT = Path("-")
_NO_SPANS = "holds no spans, and no log records that tell of agents: skipped"


class InputError(SentricError):
    """A file cannot be read as OTLP."""


@dataclass(slots=True)
class Inputs:
    """The files named on a command line, read one request at a time.

    A request that cannot be read is noted in `errors` and the rest is read on.
    """

    paths: tuple[Path, ...]
    longest: int
    """Bytes of an attribute's value beyond which it is cut, as the service cuts what it receives."""
    errors: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    bytes_read: int = 0
    """Of the files as they lie on disk, for progress."""

    def size(self) -> int:
        """Bytes of all files; what comes on standard input is not counted."""
        return sum(path.stat().st_size for path in self.paths if path != STANDARD_INPUT)

    def spans(self) -> Iterator[Span]:
        """Every span, file by file."""
        for path in self.paths:
            before = self.bytes_read
            try:
                yield from self._file(path)
            except (OSError, EOFError, zlib.error) as error:
                self.errors.append(f"{path}: cannot be read: {_reason(error)}")
            if path != STANDARD_INPUT:
                self.bytes_read = before + path.stat().st_size

    def _file(self, path: Path) -> Iterator[Span]:
        for where, body, is_json in _bodies(path, self):
            try:
                spans = _spans(body, self.longest, is_json=is_json)
            except (Refusal, DecodeError) as error:
                self.errors.append(f"{where}: is not an OTLP request of traces or logs, protobuf or JSON: {error}")
                continue
            if not spans and body.strip() not in (b"", b"{}"):
                self.notes.append(f"{where}: {_NO_SPANS}")
            yield from spans


def find(paths: Iterable[Path], *, longest: int) -> Inputs:
    """The files that paths and directories stand for.

    Args:
        paths: of files and directories.
        longest: bytes of an attribute's value beyond which it is cut.

    Raises:
        InputError: a path does not exist, or a directory holds nothing to read.
    """
    found: list[Path] = []
    for path in paths:
        if path == STANDARD_INPUT or path.is_file():
            found.append(path)
        elif path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
            if not inside:
                raise InputError(f"{path}: holds no OTLP files: they end in {', '.join(SUFFIXES)}")
            found.extend(inside)
        else:
            raise InputError(f"{path}: no such file or directory")
    return Inputs(tuple(found), longest)


def _bodies(path: Path, inputs: Inputs) -> Iterator[tuple[str, bytes, bool]]:
    """Where each request stands, its bytes, and whether it is JSON."""
    if path == STANDARD_INPUT:
        yield from _of_unknown_form("standard input", sys.stdin.buffer.read())
        return
    name = path.name.removesuffix(".gz")
    if name.endswith(".jsonl"):
        yield from _lines(path, inputs)
    else:
        body = _unpacked(path.read_bytes())
        yield str(path), body, name.endswith(".json") or _looks_like_json(body)


def _lines(path: Path, inputs: Inputs) -> Iterator[tuple[str, bytes, bool]]:
    before = inputs.bytes_read
    with path.open("rb") as raw, gzip.open(raw) if path.name.endswith(".gz") else nullcontext(raw) as lines:
        for number, line in enumerate(lines, start=1):
            inputs.bytes_read = before + raw.tell()
            if line.strip():
                yield f"{path}:{number}", line, True


def _of_unknown_form(name: str, body: bytes) -> Iterator[tuple[str, bytes, bool]]:
    body = _unpacked(body)
    if not _looks_like_json(body):
        yield name, body, False
        return
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        yield from ((f"{name}:{number}", line, True) for number, line in enumerate(lines, start=1))
    else:
        yield name, body, True


def _spans(body: bytes, longest: int, *, is_json: bool) -> list[Span]:
    """The spans of a request, or those made of its log records: only its content says of what it is.

    Raises:
        Refusal, DecodeError: it is of neither.
    """
    problem: Exception | None = None
    try:
        traces = _request(body, ExportTraceServiceRequest, longest, is_json=is_json)
        if spans := [span for span in spans_of(traces) if span.trace_id]:
            return spans
    except (Refusal, DecodeError) as error:
        problem = error
    try:
        logs = _request(body, ExportLogsServiceRequest, longest, is_json=is_json)
    except (Refusal, DecodeError) as error:
        raise problem or error from None
    if problem and not any(resource.scope_logs for resource in logs.resource_logs):
        raise problem
    return list(spans_of(spans_in(logs)))


def _request(body: bytes, kind: type[_Request], longest: int, *, is_json: bool) -> _Request:
    if is_json:
        body = parse_json(body, kind, sys.maxsize).SerializeToString()
    request = kind.FromString(body)
    if len(body) > longest:
        cut_values(request, longest)
    return request


def _unpacked(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
