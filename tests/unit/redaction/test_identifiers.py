import pytest

from sentric.redaction.identifiers import find_ibans, is_iban, is_social_security_number


@pytest.mark.parametrize("iban", [b"DE89370400440532013000", b"NO9386011117947", b"MT84MALT011000012345MTLCAST001S"])
def test_an_iban_has_its_countrys_length_and_check_digits(iban):
    assert is_iban(iban)
    assert not is_iban(iban[:-1])
    assert not is_iban(iban[:2] + b"00" + iban[4:])


@pytest.mark.parametrize(("digits", "holds"), [(b"078051120", True), (b"07805112", False), (b"000051120", False)])
def test_a_social_security_number_has_no_part_that_was_never_given_out(digits, holds):
    assert is_social_security_number(digits) is holds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("DE89 3704 0044 0532 0130 00 EUR and GB82WEST12345698765432.", 2),
        ("\\nDE89-3704-0044-0532-0130-00", 1),
        ("DE89  3704 0044 0532 0130 00", 0),
        ("DE893704004405320130001", 0),
        ("XDE89370400440532013000", 0),
        ("DE89 3704", 0),
        ("ZZ89 3704 0044", 0),
    ],
)
def test_an_iban_is_found_in_groups_and_whole(text, count):
    found = find_ibans(text.encode())
    assert len(found) == count
    assert all(is_iban(item.value.encode()) for item in found)
