from typing import Any

import pytest

from sentric_analyzer.dialects.indexed import indexed


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, []),
        ({"m.0.role": "user", "m.0.content": "x", "other.0": 1}, [{"role": "user", "content": "x"}]),
        ({"m.10.a": 2, "m.9.a": 1}, [{"a": 1}, {"a": 2}]),
        ({"m.0.a": 0, "m.7.a": 7}, [{"a": 0}, {"a": 7}]),
        ({"m.0.calls.0.id": "a", "m.0.calls.1.id": "b"}, [{"calls": [{"id": "a"}, {"id": "b"}]}]),
        ({"m.0": "plain", "m.0.a": 1}, ["plain"]),
        ({"m.0.a": 1, "m.0": "plain"}, [{"a": 1}]),
        ({"m.x.a": 1}, []),
        ({"m.": 1}, []),
        ({"m.99999999999999999999.a": 1}, [{"a": 1}]),
        ({"m.٣.a": 1}, []),
    ],
)
def test_flattened_lists_are_lists_again(attributes: dict[str, Any], expected: list[Any]) -> None:
    assert indexed(attributes, "m.") == expected


def test_depth_without_end_stays_a_name() -> None:
    [found] = indexed({"m.0." + "a." * 10_000 + "a": 1}, "m.")
    depth = 0
    while isinstance(found, dict):
        [found] = found.values()
        depth += 1
    assert (found, depth < 20) == (1, True)
