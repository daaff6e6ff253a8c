import pytest

from sentric.policy.readers.words.vocabulary import begins_order, families, figures, idioms, plain, spoken, stem, stems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("repositories", "repo"),
        ("invited", "invite"),
        ("transfers", "transfer"),
        ("emails", "mail"),
        ("planning", "plan"),
        ("deleted", "delete"),
        ("cancelled", "cancel"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_words_that_tell_nothing_are_left_out() -> None:
    assert stems(spoken("please send it to the user and all of them")) == {stem("send")}


def test_verbs_belong_to_families_in_several_languages() -> None:
    for word in ("pay", "überweisen", "pagar", "payer", "betalen"):
        assert "pay" in families(stems(spoken(plain(word))))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let the team know that we close at five", {"send"}),
        ("drop gustav a line about friday", {"send"}),
        ("pass the keys on to the caretaker", {"send"}),
        ("get rid of notes.txt", {"delete"}),
        ("take the old price list down", {"delete"}),
        ("let ann into the channel", {"grant"}),
        ("give ann edit rights", {"grant"}),
        ("put the supper in the calendar", {"schedule"}),
        ("give the plumber a ring", {"send", "call"}),
        ("lu should hear that we close", {"send"}),
        ("you should know that we close", set[str]()),
        ("let me know", set[str]()),
        ("take the bus to the station", set[str]()),
        ("get the list", set[str]()),
    ],
)
def test_verbs_that_mean_little_mean_something_in_idioms(text: str, found: set[str]) -> None:
    assert idioms(text) == found


def test_a_noun_does_not_begin_an_order() -> None:
    assert begins_order("send")
    assert not begins_order("transaction")


@pytest.mark.parametrize(
    ("text", "found"),
    [("585.00 and 7", {"585"}), ("at 06:45", {"6:45"}), ("0.50", {".5"}), ("197,40", {"197", "40"}), ("", set[str]())],
)
def test_figures_have_one_form(text: str, found: set[str]) -> None:
    assert figures(text) == found
