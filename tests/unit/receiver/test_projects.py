import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sentric_analyzer.receiver import project_of, settle_projects


@pytest.mark.parametrize(
    ("allowed", "claimed", "expected"),
    [
        ((), None, "default"),
        ((), "shop", "shop"),
        ((), "", "default"),
        ((), 7, "default"),
        ((), "x" * 65, "default"),
        ((), "a\nb", "default"),
        (("shop",), None, "shop"),
        (("shop",), "another", "shop"),
        (("shop", "bank"), "bank", "bank"),
        (("shop", "bank"), "shop\nbank", "shop"),
        (("shop", "bank"), None, "shop"),
        (("shop", "bank"), ["bank"], "shop"),
    ],
)
def test_the_key_decides_the_project_and_else_the_resource_claims_it(
    allowed: tuple[str, ...], claimed: object, expected: str
) -> None:
    assert project_of(allowed, {} if claimed is None else {"sentric.project": claimed}) == expected


def attribute(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


NAME, SHOP, BANK = (
    attribute("service.name", "s"),
    attribute("sentric.project", "shop"),
    attribute("sentric.project", "bank"),
)


@pytest.mark.parametrize(
    ("allowed", "stated", "settled"),
    [
        ((), [SHOP, NAME], [SHOP, NAME]),
        (("bank",), [SHOP, NAME], [NAME, BANK]),
        (("bank",), [NAME], [NAME, BANK]),
        (("bank", "shop"), [SHOP, NAME], [NAME, SHOP]),
        (("bank",), [SHOP, SHOP], [BANK]),
    ],
)
def test_what_is_read_further_on_says_the_project_that_was_decided(
    allowed: tuple[str, ...], stated: list[KeyValue], settled: list[KeyValue]
) -> None:
    traces, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
    for part in (traces.resource_spans.add(), logs.resource_logs.add()):
        part.resource.attributes.extend(stated)

    settle_projects(traces, allowed)
    settle_projects(logs, allowed)

    assert list(traces.resource_spans[0].resource.attributes) == settled
    assert list(logs.resource_logs[0].resource.attributes) == settled
