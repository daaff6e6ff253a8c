"""Attributes in columns: what goes in comes out, and the redactor is obeyed to the letter."""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.redaction import Redactor
from sentric_analyzer.storage.attribute_columns import Attributes
from sentric_analyzer.storage.otlp import read_spans
from support.attributes import pairs

CARD = 4111111111111111
SECRETS: list[Any] = [
    "password: Wolf-Canary-93x",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "AKIAIOSFODNN7EXAMPLE",
    "Wolf-Canary-93x",
    str(CARD),
    CARD,
    float(CARD),
    0.7721675700850072,
    ["a", {"password": "hunter2x"}],
    {"name": "password", "value": "hunter2x"},
    b"\x00\xff",
    "https://user:pa55word@host.example/",
]
NAMES = ["password", "http.route", "url.full", "value", "name", "key", "auth", "type", "session_id", "db.query.text"]
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = (
    st.sampled_from(SECRETS)
    | TEXT
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.lists(TEXT, max_size=2)
    | st.dictionaries(TEXT, TEXT, max_size=2)
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(NAMES) | TEXT, VALUES, max_size=5), max_size=5)


def read(objects: list[dict[str, Any]]) -> Attributes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for attributes in objects:
        spans.add(attributes=pairs(attributes))
    return Attributes.read(read_spans([request.SerializeToString()]).fields["attributes"])


@settings(deadline=None)
@given(OBJECTS)
def test_what_was_sent_is_read(objects: list[dict[str, Any]]) -> None:
    assert read(objects).dicts() == objects


@settings(deadline=None, max_examples=300)
@given(OBJECTS)
def test_it_is_redacted_as_the_redactor_would(objects: list[dict[str, Any]]) -> None:
    redactor, other = Redactor(b"key"), Redactor(b"key")
    for seen in (redactor, other):  # so that what is found on the way changes nothing
        for one in objects:
            seen.value(one)
    assert read(objects).redacted(redactor).dicts() == [other.value(one) for one in objects]


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300, 5e-324, -0.0, 100.0, 1e21, 123456789012.0, 0.1])
def test_fractions_are_read_as_they_were(value: float) -> None:
    (read_back,) = read([{"x": value}]).dicts()
    assert read_back["x"] == value
    assert type(read_back["x"]) is float


def test_of_a_name_given_twice_the_last_stands() -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(attributes=[*pairs({"a": 1, "b": 2}), *pairs({"a": "3"})])
    spans.add(attributes=pairs({"a": 4}))
    attributes = Attributes.read(read_spans([request.SerializeToString()]).fields["attributes"])
    assert attributes.dicts() == [{"b": 2, "a": "3"}, {"a": 4}]


def test_types_are_told_only_where_something_is_not_text() -> None:
    assert read([{"a": "b"}, {"a": 1, "b": "c"}]).types().to_pylist() == [[], [2, 0]]


def test_the_things_that_have_a_mark_are_known() -> None:
    attributes = read([{"a": 1}, {}, {"b": 1, "a": 2}])
    assert attributes.marked(["b", "c"]).tolist() == [False, False, True]
    things, values = attributes.of_name("a")
    assert (things.tolist(), values) == ([0, 2], [1, 2])
    assert attributes.of_names(["b", "a"]) == [(0, "a", 1), (2, "b", 1), (2, "a", 2)]


def test_maps_are_what_clickhouse_takes() -> None:
    assert read([{"a": True, "b": None}, {}]).maps().type == pa.map_(pa.string(), pa.string())


def test_names_that_become_the_same_fingerprint_lose_no_value() -> None:
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    clean = Redactor(b"key").text(f"token {secret}")
    sent = {f"token {secret}": f"with {secret}", clean: f"and {secret}", "value": "c"}
    redacted = read([sent]).redacted(Redactor(b"key"))
    assert len(redacted.texts) == len(redacted.keys) == len(sent)
    assert secret not in str(redacted.dicts())
