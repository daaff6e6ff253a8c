"""The body of a request into what the log keeps: checked, in protobuf."""

from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.message import DecodeError, EncodeError, Message

from sentric_analyzer.receiver.cut import cut_values
from sentric_analyzer.receiver.encodings import decompress
from sentric_analyzer.receiver.exports import TRACES, Export
from sentric_analyzer.receiver.limits import check_items, check_json_values
from sentric_analyzer.receiver.otlp_json import parse_json
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.shape import check_shape

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_LIGHT = 2 << 20
"""Bytes of protobuf up to which decoding is quick."""
_LIGHT_JSON = 64 << 10
"""The same of JSON."""
_LIGHT_ITEMS = 10_000
"""Spans or log records up to which decoding is quick."""
_LIGHT_MESSAGES = 20_000
"""Messages of any kind up to which it is, where nobody says how much was sent for them."""
_LIGHT_UNPACKED = 64 << 10
_LIGHT_TIMES = 24
"""Bytes that a light body may unpack to, and as many times its size besides. Telemetry packs to a fifth or a tenth."""
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_NO_TRACE_ID = bytes(_TRACE_ID_BYTES)
_NO_SPAN_ID = bytes(_SPAN_ID_BYTES)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a request may be."""

    body: int
    """Bytes, before and after decompression."""
    items: int
    """Spans or log records."""
    messages: int
    """Messages of any kind: what nests in spans and log records too."""
    value: int
    """Bytes of one string; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class Partly:
    """What of a request was not taken as it came. False where all of it was."""

    rejected: int = 0
    """Spans that were left out, because their ids are not valid."""
    cut: int = 0
    """Values that were cut, because they are too long."""

    def __bool__(self) -> bool:
        return bool(self.rejected or self.cut)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request that may be kept."""

    body: bytes
    """Protobuf; the very bytes that came, where nothing had to be changed."""
    items: int
    partly: Partly = Partly()


def parse_content_type(header: str) -> str:
    """The media type that a Content-Type header names.

    Raises:
        Refusal: it is neither of OTLP's two.
    """
    media = header.partition(";")[0].strip().lower()
    if media not in (PROTOBUF, JSON):
        raise Refusal(Reason.CONTENT_TYPE, f"send {PROTOBUF} or {JSON}")
    return media


def light_body(export: Export, body: bytes, media: str, encoding: str | None, bounds: Bounds) -> bytes | None:
    """A body without its encoding, if decoding it takes milliseconds at most; None where it may take longer.

    What it unpacks to decides, and how much is in that: a few kilobytes may hold a million empty values.

    Args:
        export: which request it is.
        body: of the request.
        media: protobuf or JSON.
        encoding: how it is packed; None where it was unpacked by somebody who does not say from how little.
        bounds: of what is taken in.
    """
    most = _LIGHT_JSON if media == JSON else _LIGHT
    if len(body) > most:
        return None
    try:
        if encoding is not None:
            body = decompress(body, encoding, min(most, _LIGHT_UNPACKED + _LIGHT_TIMES * len(body)))
        if media == PROTOBUF and check_items(body, _LIGHT_ITEMS) > bounds.value:
            return None  # something in it may have to be cut
        if encoding is None:
            check_shape(body, export.request, _LIGHT_MESSAGES)
    except Refusal:  # of what is not light, or no request at all: whoever decodes it says why
        return None
    return body


def decode(export: Export, body: bytes, media: str, encoding: str, bounds: Bounds) -> Decoded:
    """Decompress, check and parse the body of an Export request.

    Raises:
        Refusal: it is too large, or is not what it says it is.
    """
    body = decompress(body, encoding, bounds.body)
    if media == JSON:
        body = _from_json(export, body, bounds)
    largest = check_items(body, bounds.items)
    check_shape(body, export.request, bounds.messages)
    request = _parse(export, body)  # what came as JSON too: the reader of the log must be able to do the same
    if export.signal is None:
        return Decoded(b"", 0)
    cut = cut_values(request, bounds.value) if largest > bounds.value else 0
    if export is TRACES:
        items, rejected = _drop_invalid_spans(request)
        changed = rejected > 0
    else:
        items, changed = _clear_invalid_ids(request)
        rejected = 0
    return Decoded(request.SerializeToString() if changed or cut else body, items, Partly(rejected, cut))


def _from_json(export: Export, body: bytes, bounds: Bounds) -> bytes:
    check_json_values(body, bounds.messages)
    message = parse_json(body, export.request, bounds.items)
    try:
        serialized: bytes = message.SerializeToString()
    except EncodeError:
        raise Refusal(Reason.MALFORMED, "the body is nested too deep") from None
    return serialized


def _parse(export: Export, body: bytes) -> Message:
    request = export.request()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise Refusal(Reason.MALFORMED, f"the body is not a valid {request.DESCRIPTOR.name}") from None
    return request


def _drop_invalid_spans(request: Message) -> tuple[int, int]:
    """Take out the spans that OTLP calls invalid; how many stay, and how many went."""
    kept = rejected = 0
    for resource_spans in cast(Any, request).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            spans = scope_spans.spans
            valid = [span for span in spans if _is_valid(span)]
            kept += len(valid)
            if missing := len(spans) - len(valid):
                rejected += missing
                del spans[:]
                spans.extend(valid)
    return kept, rejected


def _is_valid(span: Any) -> bool:
    trace_id, span_id = span.trace_id, span.span_id
    return (
        len(trace_id) == _TRACE_ID_BYTES
        and len(span_id) == _SPAN_ID_BYTES
        and trace_id != _NO_TRACE_ID
        and span_id != _NO_SPAN_ID
        and len(span.parent_span_id) in (0, _SPAN_ID_BYTES)
    )


def _clear_invalid_ids(request: Message) -> tuple[int, bool]:
    """Take from log records the ids that are not valid; how many records there are, and whether one changed."""
    items, changed = 0, False
    for resource_logs in cast(Any, request).resource_logs:
        for scope_logs in resource_logs.scope_logs:
            items += len(scope_logs.log_records)
            for record in scope_logs.log_records:
                if len(record.trace_id) not in (0, _TRACE_ID_BYTES):
                    record.trace_id, changed = b"", True
                if len(record.span_id) not in (0, _SPAN_ID_BYTES):
                    record.span_id, changed = b"", True
    return items, changed
