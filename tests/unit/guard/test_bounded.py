import json
from typing import Any

import pytest

from sentric.guard.bounded import ARGUMENTS_LIMIT, ITEMS_LIMIT, Bounded


def bounded(value: object) -> tuple[Any, bool]:
    taking = Bounded()
    return taking.value(value), taking.cut


def test_ordinary_arguments_stay_whole() -> None:
    given = {"a": ["b", 1, 2.5, None, True, {"c": "d" * 100_000}]}
    assert bounded(given) == (given, False)


@pytest.mark.parametrize(
    "given",
    [
        {"a": "x" * (ARGUMENTS_LIMIT + 1)},
        {"a": "x" * ARGUMENTS_LIMIT, "b": "y"},
        {str(index): index for index in range(ITEMS_LIMIT + 1)},
        {"a": [[0] * 5000, [0] * 5000]},
        {"k" * 300: 1},
    ],
)
def test_what_is_too_large_is_cut_and_says_so(given: dict[str, object]) -> None:
    taken, cut = bounded(given)
    assert cut
    assert len(json.dumps(taken)) < ARGUMENTS_LIMIT + 20 * ITEMS_LIMIT


def test_what_is_nested_too_deeply_is_cut_and_says_so() -> None:
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    assert bounded({"a": deep})[1]


def test_what_json_cannot_hold_becomes_text() -> None:
    taken, cut = bounded({"a": {1}, "b": object, "c": "\ud800", "d": 10**5000})
    assert (taken["a"], taken["c"], cut) == ([1], "?", False)
    assert taken["b"] == str(object)
    assert taken["d"].startswith("0x")
