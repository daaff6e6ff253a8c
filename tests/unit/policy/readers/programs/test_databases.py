import pytest

from sentric.events import Action, JsonValue
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Tuning
from sentric.policy.signals.commands import Commands


def destroys_tables(tool: str, arguments: dict[str, JsonValue]) -> bool:
    kind, effects = classify(tool, arguments)
    action = Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects)
    return Commands(Tuning()).action(action).destroys_tables


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_python", {"code": 'db.execute("DROP TABLE users")'}),
        ("execute_python", {"code": 'db.execute("DROP "+"TABLE users")'}),
        ("execute_python", {"code": "User.objects.all().delete()"}),
        ("execute_python", {"code": "x.drop('a'); db.users.drop()"}),
        ("bash", {"command": "python -c \"import x;x.c().execute('DROP TABLE users')\""}),
        ("bash", {"command": "python3 - <<'E'\ncur.execute('''DROP TABLE users''')\nE"}),
        ("bash", {"command": "aws dynamodb delete-table --table-name x"}),
        ("db", {"q": "DROP TABLE users"}),
        ("Postgres__Query", {"text": "drop table users"}),
        ("mongo", {"command": "db.users.drop()"}),
        ("run_mongo", {"command": {"drop": "users"}}),
        ("redis_command", {"cmd": "FLUSHALL"}),
        ("clear_table", {"table": "users"}),
        ("reset_database", {}),
        ("mongo_drop", {"collection": "users"}),
        ("delete_all_rows", {"table": "users"}),
        ("deleteMany", {"filter": {}}),
    ],
)
def test_a_table_that_goes_by_another_way_is_told(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert destroys_tables(tool, arguments)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_python", {"code": 'df = df.drop(columns=["a"]); df.drop("b", axis=1)'}),
        ("execute_python", {"code": 'db.execute("SELECT 1")'}),
        ("write_file", {"path": "m.py", "content": 'db.execute("DROP TABLE users")'}),
        ("bash", {"command": "grep -r \"execute('DROP TABLE x')\" src"}),
        ("search", {"query": "how to drop table in mysql"}),
        ("remove_table_row", {"row": 4}),
        ("delete_many", {"filter": {"id": 4}}),
        ("clear_filter", {"table": "users"}),
        ("get_database_reset_date", {}),
        ("database_reset_status", {}),
        ("—", {"table": "users"}),
    ],
)
def test_what_empties_no_table_is_left_alone(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert not destroys_tables(tool, arguments)
