import json

from sentric_analyzer.api.problems import MOST_CHARACTERS, MOST_FAULTS, PROBLEM_TYPE, Problem, Refused, fault, invalid


def told(refused: Refused) -> Problem:
    answer = refused.answer()
    assert answer.media_type == PROBLEM_TYPE
    assert answer.headers["cache-control"] == "no-store"
    return Problem.model_validate_json(bytes(answer.body), extra="forbid")


def test_a_problem_that_its_status_tells_has_no_type_of_its_own() -> None:
    found = told(Refused(404, "no run 'x'"))
    assert (found.type, found.title, found.status, found.detail) == ("about:blank", "Not Found", 404, "no run 'x'")
    assert "errors" not in json.loads(bytes(Refused(404, "no").answer().body))


def test_a_problem_of_a_kind_has_a_type_that_stays() -> None:
    found = told(Refused(409, "no", kind="agent-stopped", headers={"Retry-After": "1"}))
    assert (found.type, found.title) == ("urn:sentric:problem:agent-stopped", "Agent stopped")
    assert Refused(409, "no", headers={"Retry-After": "1"}).answer().headers["retry-after"] == "1"


def test_what_is_told_is_one_line_of_bounded_length_that_can_be_encoded() -> None:
    found = told(Refused(422, "a\n\r\tb \ud800" + "x" * 10_000_000))
    assert found.detail.startswith("a b \ufffdxxx")
    assert len(found.detail) <= MOST_CHARACTERS


def test_things_that_are_wrong_are_told_each_with_its_place() -> None:
    found = told(invalid([fault("query", ["limit"], "too large"), fault("body", [], "not JSON")]))
    assert found.detail == "limit: too large; body: not JSON"
    assert [(one.in_, one.location, one.message) for one in found.errors] == [
        ("query", "limit", "too large"),
        ("body", "", "not JSON"),
    ]


def test_of_many_things_that_are_wrong_some_are_told_and_the_others_counted() -> None:
    found = told(invalid([fault("body", ["x" * 100_000, n], "y") for n in range(MOST_FAULTS)], 5))
    assert all(len(one.location) <= 200 for one in found.errors)
    assert len(found.detail) <= MOST_CHARACTERS
    assert told(invalid([fault("body", [1], "y")], 5)).detail == "1: y; and 5 more"
