"""A policy on the disk as a bundle: the texts of its file and of those it names, to be kept or handed on.

A bundle is one folder, and its policy begins in `policy.yaml`. So files that lie elsewhere, or are called as another
one is, get another name in it; where a text calls them by the former one, only that name is written anew.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path, PurePath
from posixpath import dirname, join, normpath, relpath

import yaml

from sentric.errors import PolicyError
from sentric.policy.document import Problems, Reader, read
from sentric.policy.files import MAIN, NAME_LIMIT, Followed, Kept, bundled, followed
from sentric.policy.loader import load_file, load_policy, shipped_packs, with_loopback
from sentric.policy.rule import Policy

SHIPPED = {MAIN: "policy: sentric\npacks: [default]\n"}
"""The policy that is in force where none is named."""
_LISTS = ("extends", "packs")


def bundle_of(path: Path | None = None, *, allow_loopback: bool = False) -> dict[str, str]:
    """A policy as texts, which load as the same policy.

    Args:
        path: a policy file or a pack file; None for every shipped pack that is on by default.
        allow_loopback: the setting of that name; where the policy does not state it, the texts do.

    Raises:
        PolicyError: everything that is wrong, each with its file and line; or it is too large to be a bundle.
    """
    return load_with_bundle(path, allow_loopback=allow_loopback)[1]


def load_with_bundle(path: Path | None = None, *, allow_loopback: bool = False) -> tuple[Policy, dict[str, str]]:
    """Load the policy in force, and give the texts that it was loaded from, see `bundle_of`: nothing is read twice.

    Raises:
        PolicyError: everything that is wrong, each with its file and line; or it is too large to be a bundle.
    """
    if path is None:
        policy, documents = load_policy(), dict(SHIPPED)
    else:
        main = followed(path)
        kept = main.kept
        policy = load_file(main)
        documents = _texts(main, kept)
        bundled(documents, MAIN)
    if allow_loopback and not policy.tuning.allow_loopback:
        return with_loopback(policy, allow_loopback), _on_loopback(documents)
    return policy, documents


def _texts(main: Followed, kept: Kept) -> dict[str, str]:
    shipped: dict[PurePath, str] = {path.resolve(): path.stem for path in shipped_packs()}
    names = _names(main, kept, shipped)
    return {name: _renamed(path, name, kept, {**shipped, **names}) for path, name in names.items()}


def _names(main: Followed, kept: Kept, shipped: Mapping[PurePath, str]) -> dict[PurePath, str]:
    """How each file is called in the bundle: as below the folder of the first one, if it can be."""
    names, folder = {main.identity(): MAIN}, main.file.path.parent.resolve()
    for path in kept.texts:
        if path in names or path in shipped:
            continue
        wanted = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        if not wanted.isprintable() or "\\" in wanted or len(wanted) > NAME_LIMIT - 10:
            wanted = "file.yaml"
        taken = set(names.values())
        names[path] = next(name for name in _candidates(wanted) if name not in taken)
    return names


def _candidates(wanted: str) -> Iterator[str]:
    yield wanted
    for number in count(2):
        yield f"{wanted.removesuffix('.yaml').removesuffix('.yml')}-{number}.yaml"


def _renamed(path: PurePath, here: str, kept: Kept, called: Mapping[PurePath, str]) -> str:
    """The text of a file, in which others are called as the bundle calls them."""
    lines = kept.texts[path].splitlines(keepends=True)
    found: list[Reader] = []
    read(str(path), kept.texts[path], Problems(), lambda root: found.extend(_references(root)))
    folder = dirname(here)
    for item in reversed(found):
        written = str(item.node.value)
        target = called.get(kept.named.get((path, written), PurePath()))
        if target is not None and normpath(join(folder, written)) != target:
            is_shipped = not target.endswith((".yaml", ".yml"))
            _replace(lines, item, target if is_shipped else relpath(target, folder or "."))
    return "".join(lines)


def _references(root: Reader) -> Iterator[Reader]:
    for name, value in root.pairs():
        if name in _LISTS:
            yield from value.items()


def _replace(lines: list[str], item: Reader, name: str) -> None:
    start, end = item.node.start_mark, item.node.end_mark
    written = yaml.safe_dump(name, default_style='"', width=2 * NAME_LIMIT, allow_unicode=True).strip()
    line = lines[start.line]
    if start.line != end.line or yaml.safe_load(line[start.column : end.column]) != item.node.value:
        raise PolicyError([f"{item.file}:{item.line}: {item.where}: write the name of the file in one line"])
    lines[start.line] = line[: start.column] + written + line[end.column :]


def _on_loopback(documents: dict[str, str]) -> dict[str, str]:
    """The texts of a policy that also states the setting."""
    below = next(name for name in _candidates("settings.yaml") if name not in documents)
    is_policy: list[bool] = []
    read(MAIN, documents[MAIN], Problems(), lambda root: is_policy.append("policy" in root.names()))
    named = "extends" if any(is_policy) else "packs"
    top = f"policy: sentric\n{named}: [{below}]\ntuning: {{allow_loopback: true}}\n"
    return {MAIN: top, below: documents[MAIN], **{name: text for name, text in documents.items() if name != MAIN}}
