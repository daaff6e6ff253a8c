"""The spans of many requests as rows of `otel_traces`, made in columns: decoded, redacted and told apart by project."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sentric import semconv
from sentric.redaction import Redactor
from sentric_analyzer.document import LATEST
from sentric_analyzer.projects import project_of
from sentric_analyzer.spans import Arrival
from sentric_analyzer.storage.arrow import Array, Columns, compute
from sentric_analyzer.storage.attribute_columns import Attributes, text
from sentric_analyzer.storage.otlp import Items, counts_of, fields_of, read_spans
from sentric_analyzer.storage.telemetry_rows import KINDS, SPANS, STATUSES
from sentric_analyzer.storage.texts import in_hex, redacted, replaced


class Request(NamedTuple):
    """A request to be stored: its body, and the projects its sender may write to."""

    body: bytes
    projects: Sequence[str]


class _Origins:
    """The scopes of a batch, and the resources they are of, without secrets."""

    def __init__(self, items: Items, projects: Sequence[Sequence[str]], redactor: Redactor) -> None:
        resources = Attributes.read(items.resource_fields["attributes"])
        told = resources.dicts()
        self._items = items
        self._allowed = [projects[int(number)] for number in items.request]
        self._told = told
        self._services = [text(resource.get(semconv.SERVICE_NAME, "")) for resource in told]
        self._resources = resources.redacted(redactor)
        self._scopes = Attributes.read(items.scope_fields["attributes"]).redacted(redactor)
        self._redactor = redactor

    def columns(self) -> dict[str, Array]:
        """The columns that spans share with others of their origin, a row for each scope."""
        import pyarrow as pa

        resource = pa.array(self._items.resource)
        fields, of_resource = self._items.scope_fields, self._items.resource_fields
        shared = {
            "ServiceName": redacted(pa.array(self._services, pa.string()), self._redactor),
            "ResourceAttributes": self._resources.maps(),
            "ResourceTypes": self._resources.types(),
            "ResourceSchemaUrl": of_resource["schema_url"],
        }
        return {
            **{name: column.take(resource) for name, column in shared.items()},
            "ScopeName": redacted(_text(fields["name"]), self._redactor),
            "ScopeVersion": _text(fields["version"]),
            "ScopeAttributes": self._scopes.maps(),
            "ScopeTypes": self._scopes.types(),
            "ScopeSchemaUrl": fields["schema_url"],
        }

    def projects(self, attributes: Attributes) -> Array:
        """The project of each span, of which the attributes are given as they were sent."""
        import pyarrow as pa

        told = list(map(project_of, self._allowed, self._told))
        resource = self._items.resource[self._items.scope]
        projects = pa.array(told, pa.string()).take(pa.array(resource))
        spans, claims = attributes.of_name(semconv.SENTRIC_PROJECT)
        if not len(spans):
            return projects
        allowed, told_by_resource = self._allowed, self._told
        claimed = [
            project_of(allowed[number], {semconv.SENTRIC_PROJECT: claim}, told_by_resource[number])
            for number, claim in zip(resource[spans].tolist(), claims, strict=True)
        ]
        return replaced(projects, spans, claimed)


@dataclass(frozen=True, slots=True)
class SpanBatch:
    """Spans without secrets, ready to be stored."""

    columns: dict[str, Array]
    attributes: Attributes
    requests: Sequence[int]
    """The number of each span's request."""

    def __len__(self) -> int:
        return len(self.attributes.counts)

    @classmethod
    def read(cls, requests: Sequence[Request], redactor: Redactor) -> Self:
        """The spans of requests that are known to be valid.

        Args:
            requests: bodies are `ExportTraceServiceRequest`s.
            redactor: the secrets it has seen are looked for in all of them.
        """
        items = read_spans([request.body for request in requests])
        projects = [request.projects for request in requests]
        version = redactor.version
        batch = cls._redacted(items, projects, redactor)
        # A secret that is recognised late may stand earlier in the batch.
        return batch if redactor.version == version else cls._redacted(items, projects, redactor)

    @classmethod
    def _redacted(cls, items: Items, projects: Sequence[Sequence[str]], redactor: Redactor) -> Self:
        import pyarrow as pa

        fields = items.fields
        origins = _Origins(items, projects, redactor)
        scope = pa.array(items.scope)
        sent = Attributes.read(fields["attributes"])
        attributes = sent.redacted(redactor)
        status = fields_of(fields["status"])
        columns = {
            **_times(fields["start_time_unix_nano"], fields["end_time_unix_nano"]),
            "TraceId": in_hex(fields["trace_id"]),
            "SpanId": in_hex(fields["span_id"]),
            "ParentSpanId": in_hex(fields["parent_span_id"]),
            "TraceState": redacted(fields["trace_state"], redactor),
            "SpanName": redacted(fields["name"], redactor),
            "SpanKind": _named(fields["kind"], KINDS),
            "SpanAttributes": attributes.maps(),
            "Types": attributes.types(),
            "StatusCode": _named(_number(status["code"]), STATUSES),
            "StatusMessage": redacted(_text(status["message"]), redactor),
            **_events(fields["events"], redactor),
            **_links(fields["links"], redactor),
            "Flags": fields["flags"],
            "Size": pa.array(_sizes(sent)),
            "SentricProject": redacted(origins.projects(sent), redactor),
            **{name: column.take(scope) for name, column in origins.columns().items()},
        }
        return cls(columns, attributes, items.request[items.resource[items.scope]].tolist())

    def arrivals(
        self, marks: Sequence[str], conversation: Sequence[str], names_one: Callable[[str], bool] = bool
    ) -> Iterator[Arrival]:
        """Where each span belongs, in order.

        Args:
            marks: names of attributes; a span that has one of them is marked.
            conversation: names of attributes; the first of them that a span has says its conversation.
            names_one: whether that is the name of a conversation; else the next of them is asked.
        """
        names = ("SentricProject", "TraceId", "SpanId", "ParentSpanId")
        ids = (self.columns[name].to_pylist() for name in names)
        told, ranks = [""] * len(self), {name: rank for rank, name in enumerate(conversation)}
        found = self.attributes.of_names(conversation)
        for span, _, value in sorted(found, key=lambda one: ranks[one[1]], reverse=True):
            told[span] = value if isinstance(value, str) and names_one(value) else told[span]
        return map(Arrival, *ids, self.attributes.marked(marks).tolist(), told)

    def rows(self, stored: int) -> Columns:
        """As a table with the columns of `SPANS`; `stored` is the Unix time in nanoseconds it is written at."""
        import numpy as np
        import pyarrow as pa

        time = pa.array(np.full(len(self), stored, "datetime64[ns]"))
        columns = {**self.columns, "Stored": time}
        return pa.Table.from_arrays([columns[name] for name in SPANS], names=list(SPANS))


