"""The bodies that are sent back, in the encoding of the request."""

import json
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from sentric_analyzer.receiver.decode import JSON
from sentric_analyzer.receiver.exports import Export
from sentric_analyzer.receiver.refusal import RETRY_SECONDS, Refusal


def success(export: Export, rejected: int, media: str) -> bytes:
    """The Export response; its partial_success is set only where spans were left out."""
    if not rejected:
        return b"{}" if media == JSON else b""
    response = export.response()
    partial = cast(Any, response).partial_success
    partial.rejected_spans = rejected
    partial.error_message = (
        "spans were left out: a trace id must be 16 bytes, a span id and a parent's id 8, not all zero"
    )
    return MessageToJson(response, indent=None).encode() if media == JSON else response.SerializeToString()


def failure(refusal: Refusal, media: str) -> bytes:
    """The google.rpc.Status of a refusal."""
    if media == JSON:
        return json.dumps({"code": refusal.answer.code, "message": str(refusal)}).encode()
    return bytes(status_of(refusal).SerializeToString())


def status_of(refusal: Refusal) -> Any:
    """The google.rpc.Status of a refusal, with a RetryInfo where it is worth trying again."""
    status = Status(code=refusal.answer.code, message=str(refusal))
    if refusal.answer.retry:
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=RETRY_SECONDS)))
    return status
