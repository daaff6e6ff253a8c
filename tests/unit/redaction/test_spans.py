import pytest

from sentric.redaction.spans import Found, joined, whole_characters


@pytest.mark.parametrize(
    ("span", "whole"), [((0, 1), (0, 1)), ((2, 4), (1, 4)), ((1, 2), (1, 4)), ((3, 3), (1, 4)), ((4, 5), (4, 5))]
)
def test_a_stretch_is_widened_to_whole_characters(span, whole):
    assert whole_characters("a€b".encode(), *span) == whole


def test_finds_that_overlap_by_a_part_become_one_and_one_within_another_is_left_out():
    found = [
        Found(0, 4, "pin", "abcd"),
        Found(2, 6, "otp", "cdef"),
        Found(8, 12, "pin", "ijkl"),
        Found(9, 11, "otp", "jk"),
    ]
    assert joined(found) == [Found(0, 6, "pin", ""), Found(8, 12, "pin", "ijkl")]
