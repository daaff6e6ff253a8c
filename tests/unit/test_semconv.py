import ast
from pathlib import Path

from sentric import semconv

TREE = ast.parse(Path(semconv.__file__).read_text(encoding="utf-8"))


def constants() -> dict[str, str]:
    return {name: value for name, value in vars(semconv).items() if name.isupper() and isinstance(value, str)}


def test_no_two_names_stand_for_the_same_attribute() -> None:
    values = [value for name, value in constants().items() if not name.startswith("OPERATION_")]
    assert sorted(set(values)) == sorted(values)


def test_every_attribute_has_a_docstring() -> None:
    bare = []
    for statement, after in zip(TREE.body, [*TREE.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if not documented and not statement.target.id.startswith("OPERATION_"):
                bare.append(statement.target.id)
    assert bare == []


def test_our_own_names_are_in_our_own_namespace() -> None:
    ours = [value for name, value in constants().items() if name.startswith("SENTRIC_")]
    assert all(value.startswith("sentric.") for value in ours)
