"""What is wrong with a policy, as the API says it: everything at once."""

import re
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response

from sentric.errors import PolicyError
from sentric_analyzer.api.problems import Refused, fault, refuse_with
from sentric_analyzer.control.errors import (
    PolicyChangedError,
    PolicyRefusedError,
    UnknownPolicyError,
    UnknownProjectError,
)

MOST_PROBLEMS = 1000
"""Most problems of a policy that are told."""
_PLACE = re.compile(r"(.+?)(?::(\d{1,9}))?: (.*)", re.DOTALL)


class Told(NamedTuple):
    """A problem of a policy."""

    file: str
    """Empty: the policy as a whole."""
    line: int
    """From 1; 0: the file as a whole."""
    message: str


def told_of(problem: str) -> Told:
    """A problem, taken apart: `FILE:LINE: MESSAGE`, or `FILE: MESSAGE`."""
    if (found := _PLACE.fullmatch(problem)) is None:
        return Told("", 0, problem)
    file, line, message = found.groups()
    return Told("" if file == "bundle" else file, int(line or 0), message)


def problem_documents(error: PolicyError) -> list[dict[str, Any]]:
    """The problems of a policy as JSON, cut as those of any answer."""
    faults = (_fault(problem) for problem in error.problems[:MOST_PROBLEMS])
    return [{"file": one.file, "line": one.line, "message": one.message} for one in faults]


def add_policy_problems(app: FastAPI) -> None:
    """Let an app say what is wrong with policies."""
    app.add_exception_handler(PolicyError, _refused)
    refuse_with(
        app,
        {
            PolicyRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
            PolicyChangedError: HTTPStatus.CONFLICT,
            UnknownPolicyError: HTTPStatus.NOT_FOUND,
            UnknownProjectError: HTTPStatus.NOT_FOUND,
        },
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PolicyError)  # noqa: S101  # it is registered for these
    number, first = len(error.problems), error.problems[0]
    more = f"; and {number - 1} more: see errors" if number > 1 else ""
    faults = [_fault(problem) for problem in error.problems[:MOST_PROBLEMS]]
    return Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{first[:500]}{more}", kind="policy-does-not-load", faults=faults
    ).answer()


def _fault(problem: str) -> Any:
    file, line, message = told_of(problem)
    return fault("body", [f"{file}:{line}" if line else file], message, file=file[:200], line=line)
