"""How rows are read, and those of which projects."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sentric_analyzer.document import json_safe
from sentric_analyzer.storage.arrow import Schema, Type
from sentric_analyzer.storage.tables import Table

Projects: TypeAlias = Sequence[str] | None
"""Of which projects something is asked; None: of all."""
OF_PROJECTS = "({every:Bool} OR Project IN {projects:Array(String)})"
"""The condition of them; `of_projects` gives its parameters."""


def of_projects(projects: Projects) -> dict[str, Any]:
    """Parameters of the condition OF_PROJECTS."""
    return {"every": projects is None, "projects": list(projects or ())}


def of_run(client: Any, table: Table, where: dict[str, Any]) -> list[dict[str, Any]]:
    """What a table holds of the run that `project` and `run` name, in its order."""
    condition = "FINAL WHERE Project = {project:String} AND RunId = {run:String} ORDER BY Position"
    return read_rows(client, table.schema, f"{table.name} {condition}", where)


def read_rows(client: Any, schema: Schema, source: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows by column name, in the form the schema's inserts have: times as Unix nanoseconds."""
    # Expressions have no alias of the column's name: it would stand for them in the conditions as well.
    columns = ", ".join(_expression(name, kind) for name, kind in schema.items())
    asked = json_safe(parameters)  # the command line hands on what is not Unicode
    rows = client.query(f"SELECT {columns} FROM {source}", parameters=asked).result_rows  # noqa: S608  # names of ours
    return [dict(zip(schema, row, strict=True)) for row in rows]


def _expression(name: str, kind: Type) -> str:
    match kind:
        case Type.TIME:
            return f"toUnixTimestamp64Nano({name})"
        case Type.TIMES:
            return f"arrayMap(t -> toUnixTimestamp64Nano(t), {name})"
        case _:
            return name
