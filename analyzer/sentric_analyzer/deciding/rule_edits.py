"""A policy as people have written it, and what was changed of it over REST, which is kept beside it.

What was uploaded is never touched: it stays word for word as it is, as `uploaded.yaml`. A `policy.yaml` that is made
here rests on it, and overrides rules; `own-rules.yaml` holds the rules that were made over REST. A policy of which
nothing is changed is as it was uploaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import count
from typing import Any, Self

import yaml

from sentric.policy.document import Problems, Reader, read
from sentric.policy.files import MAIN
from sentric.policy.override_file import read_override
from sentric.policy.rule import Override
from sentric_analyzer.deciding.rule_texts import own_texts, pack_text

_MARK = "# What was changed over REST. Sentric writes this file anew with every change.\n"
_UPLOADED, _OWN = "uploaded", "own-rules"
_NO_OVERRIDE = Override()


@dataclass(frozen=True, slots=True)
class Edited:
    """A policy, and what was changed of it. Immutable: each change makes another one."""

    uploaded: Mapping[str, str]
    """The files of the policy as it was uploaded, by their names."""
    rules: Mapping[str, str] = field(default_factory=dict[str, str])
    """The texts of the rules made over REST, by their ids, each `rule_texts.keepable`."""
    overrides: Mapping[str, Override] = field(default_factory=dict[str, Override])
    """What is changed of rules, by their ids."""

    @classmethod
    def of(cls, documents: Mapping[str, str]) -> Self:
        """Tell the two apart. What was not made here is taken as uploaded, whatever it looks like."""
        made = cls._read(documents)
        return made if made is not None and made.documents() == dict(documents) else cls(documents)

    def documents(self) -> dict[str, str]:
        """The policy as files."""
        if not self.rules and not self.overrides:
            return dict(self.uploaded)
        others = {name: text for name, text in self.uploaded.items() if name != MAIN}
        uploaded, own = (_free(stem, self.uploaded) for stem in (_UPLOADED, _OWN))
        made = {MAIN: self._top(uploaded, own), uploaded: self.uploaded[MAIN], **others}
        return {**made, own: pack_text(self.rules.values())} if self.rules else made

    def with_rule(self, rule_id: str, text: str) -> Self:
        """The same with a rule made over REST, which takes the place of one of that id."""
        return replace(self, rules={**self.rules, rule_id: text})

    def without_rule(self, rule_id: str) -> Self:
        """The same without a rule made over REST, and what was changed of it."""
        without = replace(self, rules={name: text for name, text in self.rules.items() if name != rule_id})
        return without.with_override(rule_id, _NO_OVERRIDE)

    def with_override(self, rule_id: str, override: Override) -> Self:
        """The same with what is changed of a rule."""
        others = {name: one for name, one in self.overrides.items() if name != rule_id}
        return replace(self, overrides=others if override == _NO_OVERRIDE else {**others, rule_id: override})

    def override(self, rule_id: str) -> Override:
        """What is changed of a rule."""
        return self.overrides.get(rule_id, _NO_OVERRIDE)

    @classmethod
    def _read(cls, documents: Mapping[str, str]) -> Self | None:
        if not (top := documents.get(MAIN, "")).startswith(_MARK):
            return None
        problems, found = Problems(), list[Reader]()
        read(MAIN, top, problems, found.append)
        entries = dict(found[0].pairs()) if found else {}
        uploaded, own = (_last_named(_files(entries), stem) for stem in (_UPLOADED, _OWN))
        if uploaded not in documents:
            return None
        overrides = {name: read_override(one) for name, one in _pairs(entries.get("override"))}
        rules = own_texts(documents.get(own, "")) if own else {}
        if rules is None or len(problems):
            return None
        others = {name: text for name, text in documents.items() if name not in {MAIN, uploaded, own}}
        return cls({MAIN: documents[uploaded], **others}, rules, overrides)

    def _top(self, uploaded: str, own: str) -> str:
        name = _policy_name(self.uploaded[MAIN])
        packs = [own] if self.rules else []
        stated: dict[str, Any] = {"policy": _OWN if name is None else name}
        if name is not None:
            stated["extends"] = [uploaded]
        else:
            packs = [uploaded, *packs]
        if packs:
            stated["packs"] = packs
        if self.overrides:
            stated["override"] = {name: _stated(one) for name, one in sorted(self.overrides.items())}
        dumped = yaml.dump(stated, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=False, width=110)
        return _MARK + str(dumped)


def _policy_name(text: str) -> str | None:
    """What a policy is called; None where it is a pack."""
    found: list[str] = []
    read(MAIN, text, Problems(), lambda root: found.extend(str(v.node.value) for n, v in root.pairs() if n == "policy"))
    return found[0] if found else None


def _free(stem: str, documents: Mapping[str, str]) -> str:
    """A name that no file has."""
    return next(name for name in _candidates(stem) if name not in documents)


def _candidates(stem: str) -> Iterator[str]:
    yield f"{stem}.yaml"
    for number in count(2):
        yield f"{stem}-{number}.yaml"


def _files(entries: Mapping[str, Reader]) -> list[str]:
    """The files that a policy made here names."""
    lists = [entries[name].node for name in ("extends", "packs") if name in entries]
    return [str(item.value) for node in lists if isinstance(node, yaml.SequenceNode) for item in node.value]


def _last_named(files: list[str], stem: str) -> str:
    return next((name for name in files if name.startswith(stem)), "")


def _pairs(reader: Reader | None) -> Iterator[tuple[str, Reader]]:
    return reader.pairs() if reader is not None else iter(())


def _stated(override: Override) -> dict[str, Any]:
    values = {one.name: getattr(override, one.name) for one in fields(Override)}
    return {
        name: value if isinstance(value, bool | int) else str(value)
        for name, value in values.items()
        if value is not None
    }
