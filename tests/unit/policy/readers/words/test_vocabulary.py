import pytest

from sentric.policy.readers.words.vocabulary import begins_order, families, figures, plain, spoken, stem, stems


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


def test_a_noun_does_not_begin_an_order() -> None:
    assert begins_order("send")
    assert not begins_order("transaction")


@pytest.mark.parametrize(
    ("text", "found"),
    [("585.00 and 7", {"585"}), ("at 06:45", {"6:45"}), ("0.50", {".5"}), ("197,40", {"197", "40"}), ("", set[str]())],
)
def test_figures_have_one_form(text: str, found: set[str]) -> None:
    assert figures(text) == found
