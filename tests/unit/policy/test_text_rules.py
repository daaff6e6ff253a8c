from collections.abc import Callable

import pytest

from sentric.events import Action, AnyEvent, Author, Message, Observation, Reasoning, Source
from sentric.policy import text_rules
from sentric.policy.rule import Decision, Over, Rule, RuleType, Scope, Severity
from sentric.policy.text_rules import PATTERN_LIMIT, PatternError, TextRules, expression, text_of
from support.linear import assert_linear


def worded(name: str, form: RuleType, pattern: str, *over: Over) -> Rule:
    return Rule(
        id=name,
        title=name,
        category="test",
        severity=Severity.LOW,
        decision=Decision.WARN,
        risk=0,
        on=("action",),
        type=form,
        pattern=pattern,
        over=over or tuple(Over),
    )


def action(text: str, thinking: str = "") -> Action:
    return Action(sequence=1, tool="t", arguments={"text": text}, reasoning=Reasoning(thinking=thinking))


def found(form: RuleType, pattern: str, text: str) -> bool:
    return bool(TextRules([worded("one", form, pattern)], Scope.ACTION).matching(action(text)))


@pytest.mark.parametrize(
    "text",
    [
        "drop table users",
        "DROP\n\t table x",
        "please Drop\u00a0Table",
        "(drop table)",
        "ｄｒｏｐ ｔａｂｌｅ",
        "dr\u200bop table",
    ],
)
def test_phrases_are_found_whatever_their_case_white_space_and_disguise(text: str) -> None:
    assert found(RuleType.PHRASES, "truncate table | drop  table", text)


@pytest.mark.parametrize("text", ["backdrop table", "drop tables", "drop the table", "drop-table"])
def test_phrases_are_whole_words(text: str) -> None:
    assert not found(RuleType.PHRASES, "truncate table|drop table", text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("öl", "Das ÖL", True),
        ("öl", "Möl", False),
        ("密码", "我的密码是", True),
        ("c++", "in C++ code", True),
        ("a.b", "axb", False),
        ("$100", "pay $100", True),
    ],
)
def test_phrases_are_words_in_every_script(pattern: str, text: str, expected: bool) -> None:
    assert found(RuleType.PHRASES, pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("don't tell", "Don’t tell", True),
        ("don’t tell", "don't tell", True),
        ("große straße", "GROSSE STRASSE", True),
        ("grosse strasse", "große Straße", True),
        ("gross", "es ist groß, sagt er", True),
        ("groß", "das ist gross.", True),
        ("gross", "grosses", False),
        ("groß", "großes", False),
    ],
)
def test_phrases_are_found_however_their_letters_are_written(pattern: str, text: str, expected: bool) -> None:
    assert found(RuleType.PHRASES, pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^DROP TABLE", "DROP TABLE users", True),
        ("^DROP TABLE", "please DROP TABLE users", False),
        ("DROP$", "never DROP", True),
        ("DROP$", "DROP it", False),
        (r"\ADROP\z", "DROP", True),
        ("^(?:a|b)+$", "aabb", True),
        ("^DROP", "ＤＲＯＰ it", True),
        ('^{"text":"a', "ab", True),
        ("^say", 'say "hi"\nand go', True),
        ("^and", 'say "hi"\nand go', False),
    ],
)
def test_the_ends_of_a_pattern_are_those_of_a_value_or_of_all_arguments(
    pattern: str, text: str, expected: bool
) -> None:
    assert found(RuleType.REGEX, pattern, text) is expected


def test_a_pattern_with_ends_is_found_in_any_value_and_says_its_words() -> None:
    rules = [worded("other", RuleType.PHRASES, "zzz"), worded("one", RuleType.REGEX, r"^\d+$")]
    deed = Action(sequence=1, tool="t", arguments={"a": "x", "b": [{"c": "no 7"}, {"d": 42}]})
    assert TextRules(rules, Scope.ACTION).matching(deed) == {1: (Over.ARGUMENTS, "42")}
    only_why = [worded("one", RuleType.REGEX, r"^\d+$", Over.REASONING)]
    assert TextRules(only_why, Scope.ACTION).matching(deed) == {}


@pytest.mark.parametrize(
    ("pattern", "cure"),
    [
        ("m²", "write 'm2'"),
        (r"a\x{FF24}b", "write 'D'"),
        (r"\xb2", "write '2'"),
        ("a\u200bb", "write 'ab'"),
        ("x|\u200b", "leave it out"),
        ("cafe\u0301", "write 'café'"),
        (r"\Q²+\E", "write '2+'"),
    ],
)
def test_a_pattern_of_letters_that_are_never_there_is_refused(pattern: str, cure: str) -> None:
    with pytest.raises(PatternError, match=r"is never found, because .*") as caught:
        expression(RuleType.REGEX, pattern)
    assert str(caught.value).endswith(cure)


