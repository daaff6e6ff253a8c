from sentric.policy.readers.programs.loss import TABLES, Extent, lost


def test_a_destruction_says_what_and_how_much() -> None:
    found = lost(Extent.LASTING, "drops a table", ("users",), TABLES)
    assert (found.extent, found.what, found.targets) == (Extent.LASTING, "drops a table", ("users",))
    assert "table" in found.about
