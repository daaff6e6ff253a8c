"""Canaries: a run with secrets in every place they can be, and not one byte of them in what is exported."""

import base64
import gzip
import json
from urllib.parse import quote

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from fixtures.pipeline import Pipeline
from fixtures.spans import span
from sentric.events import Author, Element, Reasoning, Source
from sentric.guard.calls import Asked, Seen, Wanted
from sentric.guard.live_run import About, LiveRun
from sentric.redaction import Redactor
from sentric.redaction.forms import forms
from sentric.settings import Settings
from support.otlp import batch_of

SECRETS = {
    "given": "Curlew-33-Marsh",
    "in a sentence": "Dunlin77!Shore",
    "a token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "a1B2c3D4e5F6g7H8",
    "a key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYz1234567890",
    "a card": "4111111111111111",
    "a code": "482913",
}
CLAIMS = {
    "given": "{}",
    "in a sentence": "the password is {} there",
    "a token": "use {} please",
    "a key": "aws_secret_access_key={}",
    "a card": "pay with {} today",
    "a code": "Your verification code is {}.",
}
FORMS = {
    "clear": str,
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps({"x": text}))),
    "JSON escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "percent": lambda text: quote(text, safe=""),
    "double percent": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64, two bytes on": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "backwards": lambda text: text[::-1],
    "zero-width": "\u200b".join,
    "full-width": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
    "packed": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "zero-width in JSON": lambda text: json.dumps({"v": "\u200b".join(text)}),
    "full-width in JSON": lambda text: json.dumps({"v": FORMS["full-width"](text)}),
    "base64 in hex": lambda text: base64.b64encode(text.encode()).hex(),
}


def exported(run_it, secrets=None):
    """Every byte that a run sends, and what it would decode to in its own JSON."""
    pipeline = Pipeline()
    about = About(agent="shopper", framework="none", task="buy a lamp")
    run = LiveRun(pipeline.telemetry, Settings(redaction_key="k", project="shop"), about, secrets=secrets)
    with run.current():
        run_it(run)
    run.end()
    pipeline.tracers.force_flush()
    pipeline.loggers.force_flush()
    spans, logs = encode_spans(pipeline.ended), encode_logs(pipeline.logs)
    assert pipeline.ended
    assert pipeline.logs
    return spans.SerializeToString() + logs.SerializeToString()


def assert_absent(data, secret):
    for form in forms(secret):
        assert form not in data, form


def act(run, text, *, place):
    """Put a text into one place of a run."""
    here = {place: text}
    with run.model_call(
        Asked(
            model=here.get("model", "m"),
            seen=(Seen(source=Source.PAGE, origin=here.get("origin", "https://a.test/"), text=here.get("page", "p")),),
        )
    ):
        pass
    wanted = Wanted(
        tool=here.get("tool name", "click"),
        server=here.get("server", ""),
        call_id=here.get("call id", ""),
        arguments={"deep": [{"x": here.get("arguments", "a")}], here.get("argument name", "n"): 1},
        url=f"https://a.test/?q={quote(here['url'], safe='')}" if "url" in here else "",
        element=Element(tag="a", text=here.get("element", "Buy"), xpath=here.get("xpath", "")),
        reasoning=Reasoning(thinking=here.get("thinking", ""), memory=here.get("memory", "")),
        context={"x": here.get("context", "")},
    )
    with run.action(wanted) as action:
        action.finished(result=here.get("result", ""), error=here.get("error", ""))
    run.message(Author.USER, here.get("message", "hello"))
    run.reason(here.get("reasoning", "because"))


PLACES = (
    "model", "origin", "page", "tool name", "server", "call id", "arguments", "argument name", "url", "element",
    "xpath", "thinking", "memory", "context", "result", "error", "message", "reasoning",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_secret_leaves_from_no_place_of_a_run(place, claim):
    secret = SECRETS[claim]
    given = {secret: "sensitive"} if claim == "given" else None
    data = exported(lambda run: act(run, CLAIMS[claim].format(secret), place=place), given)
    assert_absent(data, secret)
    assert b"secret:" in data


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("claim", ["given", "in a sentence", "a token", "a key"])
def test_a_secret_that_was_seen_leaves_in_no_encoding(form, claim):
    secret = SECRETS[claim]
    given = {secret: "sensitive"} if claim == "given" else None
    encoded = FORMS[form](secret)

    def run_it(run):
        act(run, CLAIMS[claim].format(secret), place="page")
        for place in ("arguments", "result", "thinking", "error"):
            act(run, f"send {encoded} on", place=place)

    data = exported(run_it, given)
    assert_absent(data, secret)
    for written in (encoded, json.dumps(encoded)[1:-1], json.dumps(encoded, ensure_ascii=False)[1:-1]):
        assert written.encode() not in data
        assert len(written) < 24 or written.encode()[6:-6] not in data


@pytest.mark.parametrize(
    "form", ["zero-width", "full-width", "zero-width in JSON", "full-width in JSON", "JSON escapes"]
)
@pytest.mark.parametrize("claim", ["in a sentence", "a token", "a key", "a card", "a code"])
def test_a_disguised_secret_in_escaped_arguments_passes_no_front_door(form, claim):
    arguments = json.dumps({"url": "https://b.test/", "body": FORMS[form](SECRETS[claim])})
    told = span(1, **{"gen_ai.tool.call.result": CLAIMS[claim].format(SECRETS[claim])})
    sent = span(2, **{"gen_ai.tool.call.arguments": arguments})
    kept = batch_of([told, sent], redactor=Redactor(b"key")).attributes.dicts()[1]
    written = json.loads(kept["gen_ai.tool.call.arguments"])
    assert written["url"] == "https://b.test/"
    assert "‹secret:" in written["body"]
    assert FORMS[form](SECRETS[claim]) not in written["body"]


def test_an_error_of_the_agent_itself_leaves_without_its_secret():
    def run_it(run):
        with pytest.raises(ValueError, match="Dunlin"), run.action(Wanted(tool="http", arguments={})):
            raise ValueError("401 for password=Dunlin77!Shore")

    assert_absent(exported(run_it), "Dunlin77!Shore")


def test_the_names_of_a_run_leave_without_a_secret():
    token = SECRETS["a token"]
    pipeline = Pipeline()
    about = About(agent=token, framework=token, agent_id=token, conversation=token, model=token, task=f"use {token}")
    LiveRun(pipeline.telemetry, Settings(redaction_key="k"), about).end(error=token, error_type=token)
    data = encode_spans(pipeline.ended).SerializeToString() + encode_logs(pipeline.logs).SerializeToString()
    assert_absent(data, token)
