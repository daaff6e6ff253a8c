import pytest

from sentric_analyzer.projects import project_of


@pytest.mark.parametrize(
    ("allowed", "claimed", "expected"),
    [
        ((), None, "default"),
        ((), "shop", "shop"),
        ((), "", "default"),
        ((), 7, "default"),
        ((), "x" * 65, "default"),
        ((), "a\nb", "default"),
        (("shop",), None, "shop"),
        (("shop",), "another", "shop"),
        (("shop", "bank"), "bank", "bank"),
        (("shop", "bank"), "shop\nbank", "shop"),
        (("shop", "bank"), None, "shop"),
        (("shop", "bank"), ["bank"], "shop"),
    ],
)
def test_the_key_decides_the_project_and_else_the_resource_claims_it(
    allowed: tuple[str, ...], claimed: object, expected: str
) -> None:
    assert project_of(allowed, {} if claimed is None else {"sentric.project": claimed}) == expected


def test_what_the_item_itself_says_is_believed_before_its_resource() -> None:
    own, of_resource = {"sentric.project": "own"}, {"sentric.project": "shop"}
    assert project_of((), own, of_resource) == "own"
    assert project_of(("shop", "bank"), own, of_resource) == "shop"
    assert project_of((), {}, of_resource) == "shop"
