from dataclasses import fields

import pytest

from sentric.events import Element
from sentric.guard.intake import Intake
from sentric.settings import Settings


@pytest.mark.parametrize("name", [field.name for field in fields(Element)])
def test_a_secret_in_any_word_of_an_element_is_replaced(name):
    element = Element(**{name: "4111111111111111"})
    redacted = Intake(Settings()).element(element)
    assert getattr(redacted, name).startswith("‹secret:card:")


def test_an_ordinary_element_stays_as_it_is():
    element = Element(tag="input", type="email", xpath="//form[1]/input[@name='email']", autocomplete="one-time-code")
    assert Intake(Settings()).element(element) == element
