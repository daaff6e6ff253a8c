import json

from hypothesis import given
from hypothesis import strategies as st

from sentric.cli.visible import as_json

CONTROLS = "\x1b\x7f\x9b\u202e\u2066\ufeff"


@given(st.recursive(st.text() | st.text(CONTROLS) | st.none(), lambda inner: st.dictionaries(st.text(CONTROLS), inner)))
def test_json_says_the_same_and_a_terminal_obeys_nothing_in_it(document: object) -> None:
    written = as_json(document, indent=1)
    assert json.loads(written) == document
    assert not set(CONTROLS) & set(written)
