"""Writes fixtures as YAML for people: texts in lines, a line for each value, always in the same order."""

import re
from pathlib import Path
from typing import Any

import yaml

from sentric.errors import SentricError
from sentric.testing.fixture import Fixture

_BROKEN = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]|\\A[ \n]| \n| \\Z")
"""What does not stand in a text that is written in lines."""
_SHORT = 80
"""Characters of a list that is written in one line."""
_ENDLESS = 1 << 30


def fixture_text(document: dict[str, Any]) -> str:
    """A fixture as YAML.

    Args:
        document: what `Fixture.to_json` gives.
    """
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS)


def write_fixture(fixture: Fixture, path: Path) -> None:
    """Write a fixture.

    Raises:
        SentricError: the file cannot be written.
    """
    try:
        path.write_text(fixture_text(fixture.to_json()), encoding="utf-8")
    except OSError as error:
        raise SentricError(f"{path}: cannot be written: {error.strerror}") from None


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    text = _BROKEN.sub("\ufffd", str(text))
    odd = _ODD.search(text)
    style = '"' if odd else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.SequenceNode:
    short = all(isinstance(item, str | int | float | None) for item in items) and len(str(items)) <= _SHORT
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)  # enumerations
_Dumper.add_representer(list, _list)
