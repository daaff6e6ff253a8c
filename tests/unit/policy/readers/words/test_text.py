from sentric.policy.readers.words.text import EXCERPT_LIMIT, excerpt, leaves, readable


def test_ascii_text_is_left_as_it_is() -> None:
    assert readable("plain text") == "plain text"


def test_disguises_are_taken_off() -> None:
    assert readable("ig\u200bnore ｔｈｉｓ") == "ignore this"
    assert readable("a\U000e0068\U000e0069b") == "ahib"
    assert readable("a\u00a0b") == "a b"


def test_what_people_type_is_left_as_it_is() -> None:
    text = "Grüße – “naïve” ‘quotes’ • 5 € ‹secret›, ½-free: àéîõü ß ø ¿qué?".replace("½", "half")
    assert readable(text) == text
    assert readable(text + "…") == text + "..."
    assert readable("e\u0301 " * 300) == "é " * 300


def test_long_runs_of_marks_take_linear_time() -> None:
    marks = "".join(chr(0x300 + index % 64) for index in range(100_000))
    assert len(readable("e" + marks)) > 90_000
    assert readable("ｔ" * 1000 + "x") == "t" * 1000 + "x"


def test_lone_surrogates_can_be_encoded_afterwards() -> None:
    assert readable("a\ud800b").encode() == b"a?b"


def test_leaves_come_in_order_with_the_key_above_them() -> None:
    arguments = {"To": ["a", {"cc": "b"}], "n": 3, "ok": True, "none": None, "rate": 1.5}
    assert list(leaves(arguments)) == [("to", "a"), ("cc", "b"), ("n", "3"), ("rate", "1.5")]


def test_deep_arguments_are_read_to_the_bottom() -> None:
    arguments: dict[str, object] = {"a": "bottom"}
    for _ in range(100_000):
        arguments = {"a": [arguments]}
    assert list(leaves(arguments)) == [("a", "bottom")]  # type: ignore[arg-type]  # JSON at any depth


def test_giant_numbers_are_not_written_out() -> None:
    assert list(leaves({"n": 10**100_000, "m": 1})) == [("m", "1")]


def test_an_excerpt_is_one_short_line() -> None:
    shown = excerpt("a\n b\t" * 1000, 2)
    assert shown.startswith("b a b")
    assert len(shown) == EXCERPT_LIMIT
    assert shown.endswith("…")