def _sizes(attributes: Attributes) -> Any:
    import numpy as np

    lengths = (
        compute().add(compute().binary_length(attributes.keys), compute().binary_length(attributes.texts)).to_numpy()
    )
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    offsets = attributes.offsets().to_numpy()
    return (ends[offsets[1:]] - ends[offsets[:-1]]).astype(np.uint32)


def _times(start: Array, end: Array) -> dict[str, Array]:
    """The times as ClickHouse can hold them, and as they were sent where it cannot."""
    import numpy as np
    import pyarrow as pa

    begun, ended = start.to_numpy(), end.to_numpy()
    clamped = np.minimum(begun, LATEST)
    duration = np.where(ended > begun, ended - begun, 0)
    whole = (clamped == begun) & (clamped + duration == ended)
    return {
        "Timestamp": pa.array(clamped.astype("datetime64[ns]")),
        "Duration": pa.array(duration),
        "StartSent": pa.array(np.where(whole, 0, begun)),
        "EndSent": pa.array(np.where(whole, 0, ended)),
    }


def _events(lists: Array, redactor: Redactor) -> dict[str, Array]:
    import numpy as np
    import pyarrow as pa

    fields = fields_of(lists.flatten())
    attributes = Attributes.read(fields["attributes"]).redacted(redactor)
    times = pa.array(np.minimum(fields["time_unix_nano"].to_numpy(), LATEST).astype("datetime64[ns]"))
    within = _lists(lists)
    return {
        "Events.Timestamp": within(times),
        "Events.Name": within(redacted(fields["name"], redactor)),
        "Events.Attributes": within(attributes.maps()),
        "EventTypes": within(attributes.types()),
    }


def _links(lists: Array, redactor: Redactor) -> dict[str, Array]:
    fields = fields_of(lists.flatten())
    attributes = Attributes.read(fields["attributes"]).redacted(redactor)
    within = _lists(lists)
    return {
        "Links.TraceId": within(in_hex(fields["trace_id"])),
        "Links.SpanId": within(in_hex(fields["span_id"])),
        "Links.TraceState": within(fields["trace_state"]),
        "Links.Attributes": within(attributes.maps()),
        "LinkTypes": within(attributes.types()),
    }


def _lists(like: Array) -> Any:
    """What makes lists, as long as those of another column, of the items that are in them."""
    import numpy as np
    import pyarrow as pa

    offsets = np.zeros(len(like) + 1, np.int32)
    np.cumsum(counts_of(like), out=offsets[1:])
    return lambda items: pa.ListArray.from_arrays(pa.array(offsets), items)


def _text(column: Array) -> Array:

    return compute().fill_null(column, "")


def _number(column: Array) -> Array:

    return compute().fill_null(column, 0)


def _named(numbers: Array, names: Sequence[str]) -> Array:
    """Numbers by their names; one that has none as it is."""
    import pyarrow as pa

    found = numbers.to_numpy(zero_copy_only=False)
    if not len(found) or (found.min() >= 0 and found.max() < len(names)):
        return pa.array(names).take(pa.array(found))
    return pa.array([names[one] if 0 <= one < len(names) else str(one) for one in found.tolist()], pa.string())
