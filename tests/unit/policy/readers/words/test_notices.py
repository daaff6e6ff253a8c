import pytest

from sentric.policy.readers.words.notices import missing_of, names_any_document, says_approved, sentences


@pytest.mark.parametrize(
    "text",
    [
        "Loan 4411 approved",
        "APPROVED: your loan",
        "We've approved your loan",
        "Your credit line got approved",
        "Good news: you're approved!",
        "Your application was successful.",
        "This is to confirm approval of your loan",
        "Approval of your mortgage is confirmed",
        "Your loan is hereby granted",
        "We have decided to approve your application",
        "Hello Kim.\nYour permit has been approved.",
    ],
)
def test_a_notice_is_told_in_many_words(text: str) -> None:
    assert says_approved(sentences(text))


@pytest.mark.parametrize(
    "text",
    [
        "Has the loan been approved? Is it approved?",
        "Your application was not approved",
        "Please tell me whether the loan is approved",
        "Once the loan is approved we will write",
        "Your leave was approved last week",
        "Awaiting approval",
        "See the list of approved vendors",
    ],
)
def test_what_is_asked_denied_or_past_is_no_notice(text: str) -> None:
    assert not says_approved(sentences(text))


@pytest.mark.parametrize(
    "text", ["proof_of_income.pdf", "proof-of-income", "Proof of income", "proofOfIncome", "PROOF OF INCOME enclosed"]
)
def test_a_document_may_be_named_as_files_are(text: str) -> None:
    assert missing_of(["proof of income|payslip"], sentences(text)) == ()


@pytest.mark.parametrize("text", ["", "proof of income is missing", "no proof_of_income", "income"])
def test_a_document_that_is_not_named_or_named_as_missing_is_missing(text: str) -> None:
    assert missing_of(["proof of income"], sentences(text)) == ("proof of income",)


def test_any_document_will_do_where_none_is_required() -> None:
    assert names_any_document("see contract.pdf")
    assert not names_any_document("see the contract")
