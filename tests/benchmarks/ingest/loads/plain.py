"""Spans of ordinary services: HTTP, databases, queues, work inside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from benchmarks.ingest.loads.encoding import Sizes, Value, put, request, scope_of
from benchmarks.ingest.loads.templates import START, Marks, Template
from benchmarks.ingest.loads.words import Writer

SERVICES = ("frontend", "checkout", "catalogue", "payments", "shipping", "search", "mailer", "ledger")
TRACE_SPANS = (4, 24)
"""Fewest and most spans of a trace."""
RESOURCE_BYTES = 420
"""About how long what the spans of a service have in common is."""
MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One span as it is drawn: 14 attributes, and the one whose text fills it up to its size."""

    name: str
    kind: Any
    attributes: dict[str, Value]
    filled: str
    fill: Callable[[int], str]


def plain_templates(random: Random, spans: int, spans_per_request: int, mean_bytes: int) -> list[Template]:
    """Requests, each with whole traces and the last one cut off where the request is full."""
    writer = Writer(random)
    return [
        Template([_body(writer, Marks(), spans_per_request, mean_bytes)], spans_per_request)
        for _ in range(max(1, spans // spans_per_request))
    ]


def _body(writer: Writer, marks: Marks, count: int, mean_bytes: int) -> bytes:
    resources = [_resource(writer) for _ in range(1 + (count >= 20) * writer.random.randint(0, 2))]
    traces, sizes = _traces(writer, marks), Sizes(writer.random, mean_bytes - RESOURCE_BYTES * len(resources) / count)
    for number in range(count):
        span = next(traces)
        _, scope = resources[number * len(resources) // count]
        _fill(writer, marks, span, sizes.draw())
        sizes.note(span)
        scope.spans.append(span)
    return request([resource for resource, _ in resources])


def _traces(writer: Writer, marks: Marks) -> Iterator[Span]:
    """The spans of one trace after the other, each with its parent."""
    while True:
        trace_id, began = marks.trace_id(), START + writer.number(20_000) * MILLISECOND
        above = [b""]
        for _ in range(writer.random.randint(*TRACE_SPANS)):
            span = Span(trace_id=trace_id, span_id=marks.id(), parent_span_id=writer.random.choice(above[-3:]))
            began += writer.number(4 * MILLISECOND)
            span.start_time_unix_nano, span.end_time_unix_nano = (
                began,
                began + 10_000 + writer.number(900 * MILLISECOND),
            )
            above = [*filter(None, above), span.span_id]
            yield span


def _fill(writer: Writer, marks: Marks, span: Span, size: int) -> None:
    """Give a span what it says, so that it takes about `size` bytes."""
    drawn = writer.random.choices(_KINDS, _SHARES)[0](writer, marks)
    span.name, span.kind = drawn.name, drawn.kind
    put(span.attributes, drawn.attributes)
    if writer.random.random() < 0.1:
        _event(writer, span)
    if drawn.kind == Span.SPAN_KIND_CONSUMER:
        link = span.links.add(trace_id=marks.trace_id(), span_id=marks.id())
        put(link.attributes, {"messaging.batch.position": writer.number(50)})
    span.status.code = writer.random.choices(_STATUSES, (80, 15, 5))[0]
    if span.status.code == Status.STATUS_CODE_ERROR:
        span.status.message = writer.prose(60)
    rest = size - span.ByteSize() - len(drawn.filled) - 16
    put(span.attributes, {drawn.filled: f"{marks.name()} {drawn.fill(max(rest - 9, 20))}"})


def _event(writer: Writer, span: Span) -> None:
    event = span.events.add(name="exception", time_unix_nano=span.start_time_unix_nano + 5_000)
    put(
        event.attributes,
        {
            "exception.type": f"{writer.word().title()}Error",
            "exception.message": writer.prose(50),
            "exception.stacktrace": writer.stack(writer.random.randint(200, 800)),
            "exception.escaped": writer.random.random() < 0.5,
        },
    )


def _server(writer: Writer, marks: Marks) -> _Drawn:
    method, route = writer.random.choice(("GET", "GET", "POST", "PUT")), f"/{writer.word()}s/{{id}}/{writer.word()}"
    return _Drawn(
        f"{method} {route}",
        Span.SPAN_KIND_SERVER,
        {
            "http.request.method": method,
            "http.route": route,
            "url.path": route.replace("{id}", marks.id().hex()),
            "url.query": writer.query(writer.random.randint(1, 8)),
            "url.scheme": "https",
            "server.address": f"{writer.word()}.shop.example",
            "server.port": 443,
            "client.address": writer.address(),
            "user_agent.original": writer.user_agent(),
            "http.response.status_code": writer.random.choice((200, 200, 200, 201, 204, 304, 404, 500)),
            "http.response.body.size": writer.number(200_000),
            "http.request.header.accept": ["application/json", "text/html", f"text/{writer.word()}"],
            "app.cache.hit": writer.random.random() < 0.5,
            "app.score": writer.random.random(),
        },
        "app.log",
        writer.lines,
    )


def _client(writer: Writer, marks: Marks) -> _Drawn:
    method, host = writer.random.choice(("GET", "POST")), f"{writer.word()}.internal.example"
    return _Drawn(
        method,
        Span.SPAN_KIND_CLIENT,
        {
            "http.request.method": method,
            "url.full": f"https://{host}/v1/{writer.word()}/{marks.name()}?{writer.query(writer.random.randint(2, 9))}",
            "server.address": host,
            "server.port": 8443,
            "network.protocol.version": writer.random.choice(("1.1", "2")),
            "network.peer.address": writer.address(),
            "network.peer.port": 1024 + writer.number(60_000),
            "http.response.status_code": writer.random.choice((200, 200, 200, 202, 429, 503)),
            "http.request.resend_count": writer.number(3),
            "http.request.body.size": writer.number(90_000),
            "user_agent.original": writer.user_agent(),
            "app.request.id": marks.id().hex(),
            "app.retryable": writer.random.random() < 0.5,
            "app.backoff.seconds": writer.random.random(),
        },
        "http.response.body",
        writer.document,
    )


def _database(writer: Writer, marks: Marks) -> _Drawn:
    operation, table = writer.random.choice(("SELECT", "INSERT", "UPDATE")), f"{writer.word()}s"
    return _Drawn(
        f"{operation} {table}",
        Span.SPAN_KIND_CLIENT,
        {
            "db.system.name": "postgresql",
            "db.namespace": writer.word(),
            "db.operation.name": operation,
            "db.collection.name": table,
            "db.query.summary": f"{operation} {table} {writer.word()}",
            "db.response.returned_rows": writer.number(5_000),
            "db.client.connection.pool.name": f"{writer.word()}-{writer.number(9)}",
            "server.address": f"pg-{writer.number(12)}.internal.example",
            "server.port": 5432,
            "network.peer.address": writer.address(),
            "db.query.parameter.id": marks.id().hex(),
            "app.prepared": writer.random.random() < 0.5,
            "app.cost": writer.price(),
            "thread.name": f"worker-{writer.number(64)}",
        },
        "db.query.text",
        writer.sql,
    )


def _queue(writer: Writer, marks: Marks) -> _Drawn:
    topic = f"{writer.word()}.{writer.word()}s"
    kind = writer.random.choice((Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER))
    operation = "send" if kind == Span.SPAN_KIND_PRODUCER else "process"
    return _Drawn(
        f"{operation} {topic}",
        kind,
        {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.operation.name": operation,
            "messaging.operation.type": operation,
            "messaging.message.id": marks.id().hex(),
            "messaging.message.conversation_id": marks.name(),
            "messaging.destination.partition.id": str(writer.number(64)),
            "messaging.kafka.offset": writer.number(1 << 40),
            "messaging.message.body.size": writer.number(60_000),
            "messaging.consumer.group.name": f"{writer.word()}-{writer.word()}",
            "messaging.client.id": f"{writer.word()}-{writer.number(400)}",
            "server.address": f"kafka-{writer.number(9)}.internal.example",
            "app.compressed": writer.random.random() < 0.5,
            "app.lag.seconds": writer.price(),
        },
        "messaging.message.body",
        writer.document,
    )


def _internal(writer: Writer, marks: Marks) -> _Drawn:
    function = f"{writer.word()}_{writer.word()}"
    return _Drawn(
        function,
        Span.SPAN_KIND_INTERNAL,
        {
            "code.function.name": f"shop.{writer.word()}.{function}",
            "code.file.path": f"/app/{writer.word()}/{writer.word()}.py",
            "code.line.number": writer.number(900),
            "thread.id": writer.number(1 << 40),
            "thread.name": f"worker-{writer.number(64)}",
            "app.feature": f"{writer.word()}-{writer.word()}",
            "app.variant": writer.random.choice(("control", "treatment")),
            "app.order.id": marks.id().hex(),
            "app.customer": marks.name(),
            "app.items": [writer.word() for _ in range(writer.random.randint(1, 8))],
            "app.total": writer.price(),
            "app.attempt": writer.number(5),
            "app.premium": writer.random.random() < 0.5,
            "app.note": writer.prose(writer.random.randint(40, 200)),
        },
        "code.stacktrace",
        writer.stack,
    )


def _resource(writer: Writer) -> tuple[ResourceSpans, ScopeSpans]:
    service = writer.random.choice(SERVICES)
    resource: dict[str, Value] = {
        "service.name": service,
        "service.version": f"{writer.number(9)}.{writer.number(40)}.{writer.number(99)}",
        "service.instance.id": f"{service}-{writer.number(1 << 40):x}",
        "deployment.environment.name": "production",
        "host.name": f"node-{writer.number(200)}.internal.example",
        "k8s.pod.name": f"{service}-{writer.number(1 << 30):x}",
        "telemetry.sdk.language": "python",
        "process.pid": writer.number(60_000),
    }
    return scope_of(resource, "shop.instrumentation", f"1.{writer.number(40)}")


_KINDS = (_server, _client, _database, _queue, _internal)
_SHARES = (25, 25, 25, 15, 10)
_STATUSES = (Status.STATUS_CODE_UNSET, Status.STATUS_CODE_OK, Status.STATUS_CODE_ERROR)