@pytest.mark.parametrize(
    "pattern", ["[²x]", r"\pL+é", "[^\u0080-\uffff]a", r"\x41\x{42}", "öl|密码", r"[\x{FF21}-\x{FF3A}]a"]
)
def test_a_pattern_of_letters_that_may_be_there_is_taken(pattern: str) -> None:
    assert expression(RuleType.REGEX, pattern)


def test_a_regular_expression_is_taken_as_it_is_written() -> None:
    assert found(RuleType.REGEX, r"\d{3}-\d{2}-\d{4}", "SSN 123-45-6789")
    assert not found(RuleType.REGEX, "drop", "DROP")
    assert found(RuleType.REGEX, "(?i)drop|x", "DROP")
    assert found(RuleType.REGEX, r'rm -rf "/etc"', 'rm -rf "/etc"')
    assert found(RuleType.REGEX, r'"text":"a', "abc")


@pytest.mark.parametrize(
    ("form", "pattern", "message"),
    [
        (RuleType.REGEX, "(", "'(' is not a regular expression: missing )"),
        (RuleType.REGEX, "(?=a)", "is not a regular expression: invalid perl operator"),
        (RuleType.REGEX, "a*", "'a*' matches every text, even the empty one"),
        (RuleType.REGEX, "a)|(b", "is not a regular expression"),
        (RuleType.REGEX, "", "matches every text"),
        (RuleType.REGEX, "x" * (PATTERN_LIMIT + 1), "is longer than 4000 characters"),
        (RuleType.REGEX, "\ud800", "half of a surrogate pair"),
        (RuleType.PHRASES, "a||b", "has an empty phrase"),
        (RuleType.PHRASES, " ", "has an empty phrase"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(form: RuleType, pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        expression(form, pattern)
    assert message in str(caught.value)


def test_each_rule_searches_where_it_is_told_to() -> None:
    rules = [worded(over, RuleType.PHRASES, "secret", over) for over in Over]
    seen = Observation(sequence=1, source=Source.PAGE, origin="", text="a secret")
    said = Message(sequence=1, author=Author.MODEL, text="a secret")
    events: dict[Scope, list[AnyEvent]] = {
        Scope.ACTION: [action("a secret"), action("", "a secret")],
        Scope.OBSERVATION: [seen],
        Scope.MESSAGE: [said],
    }
    told = [
        [rules[place].id for place in TextRules(rules, scope).matching(event)]
        for scope, happened in events.items()
        for event in happened
    ]
    assert told == [["arguments"], ["reasoning"], ["result"], ["message"]]


def test_an_event_has_only_the_texts_of_its_sort() -> None:
    seen = Observation(sequence=1, source=Source.PAGE, origin="", text="page")
    assert [text_of(over, seen) for over in Over] == ["", "page", "", ""]
    assert text_of(Over.ARGUMENTS, action('say "hi"\n')) == '{"text":"say \\"hi\\"\\n"}\nsay "hi"\n'


def test_every_rule_that_matches_is_told_with_its_words() -> None:
    rules = [worded(f"r{number}", RuleType.REGEX, rf"key{number}abc", Over.RESULT) for number in range(60)]
    text = " ".join(f"key{number}abc" for number in range(0, 60, 7))
    seen = Observation(sequence=1, source=Source.PAGE, origin="", text=text)
    matched = TextRules(rules, Scope.OBSERVATION).matching(seen)
    assert matched[7] == (Over.RESULT, "key7abc")
    assert {0, 7, 14, 21, 28, 35, 42, 49, 56} == set(matched)


def test_an_automaton_that_runs_out_of_memory_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rules, "_MEMORY", 5_000)
    rules = [worded(f"r{number}", RuleType.REGEX, f"[a-z]{{3}}x.{{9}}{number}", Over.RESULT) for number in range(40)]
    text = "".join(f"abcx{number:09}{number} " for number in range(40)) + "abx " * 2_000
    seen = Observation(sequence=1, source=Source.PAGE, origin="", text=text)
    assert len(TextRules(rules, Scope.OBSERVATION).matching(seen)) == 40


def test_a_search_takes_linear_time_however_hostile_the_text() -> None:
    rules = [worded("bait", RuleType.REGEX, "(a+)+$|(.*b)*c"), worded("many", RuleType.PHRASES, "a a|b b")]
    searched = TextRules(rules, Scope.OBSERVATION)

    def prepare(size: int) -> Callable[[], object]:
        seen = Observation(sequence=1, source=Source.PAGE, origin="", text="a" * size + "!")
        return lambda: searched.matching(seen)

    assert_linear(prepare, 50_000)
