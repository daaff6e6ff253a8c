"""Who may ask the API of a test."""

import httpx

from sentric_analyzer.api.access import Access
from sentric_analyzer.api.problems import PROBLEM_TYPE, Problem
from sentric_analyzer.control import KeyRing


def local_access() -> Access:
    """Reading takes no key, as on loopback, and there is none."""
    return Access(lambda: KeyRing({}), key_needed=False)


def problem(answer: httpx.Response) -> Problem:
    """The problem that an answer tells, which must be one line, and of the answer's status."""
    assert answer.headers["content-type"] == PROBLEM_TYPE
    found = Problem.model_validate_json(answer.content, extra="forbid")
    assert found.status == answer.status_code
    assert found.detail
    assert "\n" not in found.detail
    return found
