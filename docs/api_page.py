"""The page of the REST API, from its OpenAPI description."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
SCOPES = "x-sentric-scopes"


def api_rows(document: dict[str, Any]) -> list[str]:
    """The page, without its head: every route by its part of the API, then the documents they take and give."""
    return [*_Page(document).rows()]


class _Page:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Schema] = document["components"]["schemas"]
        self._operations = [
            (f"{method.upper()} {path}", operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        told = Counter(pair for _, operation in self._operations for pair in _errors(operation))
        self._common = {pair for pair, times in told.items() if times > 1}

    def rows(self) -> Iterator[str]:
        yield from ["## Routes", "", "| route | scopes | what it does |", "|---|---|---|"]
        for route, operation in self._operations:
            yield f"| [`{route}`](#{operation['operationId']}) | {_scopes(operation)} | {operation['summary']} |"
        for tag in self._document["tags"]:
            yield from ["", f"## {tag['name'].capitalize()}", "", tag["description"]]
            for route, operation in self._operations:
                if tag["name"] in operation["tags"]:
                    yield from self._route(route, operation)
        yield from ["", '<a id="errors"></a>', "", "## Errors of many routes", "", "| status | when |", "|---|---|"]
        for status, when in sorted(self._common):
            yield f"| {status} | {when} |"
        yield from ["", "## Documents", "", "What may be left out has its default where it is."]
        for name, schema in self._schemas.items():
            if "properties" in schema:
                yield from self._schema(name, schema)

    def _route(self, route: str, operation: dict[str, Any]) -> Iterator[str]:
        yield from ["", f'<a id="{operation["operationId"]}"></a>', "", f"### `{route}`", ""]
        yield from [operation["description"], "", f"*Scopes*: {_scopes(operation)}", ""]
        if parameters := operation.get("parameters"):
            yield from ["| parameter | in | type | default | what it says |", "|---|---|---|---|---|"]
            for one in parameters:
                default = "required" if one["required"] else _value(one["schema"].get("default"))
                kind = self._type(one["schema"])
                yield f"| `{one['name']}` | {one['in']} | {kind} | {default} | {_line(one['description'])} |"
            yield ""
        if body := operation.get("requestBody"):
            yield from [f"*Body*: {', '.join(self._content(body))}", ""]
        for status, answer in operation["responses"].items():
            if status < "4":
                what = ", ".join(self._content(answer)) or _line(answer["description"])
                yield from [f"*Answer*: {status}, {what}", ""]
        errors = list(_errors(operation))
        own = [f"{status}: {when}" for status, when in errors if (status, when) not in self._common]
        shared = ", ".join(status for status, when in errors if (status, when) in self._common)
        if shared:
            own.append(f"[{shared}](#errors)")
        if own:
            yield f"*Errors*: {' '.join(own)}"

    def _schema(self, name: str, schema: Schema) -> Iterator[str]:
        yield from ["", f'<a id="doc-{name.lower()}"></a>', "", f"### {name}", "", schema.get("description", ""), ""]
        yield from ["| field | type | what it says |", "|---|---|---|"]
        for field, stated in schema["properties"].items():
            left_out = "" if field in schema.get("required", ()) else f"; {_default(stated)}"
            yield f"| `{field}` | {self._type(stated)}{left_out} | {_line(stated.get('description', ''))} |"

    def _content(self, stated: dict[str, Any]) -> Iterator[str]:
        for media_type, content in stated.get("content", {}).items():
            yield self._type(content["schema"]) + ("" if media_type == "application/json" else f" as `{media_type}`")

    def _type(self, schema: Schema) -> str:
        """What a value is, in words."""
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            found = self._schemas[name]
            return f"[{name}](#doc-{name.lower()})" if "properties" in found else self._type(found)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return " or ".join(map(self._type, schema[several]))
        if values := schema.get("enum") or [schema[name] for name in ("const",) if name in schema]:
            return ", ".join(f"`{value}`" for value in values)
        return self._plain(schema)

    def _plain(self, schema: Schema) -> str:
        match schema.get("type"):
            case "array":
                return f"list of {self._type(schema['items'])}"
            case "object":
                inside = schema.get("additionalProperties")
                return f"object of {self._type(inside)}" if isinstance(inside, dict) and inside else "object"
            case "integer" if "maximum" in schema:
                return f"integer, {schema['minimum']} to {schema['maximum']}"
            case "string" if "maxLength" in schema:
                return f"string of up to {schema['maxLength']:,} characters"
            case "string" if "format" in schema:
                return str(schema["format"])
            case str(name):
                return name
            case _:
                return "any JSON"


def _errors(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for status, answer in operation["responses"].items():
        if status >= "4":
            yield status, answer["description"]


def _scopes(operation: dict[str, Any]) -> str:
    return " or ".join(f"`{scope}`" for scope in operation[SCOPES]) or "none: it is open"


def _line(text: str) -> str:
    return " ".join(text.split())


def _default(schema: Schema) -> str:
    default = schema.get("default")
    plain = default is not None and not isinstance(default, dict | list)
    return f"{_value(default)} where it is left out" if plain else "may be left out"


def _value(value: object) -> str:
    if value is None:
        return ""
    return f"`{json.dumps(value)}`".replace('"', "") if value != "" else "empty"
