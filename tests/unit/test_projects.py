import pytest

from sentric_analyzer.receiver import project_of


@pytest.mark.parametrize(
    ("decided", "claimed", "expected"),
    [
        ("", None, "default"),
        ("", "shop", "shop"),
        ("", "", "default"),
        ("", 7, "default"),
        ("", "x" * 65, "default"),
        ("", "a\nb", "default"),
        ("shop", "another", "shop"),
    ],
)
def test_the_key_decides_the_project_and_else_the_resource_claims_it(
    decided: str, claimed: object, expected: str
) -> None:
    assert project_of(decided, {} if claimed is None else {"sentric.project": claimed}) == expected
