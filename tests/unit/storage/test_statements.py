import re

import pytest

from sentric_analyzer.storage.migrations import shipped, statements


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ;; -- nothing; here\n /* nor; here */ ;", []),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', 'it''s; ', 'a\\';b'; SELECT 3;", ["SELECT ';', 'it''s; ', 'a\\';b'", "SELECT 3"]),
        ('SELECT ";" AS `a;b`; SELECT 3', ['SELECT ";" AS `a;b`', "SELECT 3"]),
        ("SELECT 1 -- a; b\n + 2; SELECT 3", ["SELECT 1  \n + 2", "SELECT 3"]),
        ("SELECT 1 /* a; ' b */ + 2", ["SELECT 1   + 2"]),
    ],
)
def test_a_script_is_split_at_semicolons_outside_quotes_and_comments(sql: str, expected: list[str]) -> None:
    assert list(statements(sql)) == expected


def test_the_shipped_migrations_are_numbered_without_a_gap_and_bear_repetition() -> None:
    migrations = shipped()

    assert [migration.version for migration in migrations] == list(range(1, len(migrations) + 1))
    made = [statement for migration in migrations for statement in statements(migration.sql)]
    assert all(re.match(r"(?s)(CREATE .*? IF NOT EXISTS|ALTER TABLE .*\sIF (NOT )?EXISTS) ", text) for text in made)
