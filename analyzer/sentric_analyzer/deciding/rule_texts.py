"""The texts of rules, one by one: taken out of packs, and put together to one, as people have written them.

# Rules made over REST. ...
pack: own-rules
rules:
  -
    # what somebody wrote, further in by four
    id: one
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from sentric.errors import PolicyError
from sentric.policy.document import Problems, Reader, read
from sentric.policy.examples import broken
from sentric.policy.rule import Rule
from sentric.policy.rule_file import KEYS, rule

PACK = "own-rules"
_HEAD = (
    "# Rules made over REST. Sentric writes this file anew when one is changed; each rule stays as it was given.\n"
    f"pack: {PACK}\nrules:\n"
)
_ITEM, _INDENT = "  -", "    "
_WIDTH = 110


def read_rule(text: str, name: str = "rule.yaml") -> Rule:
    """Read the text of one rule, and try out its examples.

    Args:
        text: the rule, as an item of a pack's `rules` states it.
        name: what problems call it.

    Raises:
        PolicyError: everything that is wrong with it, each with its line.
    """
    problems, found = Problems(), list[Rule | None]()
    read(name, text, problems, lambda root: found.append(rule(root, PACK, examples=True)))
    problems.raise_any()
    one = found[0]
    assert one is not None  # noqa: S101  # a rule that lacks something is a problem
    for example, why in broken(one):
        problems.add(name, example.line, why)
    problems.raise_any()
    return one


def stated_text(stated: Mapping[str, Any]) -> str:
    """The text of a rule that is given as an object, in the order in which packs state rules."""
    names = sorted(stated, key=lambda name: KEYS.index(name) if name in KEYS else len(KEYS))
    return _dumped({name: stated[name] for name in names})


def keepable(text: str) -> str:
    """The text of a rule as it can stand in a pack: word for word, or if that cannot be, stated anew.

    Raises:
        PolicyError: it is no YAML, or no pack can hold it.
    """
    given = _root(text)
    lines = text.replace("\r\n", "\n").rstrip("\n") + "\n"
    if _alike(given, lines):
        return lines
    anew = _dumped(given.plain())
    if _in_pack(anew) is None or _root(anew).plain() != given.plain():
        raise PolicyError(["rule.yaml:1: cannot be kept as it is: give the rule as an object"])
    return anew


def pack_text(texts: Iterable[str]) -> str:
    """A pack of rules.

    Args:
        texts: of the rules, each `keepable`.
    """
    shifted = [f"{_ITEM}\n{_shifted(text)}" for text in texts]
    return _HEAD + "".join(shifted) if shifted else _HEAD.replace("rules:\n", "rules: []\n")


def own_texts(text: str) -> dict[str, str] | None:
    """The texts of the rules of a pack that `pack_text` has made, by their ids; None where it has not made it."""
    if not text.startswith(_HEAD):
        return None
    texts: list[list[str]] = []
    for line in text[len(_HEAD) :].removesuffix("\n").split("\n"):
        if line == _ITEM:
            texts.append([])
        elif texts:
            texts[-1].append(line[len(_INDENT) :])
    joined = ["\n".join((*lines, "")) for lines in texts]
    try:
        found = {_id(_root(one)): one for one in joined}
    except PolicyError:
        return None
    return found if pack_text(found.values()) == text else None


def texts_of(text: str, name: str) -> dict[str, str]:
    """The texts of the rules of any pack, by their ids, with the comments in them.

    Args:
        text: of the pack.
        name: what problems call it.

    Raises:
        PolicyError: it is no YAML, or no pack.
    """
    if (own := own_texts(text)) is not None:
        return own
    root = _root(text, name)
    rules = dict(root.pairs()).get("rules")
    if "pack" not in root.names() or rules is None or not isinstance(rules.node, yaml.SequenceNode):
        raise PolicyError([f"{name}:1: is no pack: it needs 'pack' and a list of 'rules'"])
    lines = text.splitlines(keepends=True)
    return {_id(item): keepable(_taken_out(lines, item)) for item in rules.items()}


def _taken_out(lines: list[str], item: Reader) -> str:
    """The lines of an item as a text of its own."""
    start, end = item.node.start_mark, item.node.end_mark
    taken = lines[start.line : end.line + 1]
    if taken and end.line < len(lines):
        taken[-1] = taken[-1][: end.column]
    taken[:1] = [line[start.column :] for line in taken[:1]]
    text = "".join([*taken[:1], *(_less(line, start.column) for line in taken[1:])]).rstrip() + "\n"
    try:
        if _tree(_root(text).node) == _tree(item.node):
            return text
    except PolicyError:
        pass
    return _dumped(item.plain())


def _less(line: str, column: int) -> str:
    """A line further out; a comment may begin anywhere."""
    return line.lstrip(" ") if line[:column].strip(" ") else line[column:]


def _alike(given: Reader, text: str) -> bool:
    found = _in_pack(text)
    return found is not None and _tree(found) == _tree(given.node)


def _in_pack(text: str) -> Any:
    """The node of a text as the only rule of a pack; None where the pack is then anything else."""
    found: list[Reader] = []
    read("", f"rules:\n{_ITEM}\n{_shifted(text)}", Problems(), found.append)
    match found[0].node if found else None:
        case yaml.MappingNode(value=[(yaml.ScalarNode(value="rules"), yaml.SequenceNode(value=[node]))]):
            return node
        case _:
            return None


def _shifted(text: str) -> str:
    lines = text.removesuffix("\n").split("\n")
    return "".join(f"{_INDENT}{line}\n" if line else "\n" for line in lines)


def _root(text: str, name: str = "rule.yaml") -> Reader:
    problems, found = Problems(), list[Reader]()
    read(name, text, problems, found.append)
    problems.raise_any()
    return found[0]


def _id(root: Reader) -> str:
    return next((str(value.node.value) for name, value in root.pairs() if name == "id"), "")


def _tree(node: Any) -> Any:
    """All that a node says, without where and how it says it."""
    match node:
        case yaml.MappingNode():
            return node.tag, tuple((_tree(key), _tree(value)) for key, value in node.value)
        case yaml.SequenceNode():
            return node.tag, tuple(map(_tree, node.value))
        case _:
            return node.tag, node.value


def _dumped(value: Any) -> str:
    for unicode in (True, False):
        text = str(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=unicode, width=_WIDTH))
        if yaml.load(text, Loader=yaml.CSafeLoader) == value:
            break  # there are line breaks that only Unicode knows
    return text
