import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.dialects.values import parsed

WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def by_python(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return text, False


@given(
    st.builds(json.dumps, WRITTEN, ensure_ascii=st.booleans()), st.integers(0, 200), st.text('[]{}",:\\ud8', max_size=3)
)
def test_json_is_read_as_python_reads_it(text: str, place: int, put: str) -> None:
    for one in (text, text[:place] + put + text[place:], text[:place]):
        assert repr(parsed(one)) == repr(by_python(one))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\ufeff[]",
            " [1]\n",
            "\xa0[1]",
            "[1]x",
            "[1,]",
            '{"a": 1, "a": 2}',
            "nan",
            "NaN",
            "[-Infinity, NaN]",
        ),
        *("-0", "-0.0", "1e400", "1E-400", "01", "1.", ".5", "+1", "9007199254740993", "9" * 40, "9" * 5000),
        *('"\\ud800"', '"\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\x00"', '"\t"', '"\x7f"', "[" * 300 + "]" * 300),
        *("0.1234567890123456789", "123456789.123456789e-5", "2.2250738585072011e-308", "true", "tru", "[" * 100_000),
    ],
)
def test_the_corners_of_json_are_read_as_python_reads_them(text: str) -> None:
    assert repr(parsed(text)) == repr(by_python(text))
