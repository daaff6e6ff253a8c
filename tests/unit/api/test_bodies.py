import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, JsonValue

from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.bodies import BODY_LIMIT, DEPTH_LIMIT, parsed_form, parsed_json
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import OPEN
from sentric_analyzer.api.problems import MOST_FAULTS, Refused, add_problems
from sentric_analyzer.api.routes import Routes
from support.access import problem
from support.linear import assert_linear

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
)


@given(JSON, st.booleans())
def test_json_is_read_as_it_was_written(value: Any, escaped: bool) -> None:
    assert parsed_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=64) | st.text('[]{}",:\\ud800eE+-.0123 tn', max_size=64).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        json.dumps(parsed_json(body), allow_nan=False, ensure_ascii=False).encode()


@given(
    st.dictionaries(st.text(st.characters(exclude_characters="\r", codec="utf-8"), min_size=1), st.text(), max_size=20)
)
def test_a_form_is_read_as_it_was_filled_in(fields: dict[str, str]) -> None:
    read = parsed_form(urlencode(fields).encode())
    assert read == {name: value.replace("\r\n", "\n") for name, value in fields.items()}


@given(st.binary(max_size=64) | st.text("a=&%20fF+;é", max_size=64).map(str.encode))
def test_whatever_form_is_sent_is_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        assert all(value.encode() is not None for value in parsed_form(body).values())


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "body: not JSON: line 1, column 2"),
        (b"\xff", 400, "body: not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", 400, "body: not JSON"),
        (b"NaN", 400, "body: not JSON: NaN is no number"),
        (b'{"a": -Infinity}', 400, "body: not JSON: -Infinity is no number"),
        (b'["\n"]', 400, "body: not JSON"),
        (b"[1e999]", 422, "body: a number is too large"),
        (b"1" * 5000, 422, "body: a number has too many digits"),
        (b'{"a": {"b": 1, "b": 1}}', 422, "b: stands twice in one object"),
        (b'["\\ud800"]', 422, "body: half of a character"),
        (b'{"\\udc00\\ud800": 1}', 422, "body: half of a character"),
        (b"[" * 65 + b"]" * 65, 422, "body: nested more than 64 deep"),
        (b"[" * 100_000, 422, "body: nested more than 64 deep"),
        (b'{"a":' * 100_000, 422, "body: nested more than 64 deep"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_cannot_be_used_is_refused_with_its_reason(body: bytes, status: int, message: str) -> None:
    with pytest.raises(Refused) as caught:
        parsed_json(body)
    assert (caught.value.status, str(caught.value)[: len(message)]) == (status, message)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"' + b"[" * 100 + b'\\"' + b"{" * 100 + b'"', "[" * 100 + '"' + "{" * 100),
        (b'"\\\\ud800"', "\\ud800"),
        (b"1" * 40, int("1" * 40)),
        (b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT, json.loads("[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT)),
    ],
)
def test_what_only_looks_like_it_is_taken(body: bytes, value: Any) -> None:
    assert parsed_json(body) == value


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"[],", b'"\\', b"{", b'"a":1,', b"\\ud800"], ids=repr)
def test_reading_is_linear(piece: bytes) -> None:
    def reading(size: int) -> Callable[[], object]:
        bodies = [beginning + piece * (size // len(piece)) for beginning in (b'"', b"[", b"{")]

        def read() -> None:
            for body in bodies:
                with pytest.raises(Refused):
                    parsed_json(body)

        return read

    assert_linear(reading, 30_000)


class Wish(BaseModel):
    value: JsonValue


class Strict(Wish):
    model_config = ConfigDict(extra="forbid")


class Echo(Document):
    """What was sent."""

    value: JsonValue


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_problems(app)
    routes = Routes(app, "echo", "Echoes.")

    @routes.post("/small", OPEN, gives=Echo)
    async def small(wish: Wish) -> Response:
        """What was sent."""
        return json_answer({"value": wish.value})

    @routes.post("/large", OPEN, gives=Echo, body_limit=4 << 20)
    async def large(wish: Wish) -> Response:
        """What was sent."""
        return json_answer({"value": len(str(wish.value))})

    @routes.post("/strict", OPEN, gives=Echo)
    async def strict(wish: Strict) -> Response:
        """Nothing."""
        return json_answer({"value": wish.value})

    return app


async def post(app: FastAPI, path: str, content: Any, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.post(path, content=content, headers=sent)


async def in_pieces(body: bytes) -> Any:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def test_a_body_is_taken_up_to_its_limit_and_no_further(app: FastAPI) -> None:
    fits = b'{"value": "%s"}' % (b"x" * (BODY_LIMIT - 13))
    assert len(fits) == BODY_LIMIT
    for body in (fits, in_pieces(fits)):
        assert (await post(app, "/small", body)).status_code == 200
    for body in (fits + b" ", in_pieces(fits + b" ")):
        assert problem(await post(app, "/small", body)).detail == "the body has more than 262144 bytes: send less"
    assert (await post(app, "/large", fits + b" ")).status_code == 200
    assert problem(await post(app, "/large", in_pieces(b" " * (4 << 20) + b"1"))).status == 413


@pytest.mark.parametrize("length", ["262145", "9" * 400, "0262145"])
async def test_a_body_that_is_said_to_be_too_large_is_not_read(app: FastAPI, length: str) -> None:
    assert problem(await post(app, "/small", in_pieces(b"{"), Content_Length=length)).status == 413


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/json-seq", "é", "a;b=\x01"]
)
async def test_what_is_not_said_to_be_json_is_not_taken_for_it(app: FastAPI, content_type: str) -> None:
    headers: Any = {"Content_Type": content_type.encode()}
    answer = await post(app, "/small", b'{"value": 1}', **headers)
    assert (problem(answer).status, answer.headers["accept"]) == (415, "application/json")


async def test_json_may_say_how_it_is_encoded_and_not_be_compressed(app: FastAPI) -> None:
    body = b'{"value": 1}'
    assert (await post(app, "/small", body, Content_Type="Application/JSON; charset=utf-8")).json() == {"value": 1}
    assert problem(await post(app, "/small", body, Content_Encoding="gzip")).status == 415


async def test_no_body_where_one_is_wanted_is_said(app: FastAPI) -> None:
    found = problem(await post(app, "/small", b""))
    assert (found.status, found.errors[0].in_, found.errors[0].message) == (422, "body", "Field required")


async def test_of_many_faults_some_are_told(app: FastAPI) -> None:
    found = problem(await post(app, "/strict", json.dumps(dict.fromkeys(map(str, range(10_000)))).encode()))
    assert len(found.errors) == MOST_FAULTS
    assert found.detail.endswith(f"; and {10_001 - MOST_FAULTS} more")


async def test_a_bad_value_is_never_repeated(app: FastAPI) -> None:
    canary = "canary" * 1000
    answer = await post(app, "/small", json.dumps({"valu": canary}).encode())
    assert problem(answer).status == 422
    assert "canary" not in answer.text
