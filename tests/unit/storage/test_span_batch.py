from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.redaction import Redactor
from sentric_analyzer.storage import Request, SpanBatch
from support.attributes import pairs


def test_of_the_names_that_say_a_conversation_the_first_counts() -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for told in ({"a": "one", "b": "two"}, {"b": "two", "a": 1}, {"a": "", "b": "two"}, {"c": "three"}):
        spans.add(trace_id=bytes(16), span_id=bytes(8), attributes=pairs(told))
    batch = SpanBatch.read([Request(request.SerializeToString(), ())], Redactor(b"key"))
    arrivals = list(batch.arrivals(["b", "c"], ["a", "b"]))
    assert [arrival.conversation for arrival in arrivals] == ["one", "two", "two", ""]
    assert [arrival.marked for arrival in arrivals] == [True, True, True, True]
