"""How the API says that something is wrong: every error is a problem document, RFC 9457."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.pages import notice
from sentric_analyzer.approvals.links import PATH as LINK_PATH
from sentric_analyzer.document import clean_text

PROBLEM_TYPE = "application/problem+json"
"""Media type of every error."""
MOST_FAULTS = 20
"""Most things wrong at once that are told."""
MOST_CHARACTERS = 1000
"""Longest detail or message: what was sent is never repeated in full."""
DECISIONS_PATH = "/v1/decisions"
"""Where decisions are asked for."""
_URN = "urn:sentric:problem:"
_REFUSAL = {"decision": "block", "allowed": False}


class Fault(Document):
    """One of the things that are wrong with a request."""

    in_: str = Field(alias="in")
    """Where it stands: `body`, `query`, `path` or `header`."""
    location: str
    """The parameter, or the way to the value from the outermost object, with dots; empty: all of it."""
    message: str
    file: str = ""
    """Where a policy is wrong: the file."""
    line: int = 0
    """The line in it, from 1; left out where it is the file as a whole."""


class Problem(Document):
    """What is wrong, RFC 9457."""

    type: str
    """`about:blank` where the status says it all, else a URN that stays the same."""
    title: str
    """What sort of problem it is."""
    status: int
    detail: str
    """What is wrong here, and where it can be helped, how: one line."""
    errors: list[Fault] = Field(default_factory=list[Fault])
    """Each of the things that are wrong, where there may be several: at most 20, or 1000 of a policy."""
    decision: Literal["block"] | None = None
    """Where a decision was asked for: who reads no more than that does not act."""
    allowed: Literal[False] | None = None
    """The same."""


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """A request is answered with a problem.

    Args:
        status: of the answer.
        detail: what is wrong, in one line.
        kind: names the sort of problem for programs, in words with hyphens; empty: the status says it all.
        faults: each of the things that are wrong, where there may be several.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.faults = faults
        self.headers = headers

    def answer(self) -> Response:
        """The problem as an answer."""
        document: dict[str, Any] = {
            "type": f"{_URN}{self.kind}" if self.kind else "about:blank",
            "title": self.kind.replace("-", " ").capitalize() if self.kind else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": _line(str(self)),
        }
        if self.faults:
            document["errors"] = [fault.model_dump(by_alias=True, exclude_unset=True) for fault in self.faults]
        return _Problem(document, self.status, self.headers)


class _Problem(Response):
    """A problem as an answer: with one thing more for whoever asked for a decision, and as a page for people."""

    def __init__(self, document: Mapping[str, Any], status: int, headers: Mapping[str, str] | None) -> None:
        plain = json_answer(document, status, headers, media_type=PROBLEM_TYPE)
        super().__init__(plain.body, status, plain.headers, PROBLEM_TYPE)
        self._of_decision = partial(json_answer, {**document, **_REFUSAL}, status, headers, media_type=PROBLEM_TYPE)
        self._page = partial(notice, document["title"], document["detail"], status=status, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if (scope.get("method"), scope["path"]) == ("POST", DECISIONS_PATH):
            return await self._of_decision()(scope, receive, send)
        if scope["path"].startswith(LINK_PATH):
            return await self._page()(scope, receive, send)
        return await super().__call__(scope, receive, send)


def refuse_with(app: FastAPI, statuses: Mapping[type[Exception], int]) -> None:
    """Let an app answer errors with a problem of a status, whose detail is what the error says."""
    for kind, status in statuses.items():
        app.add_exception_handler(kind, _with_status(status))


def add_problems(app: FastAPI) -> None:
    """Let every error of an app be a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _own_bug)


def fault(where: str, location: Sequence[object], message: str, **place: object) -> Fault:
    """One of the things that are wrong; names that somebody else chose are cut.

    Args:
        where: `body`, `query`, `path` or `header`.
        location: the way to the value there.
        message: what is wrong.
        place: `file` and `line`, of a policy.
    """
    return Fault.model_validate(
        {"in": where, "location": _line(".".join(map(str, location)), 200), "message": _line(message), **place}
    )


def invalid(faults: Sequence[Fault], more: int = 0) -> Refused:
    """What a request says cannot be used, for these reasons, and for so many more."""
    lines = [f"{one.location or one.in_}: {one.message}" for one in faults]
    if more:
        lines.append(f"and {more} more")
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(lines), faults=faults)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101  # it is registered for these
    return error.answer()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    return Refused(error.status_code, str(error.detail), headers=error.headers).answer()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
    errors = error.errors()
    told = [fault(one["loc"][0], one["loc"][1:], one["msg"]) for one in errors[:MOST_FAULTS]]
    return invalid(told, len(errors) - len(told)).answer()


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody gets it


async def _own_bug(request: Request, error: Exception) -> Response:
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of Sentric's own: see its log").answer()


def _with_status(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return Refused(status, str(error)).answer()

    return answer


def _line(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text in one line, and no longer than it may be."""
    line = " ".join(clean_text(text[: most + 1]).split())
    return line if len(text) <= most else f"{line[: most - 1]}…"
