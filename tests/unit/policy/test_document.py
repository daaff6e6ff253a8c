from collections.abc import Callable
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.errors import PolicyError
from sentric.policy.document import DEPTH_LIMIT, SIZE_LIMIT, VALUES_LIMIT, Bounds, Problems, Reader, read


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def problems_of(text: str, use: Callable[[Reader], object] = lambda _: None) -> list[str]:
    problems = Problems()
    read("f.yaml", text, problems, lambda root: use(root) and None)
    return problems.found


def value_of(text: str, use: Callable[[Reader], object]) -> object:
    got: list[object] = []
    assert problems_of(text, lambda root: got.append(use(root))) == []
    return got[0]


def test_plain_values_are_read() -> None:
    assert value_of("a: 1\nb: [x, true, 1.5, null]", Reader.plain) == {"a": 1, "b": ["x", True, 1.5, None]}


def test_typed_values_are_read() -> None:
    def use(root: Reader) -> object:
        part = root.mapping(known=("t", "n", "b", "c", "l"))
        return (
            part["t"].text(), part["n"].number(0, 9), part["b"].boolean(), part["c"].choice(Colour), part["l"].texts(),
        )  # fmt: skip

    assert value_of("t: x\nn: 3\nb: yes\nc: blue\nl: [a, b]", use) == ("x", 3, True, Colour.BLUE, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3: duplicate key 'a'"),
        ("a: 1\nzzz: 2", "f.yaml:2: unknown key 'zzz': use one of a, b"),
        ("[a]", "f.yaml:1: must be a mapping"),
        ("b: 2", "f.yaml:1: needs 'a'"),
    ],
)
def test_a_mapping_is_strict(text: str, problem: str) -> None:
    assert problems_of(text, lambda root: root.mapping(known=("a", "b"), required=("a",))) == [problem]


def test_a_misspelt_key_gets_a_suggestion() -> None:
    found = problems_of("severty: high", lambda root: root.mapping(known=("severity", "decision")))
    assert found == ["f.yaml:1: unknown key 'severty': did you mean 'severity'?"]


@pytest.mark.parametrize(
    ("text", "use", "problem"),
    [
        ("3", Reader.text, "must be text, not a whole number"),
        ("[x]", Reader.text, "must be text, not a sequence"),
        ("x", lambda r: r.number(0, 9), "must be a whole number, not text"),
        ("12", lambda r: r.number(0, 9), "12 is not between 0 and 9"),
        ("1_0", lambda r: r.number(0, 9), "10 is not between 0 and 9"),
        ("x", Reader.boolean, "must be true or false, not text"),
        ("x", Reader.texts, "must be a list"),
        ("green", lambda r: r.choice(Colour), "'green' is not one of red, blue"),
        ("A b", lambda r: r.text(matching="[a-z]+", meaning="one word"), "'A b' is not one word"),
        ("{a: 1, a: 2}", Reader.plain, "duplicate key 'a'"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(text: str, use: Callable[[Reader], object], problem: str) -> None:
    assert problems_of(text, use) == [f"f.yaml:1: {problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1]\nb: *x", "f.yaml:2: aliases (*name) are not supported: write the value out"),
        (
            "[" * (DEPTH_LIMIT + 1) + "]" * (DEPTH_LIMIT + 1),
            f"f.yaml:1: is nested deeper than {DEPTH_LIMIT} levels",
        ),
        ("", "f.yaml:1: is empty"),
        ("a: [1", "f.yaml:2: is not YAML"),
        ("!x 1", "f.yaml:1: has a tag"),
        ("\x00", "f.yaml:1: is not YAML"),
        ("#" * (SIZE_LIMIT + 1), f"f.yaml:1: is larger than {SIZE_LIMIT} characters"),
    ],
)
def test_what_is_not_wanted_of_yaml_is_refused(text: str, problem: str) -> None:
    assert [found[: len(problem)] for found in problems_of(text, Reader.plain)] == [problem]


@given(st.text(alphabet=st.sampled_from("[]{}:,-&*!|>\n \"'#ab1"), max_size=60))
def test_no_text_makes_reading_fail(text: str) -> None:
    problems_of(text, Reader.plain)


def test_dates_stay_the_text_they_were_written_as() -> None:
    assert value_of("a: 2024-01-01", Reader.plain) == {"a": "2024-01-01"}


def test_all_problems_are_raised_at_once() -> None:
    problems = Problems()
    problems.raise_any()
    problems.add("a.yaml", 1, "one")
    problems.add("b.yaml", 2, "two")
    with pytest.raises(PolicyError) as caught:
        problems.raise_any()
    assert caught.value.problems == ["a.yaml:1: one", "b.yaml:2: two"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1:30", "1:30"), ("1:30.5", "1:30.5"), (f"1{':1' * 100_000}", f"1{':1' * 100_000}"), ("0x10", 16), ("1_0", 10)],
)
def test_numbers_of_base_60_stay_text(text: str, value: object) -> None:
    assert value_of(text, Reader.plain) == value


@pytest.mark.parametrize("text", ["!!int x", "!!int ''", "!!float ''", "!!bool maybe", "9" * 5000, "0x" + "f" * 5000])
def test_a_scalar_that_is_not_what_its_tag_says_cannot_be_read(text: str) -> None:
    (problem,) = problems_of(text, Reader.plain)
    assert problem.endswith("cannot be read")
    assert len(problem) < 100


@pytest.mark.parametrize("text", ["!!python/none x", "!!python/tuple []", "!!python/dict {}", "!x [a]"])
def test_tags_are_no_plain_values(text: str) -> None:
    assert [problem.endswith("tags are not supported") for problem in problems_of(text, Reader.plain)] == [True]


@pytest.mark.parametrize("text", ["9" * 5000, "0x" + "f" * 5000])
def test_a_number_that_is_too_long_is_a_problem_in_one_short_line(text: str) -> None:
    (problem,) = problems_of(text, lambda root: root.number(0, 9))
    assert problem.endswith("is not a plain whole number")
    assert len(problem) < 100


def test_a_file_has_a_bounded_number_of_values() -> None:
    assert problems_of("- a\n" * VALUES_LIMIT) == [f"f.yaml:{VALUES_LIMIT}: has more than {VALUES_LIMIT} values"]
    problems = Problems()
    read("f.yaml", "[a, b, c]", problems, lambda _: None, Bounds(depth=2, values=3))
    assert problems.found == ["f.yaml:1: has more than 3 values"]
