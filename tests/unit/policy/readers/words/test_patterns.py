from sentric.policy.readers.words.lexicon import phrase, words
from sentric.policy.readers.words.patterns import Patterns


def test_matching_patterns_are_named_in_their_order() -> None:
    patterns = Patterns({"late": "b", "early": "a", "never": "z"})
    assert patterns.matching("A b") == ["late", "early"]
    assert patterns.matching("") == []


def test_spans_are_offsets_of_characters() -> None:
    assert Patterns({"x": "x"}).spans("x", "äxöx", 5) == [(1, 2), (3, 4)]
    assert Patterns({"x": "x"}).spans("x", "xxx", 2) == [(0, 1), (1, 2)]


def test_the_first_match_is_the_earliest_of_any_pattern() -> None:
    patterns = Patterns({"b": "b", "a": "a"})
    assert patterns.first("xxab") == (2, 3)
    assert patterns.first("xx") is None


def test_patterns_are_searched_one_by_one_when_the_set_fails() -> None:
    patterns = Patterns({"a": "a", "b": "b"})
    patterns._set = Patterns({"q": "q"})._set
    assert patterns.matching("only b") == ["b"]


def test_a_phrase_tolerates_white_space_and_keeps_to_its_sentence() -> None:
    patterns = Patterns({"p": phrase("do not|never", "tell", 20, "the (?:user|human)")})
    assert patterns.first("DO  not\n tell this to the user")
    assert not patterns.first("do not tell. Ask the user")
    assert not patterns.first("do nottell the user")


def test_words_are_a_set() -> None:
    assert words(" a b\n a ") == {"a", "b"}
