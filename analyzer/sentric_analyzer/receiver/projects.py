"""Which project a span or log record belongs to."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from sentric import semconv
from sentric_analyzer.control.projects import DEFAULT, is_project_name


def project_of(allowed: tuple[str, ...], resource: Mapping[str, Any]) -> str:
    """The project of what a resource sent.

    A request is kept whole, though its resources may claim different projects; so who reads the log asks here,
    for each resource.

    Args:
        allowed: projects of the log record, those of the sender's key: one that the resource does not claim among
            them falls to the first. Empty: the sender had no key, and the claim holds if it can be a name.
        resource: attributes of the resource, with what the sender claims.
    """
    claimed = resource.get(semconv.SENTRIC_PROJECT)
    if allowed:
        return claimed if claimed in allowed else allowed[0]
    return claimed if isinstance(claimed, str) and is_project_name(claimed) else DEFAULT


def settle_projects(request: ExportTraceServiceRequest | ExportLogsServiceRequest, allowed: tuple[str, ...]) -> None:
    """Replace what the resources of a request claim by what the sender's key allows; without a key, leave it.

    From here on the attribute of the resource says the project: also to the store, which has a column made of it.
    """
    if not allowed:
        return
    parts = request.resource_spans if isinstance(request, ExportTraceServiceRequest) else request.resource_logs
    for part in parts:
        _settle(part.resource, allowed)


def _settle(resource: Resource, allowed: tuple[str, ...]) -> None:
    claims = {item.key: item.value.string_value for item in resource.attributes if item.key == semconv.SENTRIC_PROJECT}
    others = [item for item in resource.attributes if item.key != semconv.SENTRIC_PROJECT]
    project = KeyValue(key=semconv.SENTRIC_PROJECT, value=AnyValue(string_value=project_of(allowed, claims)))
    del resource.attributes[:]
    resource.attributes.extend([*others, project])
