"""The bodies that are sent back, in the encoding of the request."""

import json
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from sentric_analyzer.receiver.decode import JSON, Partly
from sentric_analyzer.receiver.exports import Export
from sentric_analyzer.receiver.refusal import Refusal

_RETRY_INFO = f"type.googleapis.com/{RetryInfo.DESCRIPTOR.full_name}"


def success(export: Export, partly: Partly, media: str) -> bytes:
    """The Export response; its partial_success is set only where something was left out or cut."""
    if not partly:
        return b"{}" if media == JSON else b""
    response = export.response()
    partial = cast(Any, response).partial_success
    told: list[str] = []
    if partly.rejected:
        partial.rejected_spans = partly.rejected
        told.append("spans were left out: a trace id must be 16 bytes, a span id and a parent's id 8, not all zero")
    if partly.cut:
        told.append(f"values were cut to the longest that is kept here: {partly.cut}")
    partial.error_message = "; ".join(told)
    return MessageToJson(response, indent=None).encode() if media == JSON else response.SerializeToString()


def failure(refusal: Refusal, media: str) -> bytes:
    """The google.rpc.Status of a refusal."""
    if media == JSON:
        status: dict[str, Any] = {"code": refusal.answer.code, "message": str(refusal)}
        if seconds := refusal.retry_seconds:
            status["details"] = [{"@type": _RETRY_INFO, "retryDelay": f"{seconds}s"}]
        return json.dumps(status).encode()
    return bytes(status_of(refusal).SerializeToString())


def status_of(refusal: Refusal) -> Any:
    """The google.rpc.Status of a refusal, with a RetryInfo where it is worth trying again."""
    status = Status(code=refusal.answer.code, message=str(refusal))
    if seconds := refusal.retry_seconds:
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=seconds)))
    return status
