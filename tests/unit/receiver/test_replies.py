import json

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from sentric_analyzer.receiver.counts import METRICS, Counter
from sentric_analyzer.receiver.decode import JSON, PROTOBUF, Partly
from sentric_analyzer.receiver.exports import EXPORTS, TRACES
from sentric_analyzer.receiver.refusal import ANSWERS, Reason, Refusal
from sentric_analyzer.receiver.replies import failure, status_of, success


def test_success_says_nothing_where_everything_was_accepted() -> None:
    for export in EXPORTS:
        assert (success(export, Partly(), PROTOBUF), success(export, Partly(), JSON)) == (b"", b"{}")


def test_partial_success_says_how_many_spans_were_left_out() -> None:
    partial = ExportTraceServiceResponse.FromString(success(TRACES, Partly(rejected=3), PROTOBUF)).partial_success
    assert (partial.rejected_spans, "trace id" in partial.error_message) == (3, True)
    assert json.loads(success(TRACES, Partly(rejected=3), JSON))["partialSuccess"]["rejectedSpans"] == "3"


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_a_status_in_the_encoding_of_the_request(reason: Reason) -> None:
    refusal = Refusal(reason, "why")
    status = Status.FromString(failure(refusal, PROTOBUF))
    assert (status.code, status.message) == (ANSWERS[reason].code, "why")
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]
    stated = {"code": status.code, "message": "why"} | ({"details": details} if ANSWERS[reason].retry else {})
    assert json.loads(failure(refusal, JSON)) == stated


@pytest.mark.parametrize("reason", Reason)
def test_only_what_may_succeed_later_may_be_tried_again(reason: Reason) -> None:
    answer = ANSWERS[reason]
    assert answer.retry == (reason in (Reason.BUSY, Reason.UNAVAILABLE, Reason.ATTEMPTS, Reason.RATE))
    assert answer.retry == (answer.status in (429, 502, 503, 504))
    assert answer.retry == (answer.code in (8, 14))
    assert len(status_of(Refusal(reason, "")).details) == answer.retry


def test_a_sender_is_told_when_to_try_again() -> None:
    info = RetryInfo()
    assert status_of(Refusal(Reason.BUSY, "")).details[0].Unpack(info)
    assert info.retry_delay.seconds == 1
    assert status_of(Refusal(Reason.RATE, "", wait=4.2)).details[0].Unpack(info)
    assert info.retry_delay.seconds == 5


def test_partial_success_says_that_values_were_cut() -> None:
    for export in EXPORTS:
        stated = json.loads(success(export, Partly(cut=2), JSON))["partialSuccess"]
        assert stated == {"errorMessage": "values were cut to the longest that is kept here: 2"}


def test_every_counter_is_declared_with_every_value_of_its_label() -> None:
    assert set(METRICS) == set(Counter)
    assert set(METRICS[Counter.REFUSED].values) == set(Reason)
