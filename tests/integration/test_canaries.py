"""Canaries in traces of a foreign instrumentation: no byte of them in what the service keeps, answers or writes."""

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sentric.redaction.forms import forms
from sentric_analyzer.storage import Store, embedded_url
from support.commands import sentric
from support.serving import Serving, poll, serving

SECRETS = {
    "Curlew-33-Marsh": "password: {}",
    "ghp_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8": "use {} please",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYz1234567890": "aws_secret_access_key={}",
    "4111111111111111": "pay with {} today",
}
"""Secrets, and the words by which each is known for one."""
DISGUISES = (
    str,
    lambda secret: quote(quote(secret, safe=""), safe=""),
    lambda secret: base64.b64encode(b"x" + secret.encode()).decode(),
    lambda secret: secret.encode().hex(),
    lambda secret: secret[::-1],
    lambda secret: base64.b64encode(gzip.compress(secret.encode(), mtime=0)).decode(),
    lambda secret: json.dumps({"inner": json.dumps({"v": secret})}),
)
TASK = "Read the note and put what it says into the ledger"


def attribute(name: str, value: object) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value if isinstance(value, str) else json.dumps(value)))


def said(role: str, text: str) -> list[dict[str, Any]]:
    return [{"role": role, "parts": [{"type": "text", "content": text}]}]


def trace(number: int, secret: str, claim: str) -> ExportTraceServiceRequest:
    """A run of an agent in which a secret is in the clear first, and then in every disguise, wherever text can be."""
    told, trace_id = claim.format(secret), bytes([number]) * 16
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend([attribute("service.name", "clerk"), attribute("deployment.note", told)])
    scope = resource.scope_spans.add()
    calls = [told, *(f"send {disguise(secret)} on" for disguise in DISGUISES)]
    for number, text in enumerate(calls, 2):
        span = scope.spans.add(name="execute_tool note", trace_id=trace_id, span_id=bytes([number]) * 8)
        span.parent_span_id = b"\1" * 8
        span.start_time_unix_nano, span.end_time_unix_nano = 10**18 + number * 10**6, 10**18 + number * 10**6 + 1000
        span.status.code, span.status.message = 2, f"failed: {text}"
        span.events.add(name="note", time_unix_nano=span.start_time_unix_nano).attributes.append(attribute("n", text))
        span.attributes.extend(
            [
                attribute("gen_ai.operation.name", "execute_tool"),
                attribute("gen_ai.tool.name", "note"),
                attribute("gen_ai.tool.call.id", f"call-{number}"),
                attribute("gen_ai.tool.call.arguments", {"deep": [{"text": text}]}),
                attribute("gen_ai.tool.call.result", f"noted: {text}"),
                attribute("our.own.attribute", text),
            ]
        )
    root = scope.spans.add(name="invoke_agent clerk", trace_id=trace_id, span_id=b"\1" * 8)
    root.start_time_unix_nano, root.end_time_unix_nano = 10**18, 10**18 + 10**9
    root.attributes.extend(
        [
            attribute("gen_ai.operation.name", "invoke_agent"),
            attribute("gen_ai.agent.name", "clerk"),
            attribute("gen_ai.input.messages", said("user", f"{TASK}. {told}")),
            attribute("gen_ai.output.messages", said("assistant", f"Done: {told}")),
        ]
    )
    return request


def answers(service: Serving) -> Iterator[str]:
    """What the service says of what it knows, in every form."""
    for path in ("/v1/runs", "/v1/findings", "/v1/recordings", "/metrics"):
        yield service.text(path)
    for run in service.get("/v1/runs")["runs"]:
        yield service.text(f"/v1/runs/{run['run_id']}")
        yield service.text(f"/v1/recordings/{run['run_id']}")
        for form in ("table", "json", "markdown", "html"):
            yield sentric("report", "--data-dir", service.data_dir, "--format", form, run["run_id"]).stdout
    yield sentric("runs", "--data-dir", service.data_dir).stdout


def stored(data_dir: Path) -> Iterator[str]:
    """Every row of every table."""
    with Store.open(embedded_url(data_dir)) as store, store._connections.client() as client:
        for (table,) in client.query("SHOW TABLES").result_rows:
            yield repr(client.query("SELECT * FROM {table:Identifier}", {"table": table}).result_rows)


@dataclass(frozen=True)
class Known:
    """What came of runs with every secret in one of them."""

    told: str
    """What the service, its output and the commands said."""
    kept: str
    """What the store held."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    data_dir = tmp_path_factory.mktemp("canaries") / "data"
    with serving(data_dir) as service:
        for number, (secret, claim) in enumerate(SECRETS.items(), 1):
            assert service.post(trace(number, secret, claim).SerializeToString()) == 200
        poll(lambda: len(service.get("/v1/runs")["runs"]) == len(SECRETS))
        told = list(answers(service))
        assert service.stop() == 0
        assert service.process.stdout is not None
        assert service.process.stderr is not None
        told += [service.process.stdout.read(), service.process.stderr.read()]
    return Known("\n".join(told), "\n".join(stored(data_dir)))


def test_what_is_no_secret_is_told_and_kept(known: Known) -> None:
    for number in range(1, 1 + len(SECRETS)):
        assert f"{number:02x}" * 16 in known.told
        assert f"{number:02x}" * 16 in known.kept
    assert TASK in known.told
    assert known.kept.count(TASK) >= len(SECRETS)
    assert known.kept.count("‹secret:") > len(SECRETS) * len(DISGUISES)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_others_send_is_kept_and_told_nowhere(known: Known, secret: str) -> None:
    everything = f"{known.told}\n{known.kept}".encode()
    assert not [form for form in forms(secret) if form in everything]
    for disguise in DISGUISES:
        written = disguise(secret).encode()
        assert written not in everything, disguise(secret)
