"""The body of a request: read in bounded memory, and JSON, or a form, of which nothing is left to chance."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from email.message import Message
from http import HTTPStatus
from itertools import accumulate
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Request

from sentric_analyzer.api.problems import Refused, fault, invalid

BODY_LIMIT = 256 << 10
"""Bytes of a body, where a route states no other limit."""
DEPTH_LIMIT = 64
"""Deepest nesting of JSON."""

FORM = "application/x-www-form-urlencoded"
"""Media type of what a page's form sends."""

_JSON = "application/json"
_MOST_FIELDS = 20
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or the beginning of one that does not end: linear, whatever is sent."""
_NOT_A_BRACKET = re.compile(r"[^\[\]{}]+")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonRequest(Request):
    """A request whose body has been read as JSON."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._body = body
        self._value = value

    async def json(self) -> Any:
        """What the body holds."""
        return self._value


async def with_json_body(request: Request, limit: int) -> Request:
    """Read the JSON body of a request, where it has one.

    Args:
        request: whose body was not yet read.
        limit: most bytes.

    Raises:
        Refused: the body is too large, of another type, or not JSON that can be used.
    """
    body = await read_body(request, limit)
    if not body:
        return JsonRequest(request, b"", None)
    _check_type(request, _JSON)
    return JsonRequest(request, body, parsed_json(body))


async def form_fields(request: Request, limit: int) -> dict[str, str]:
    """Read what a page's form sends: each field by its name, its lines ended as elsewhere.

    Args:
        request: whose body was not yet read.
        limit: most bytes.

    Raises:
        Refused: the body is too large, of another type, or no form, or a field of it stands twice.
    """
    body = await read_body(request, limit)
    _check_type(request, FORM)
    return parsed_form(body)


def parsed_form(body: bytes) -> dict[str, str]:
    """What a form holds.

    Raises:
        Refused: it is none, or a field of it stands twice.
    """
    if not body:
        return {}
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise _malformed("not a form in UTF-8") from None
    return {name: value.replace("\r\n", "\n") for name, value in _object(pairs).items()}


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body of a request, as it comes.

    Raises:
        Refused: it has more bytes than that.
    """
    _check_length(request, limit)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def parsed_json(body: bytes) -> Any:
    """What JSON holds.

    Raises:
        Refused: it is not JSON, or JSON that may mean different things to different readers: names that stand twice,
            numbers no float can hold, halves of characters; or it is nested too deeply.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _malformed(f"not UTF-8 at byte {error.start}") from None
    if max(accumulate(map(_STEP.__getitem__, _NOT_A_BRACKET.sub("", _STRING.sub("", text)))), default=0) > DEPTH_LIMIT:
        raise _unusable(f"nested more than {DEPTH_LIMIT} deep")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_no_constant)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise _malformed(f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeEncodeError:
        raise _unusable("half of a character: \\ud800 to \\udfff come in pairs") from None
    except ValueError:  # Python's own limit
        raise _unusable("a number has too many digits") from None
    return value


def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)


def _check_type(request: Request, wanted: str) -> None:
    message = Message()
    message["content-type"] = request.headers.get("content-type", "text/plain")
    encoding = request.headers.get("content-encoding", "identity")
    if message.get_content_type() != wanted or encoding != "identity":
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send the body as Content-Type: {wanted}", headers={"Accept": wanted}
        )


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise invalid([fault("body", [twice], "stands twice in one object")])
    return found


def _number(text: str) -> float:
    if math.isinf(number := float(text)):
        raise _unusable("a number is too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise _malformed(f"not JSON: {name} is no number")


def _too_large(limit: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {limit} bytes: send less")


def _malformed(reason: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, f"body: {reason}", faults=[fault("body", [], reason)])


def _unusable(reason: str) -> Refused:
    return invalid([fault("body", [], reason)])
