"""What somebody states for a setting: in a file, in the environment, and what that is as a value."""

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, cast

from sentric.errors import SettingError

PREFIX = "SENTRIC_"
DEFAULT_FILE = "sentric.yaml"


@dataclass(frozen=True, slots=True)
class Section:
    """A setting of many parts, which only the file can hold; what they mean is for whoever uses it to read.

    Attributes:
        where: the file, and the setting's name in it.
        stated: what stands there; None where nothing does.
    """

    where: str = ""
    stated: object = None


def from_file(file: Path | None, known: Mapping[str, Field[Any]]) -> dict[str, object]:
    """What a file states; of the default one, nothing where there is none.

    Raises:
        SettingError: it cannot be read, or states what cannot be used.
    """
    path = file or Path(DEFAULT_FILE)
    if file is None and not path.is_file():
        return {}
    import yaml  # only where there is a file: the agent's start stays light

    try:
        text = path.read_text(encoding="utf-8")
        stated = yaml.safe_load(text) or {}
        twice = _stated_twice(yaml.compose(text, yaml.SafeLoader))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise SettingError(f"{path}{_place(error)}: cannot be read as YAML: {_why(error)}") from None
    if not isinstance(stated, dict):
        raise SettingError(f"{path}: must be a mapping of setting names to values")
    if twice:
        raise SettingError(f"{path}:{twice[1]}: {twice[0]!r} is stated twice: leave one of them out")
    for name in cast(dict[object, object], stated):
        if name not in known:
            raise SettingError(f"{path}: unknown setting {name!r}: use one of {', '.join(known)}")
    entries = cast(dict[str, object], stated)
    return {name: _of_file(known[name], value, f"{path}: {name}") for name, value in entries.items()}


def _place(error: Exception) -> str:
    """The line at which reading has ended."""
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _why(error: Exception) -> str:
    """What is wrong, without what stands in the file: that may be a secret."""
    from yaml.parser import ParserError
    from yaml.reader import ReaderError
    from yaml.scanner import ScannerError

    match error:
        case OSError():
            return error.strerror or type(error).__name__
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case ReaderError():
            return f"character #x{error.character:04x} may not stand there"
        case ScannerError() | ParserError() if "handle" not in str(error.problem):
            begun = error.context_mark
            where = f", in what begins in line {begun.line + 1}" if begun is not None else ""
            return f"{error.problem}{where}"  # which holds a single character of the file at most
        case RecursionError():
            return "too deep"
        case _:
            return "a tag, an alias or a value that cannot be used: put texts in quotes"


def _stated_twice(whole: Any) -> tuple[str, int] | None:
    """A name of which YAML drops all values but the last, and its line."""
    nodes, seen = [whole], {id(whole)}
    for node in nodes:  # grows meanwhile
        inside: list[Any] = node.value if node is not None and node.id != "scalar" else []
        if node is not None and node.id == "mapping":
            names: set[str] = set()
            for key, _ in node.value:
                if str(key.value) in names:
                    return str(key.value), key.start_mark.line + 1
                names.add(str(key.value))
            inside = [value for _, value in node.value]
        fresh = [one for one in inside if id(one) not in seen]
        seen.update(map(id, fresh))
        nodes += fresh
    return None


def _of_file(setting: Field[Any], value: object, where: str) -> object:
    return Section(where, value) if setting.type is Section else parse(setting, str(value), where)


def from_environment(setting: Field[Any], environ: Mapping[str, str]) -> str | None:
    """The text that the environment has for a setting, in a file that it names where that is a secret's.

    Raises:
        SettingError: that file cannot be read.
    """
    if setting.type is Section:
        return None
    name = f"{PREFIX}{setting.name.upper()}"
    if (text := environ.get(name)) is not None and text != "":
        return text
    if not setting.metadata["secret"] or not (path := environ.get(f"{name}_FILE")):
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingError(f"{name}_FILE: {path} cannot be read: {type(error).__name__}") from None


def parse(setting: Field[Any], text: str, where: str) -> object:
    """The value that a text is of a setting.

    Raises:
        SettingError: it cannot be used; never with the text of a secret.
    """
    choices = setting.metadata["choices"]
    if choices and text not in choices:
        raise SettingError(f"{where} is {text!r}: use one of {', '.join(choices)}")
    try:
        value = _PARSERS[setting.type](text)
    except ValueError:
        shown = "a value" if setting.metadata["secret"] else repr(text)
        raise SettingError(f"{where} is {shown}: it must be {_NOUNS[setting.type]}") from None
    form, words = setting.metadata["form"]
    if form and not re.fullmatch(form, text):
        shown = "a value" if setting.metadata["secret"] else repr(text)
        raise SettingError(f"{where} is {shown}: it must be {words}")
    if isinstance(value, int | float) and value < setting.metadata["minimum"]:
        raise SettingError(f"{where} is {text}: it must be at least {setting.metadata['minimum']}")
    return value


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError(text)


_PARSERS: dict[Any, Any] = {bool: _boolean, int: int, float: float, str: str}
_NOUNS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
