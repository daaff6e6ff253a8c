import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.dialects.source import Source, Values

HELD = {"a": {"b c": [{"d": 1}, "two"], "é": "x", "q\"'": 5, "json": '{"inner": [10, 20]}', "": 0}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.a['b c'][0].d", 1),
        ('$["a"]["b c"][1]', "two"),
        ("$ .a [ 'b c' ] [ -1 ]", "two"),
        ("$.a.é", "x"),
        ("$.a['\\u00e9']", "x"),
        ("$.a['q\"\\'']", 5),
        ('$.a["q\\"\'"]', 5),
        ("$.a['']", 0),
        ("$.a.json.inner[1]", 20),
        ("$.a['b c'][2]", None),
        ("$.a['b c'][-3]", None),
        ("$.a['b c'].d", None),
        ("$.a[0]", None),
        ("$.none.of.it", None),
        ("$.a.é.more", None),
    ],
)
@pytest.mark.parametrize("form", [lambda held: held, json.dumps, repr])
def test_a_place_leads_to_one_value_whether_it_lies_in_an_object_in_json_or_in_python(
    path: str, value: object, form: Any
) -> None:
    assert Values({"acme.x": form(HELD)}).at(Source.of(f"acme.x{path}")) == value


def test_an_attribute_alone_is_all_that_it_holds() -> None:
    assert Values({"acme.x": "[1]"}).at(Source.of("acme.x")) == "[1]"
    assert Values({}).at(Source.of("acme.x")) is None


def test_json_is_parsed_once_for_all_sources_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = Values({"acme.x": json.dumps(HELD)})
    sources = [Source.of(f"acme.x$.a{step}") for step in (".é", "['']", ".none")]
    texts: list[str] = []

    def counted(text: str) -> object:
        texts.append(text)
        return HELD

    monkeypatch.setattr("sentric_analyzer.dialects.values.from_json", counted)
    assert [values.at(source) for source in sources] == ["x", 0, None]
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no attribute"),
        ("$.a", "names no attribute"),
        ("a$", "ends with $"),
        ("a$b", "has no step that can be taken at 'b': write .NAME, ['NAME'] or [NUMBER]"),
        ("a$..b", "at '..b'"),
        ("a$.*", "at '.*'"),
        ("a$[*]", "at '[*]'"),
        ("a$[1:2]", "at '[1:2]'"),
        ("a$[01]", "at '[01]'"),
        ("a$[-0]", "at '[-0]'"),
        ("a$[?@.b]", "at '[?@.b]'"),
        ("a$.b[", "at '['"),
        ("a$.1", "at '.1'"),
        ("a$. b", "at '. b'"),
        ("a$['\\x']", "has a name that cannot be read"),
    ],
)
def test_what_is_not_a_source_is_refused_with_what_can_be_written(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Source.of(text)
    assert message in str(caught.value)


@given(st.lists(st.text() | st.integers(-9, 9), min_size=1, max_size=5))
def test_every_name_can_be_written(steps: list[str | int]) -> None:
    written = "".join(f"[{json.dumps(step)}]" for step in steps)
    assert Source.of(f"a${written}").steps == tuple(steps)


@pytest.mark.parametrize("levels", [100, 900, 100_000])
def test_deep_json_is_no_reason_to_fail(levels: int) -> None:
    held = '{"a": ' * levels + "1" + "}" * levels
    found = Values({"x": held}).at(Source.of("x$" + ".a" * 50))
    assert found is None or isinstance(found, dict)


def test_json_in_json_is_parsed_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"a": json.dumps({"b": json.dumps({"c": 1, "d": 2})})}
    values, loads = Values(held), json.loads
    texts: list[str] = []

    def counted(text: str) -> object:
        texts.append(text)
        return loads(text)

    sources = [Source.of(f"a$.b.{name}") for name in ("c", "d", "e")]
    monkeypatch.setattr("sentric_analyzer.dialects.values.from_json", counted)
    assert [values.at(source) for source in sources] == [1, 2, None]
    assert len(texts) == 2
