"""Changes of the rules of a project's policy. Each makes a new version, or is refused whole."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from sentric.errors import SentricError
from sentric.policy.lists import list_of, pack_of, read_list_text
from sentric.policy.loader import RuleState, load_bundle_rules, load_bundle_states, shipped_packs
from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import Override
from sentric_analyzer.control.errors import PolicyChangedError
from sentric_analyzer.control.policies import OWN, About, Policies
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.deciding.rule_edits import Edited
from sentric_analyzer.deciding.rule_texts import keepable, pack_text, read_rule, texts_of

TRIES = 5
"""How often a change that names no version it is based on is made anew, where others were faster."""
_IMPORTED = "rules.yaml"
_KEPT = 8


class UnknownRuleError(SentricError):
    """No rule is meant."""


class RuleTakenError(SentricError):
    """A rule cannot have that id."""


class Rules(NamedTuple):
    """A version of a policy, and every rule of its packs."""

    version: int
    """0: the policy of the service's own settings."""
    documents: Mapping[str, str]
    states: tuple[RuleState, ...]

    def find(self, rule_id: str) -> RuleState:
        """A rule.

        Raises:
            UnknownRuleError: there is none of that id.
        """
        for state in self.states:
            if state.rule.id == rule_id:
                return state
        raise UnknownRuleError(f"version {self.version} of the policy has no rule {rule_id[:200]!r}")


Change = Callable[[Edited, Rules], Edited]
"""Makes a policy out of another one; what cannot be done, it refuses with an error."""


class RuleChanges:
    """Reads and changes the rules of projects. Any thread may use it.

    Args:
        policies: where every version is kept.
        in_force: what is in force now.
    """

    def __init__(self, policies: Policies, in_force: InForce) -> None:
        self._policies = policies
        self._in_force = in_force

    def rules(self, project: str, version: int | None = None) -> Rules:
        """The rules of a version; None: the newest one, or the policy of the settings where there is none.

        Raises:
            UnknownPolicyError: there is no such version.
            PolicyError: it cannot be loaded any more.
        """
        kept = self._policies.newest(project) if version is None else None
        if version not in (None, OWN):
            kept = self._policies.version(project, version)
        number, documents = (kept.version, kept.documents) if kept else (OWN, self._in_force.of_settings.documents)
        if documents is None:
            raise SentricError("the files of the policy of the service's settings are not known")
        return Rules(number, documents, _states(tuple(sorted(documents.items()))))

    def change(self, project: str, change: Change, *, note: str, base: int | None, actor: str) -> About:
        """Keep a new version, in which rules are changed. It is not in force until it is activated.

        Args:
            project: whose rules.
            change: what to change.
            note: what is different, for people.
            base: the version that the author knows; None: whatever is the newest one.
            actor: the author.

        Raises:
            PolicyError: it cannot be loaded; everything that is wrong.
            PolicyChangedError: somebody else has made a version since `base`.
            UnknownProjectError: there is no such project.
            SentricError: as `change` does.
        """
        for left in reversed(range(TRIES)):
            now = self.rules(project)
            if base is not None and base != now.version:
                raise PolicyChangedError(
                    f"the newest version of {project!r} is {now.version}, not {base}: look at it, and change that"
                )
            documents = change(Edited.of(now.documents), now).documents()
            try:
                return self._policies.save(project, documents, note=note, base=now.version, actor=actor)
            except PolicyChangedError:
                if base is not None or not left:
                    raise
        raise AssertionError("unreachable")


def added(text: str) -> tuple[Change, str]:
    """A rule that was not there, from its text; and its id.

    Raises:
        PolicyError: it is no rule, or one of its examples does not hold.
    """
    rule_id, kept = read_rule(text).id, keepable(text)

    def change(edited: Edited, rules: Rules) -> Edited:
        _check_free([rule_id], rules.states)
        return edited.with_rule(rule_id, kept)

    return change, rule_id


def replaced(rule_id: str, text: str) -> Change:
    """Another text of a rule made over REST. What is changed of its severity, decision and risk is forgotten.

    Raises:
        PolicyError: it is no rule, or one of its examples does not hold.
        RuleTakenError: it has another id.
    """
    read, kept = read_rule(text), keepable(text)
    if read.id != rule_id:
        raise RuleTakenError(f"the rule is {read.id!r} by its own id, not {rule_id[:200]!r}: name it as it is")

    def change(edited: Edited, rules: Rules) -> Edited:
        rules.find(rule_id)
        if rule_id not in edited.rules:
            raise RuleTakenError(f"{rule_id!r} was not made over REST: change its file, or override it with PATCH")
        enabled = edited.override(rule_id).enabled
        return edited.with_rule(rule_id, kept).with_override(rule_id, Override(enabled=enabled))

    return change


def removed(rule_id: str) -> Change:
    """Without a rule made over REST; any other is disabled."""

    def change(edited: Edited, rules: Rules) -> Edited:
        rules.find(rule_id)
        if rule_id in edited.rules:
            return edited.without_rule(rule_id)
        return edited.with_override(rule_id, Override(enabled=False))

    return change


def overridden(rule_id: str, change_of: Callable[[Override], Override]) -> Change:
    """Another override of a rule, made out of the one before."""

    def change(edited: Edited, rules: Rules) -> Edited:
        rules.find(rule_id)
        return edited.with_override(rule_id, change_of(edited.override(rule_id)))

    return change


def imported(text: str, *, is_list: bool, instead: bool) -> Change:
    """The rules of a pack or of a list, besides those made over REST or in their place.

    Args:
        text: the pack, or the list in the shape of `sentric.policy.lists`.
        is_list: whether it is a list.
        instead: whether they take the place of all rules made over REST.

    Raises:
        PolicyError: it is no pack or no list; everything that is wrong.
    """
    pack = pack_of(read_list_text(text, _IMPORTED), "imported") if is_list else text
    texts = texts_of(pack, _IMPORTED)
    load_bundle_rules({_IMPORTED: pack}, _IMPORTED, run_examples=True)

    def change(edited: Edited, rules: Rules) -> Edited:
        gone = edited.rules if instead else {}
        others = [state for state in rules.states if state.rule.id not in gone]
        _check_free(list(texts), others)
        for rule_id in gone.keys() - texts.keys():
            edited = edited.without_rule(rule_id)
        kept = {name: one for name, one in edited.rules.items() if name not in gone}
        return replace(edited, rules={**kept, **texts})

    return change


def exported(rules: Rules, *, as_list: bool) -> str:
    """The rules of a policy that do not come with Sentric, as a pack, word for word; or as a list.

    A list has what the policy changes of them; what it cannot say is left out, and named in comments.
    """
    own = [state for state in rules.states if is_own(state)]
    if as_list:
        written = list_of(state.rule for state in own)
        return "".join(f"# left out: {why}\n" for why in written.left_out) + written.text()
    texts = {
        (file, rule_id): text
        for file in dict.fromkeys(state.stated.file for state in own)
        for rule_id, text in texts_of(rules.documents[file], file).items()
    }
    return pack_text(texts[state.stated.file, state.rule.id] for state in own)


def is_own(state: RuleState) -> bool:
    """Whether a rule of a bundle comes with the bundle, and not with Sentric."""
    return state.stated.file not in _shipped_files()


@lru_cache(maxsize=1)
def _shipped_files() -> frozenset[str]:
    return frozenset(map(str, shipped_packs()))


@lru_cache(maxsize=_KEPT)
def _states(documents: tuple[tuple[str, str], ...]) -> tuple[RuleState, ...]:
    return load_bundle_states(dict(documents))


def _check_free(ids: list[str], states: "tuple[RuleState, ...] | list[RuleState]") -> None:
    taken = {state.rule.id for state in states} | {rule.id for rule in BUILT_IN}
    if found := [rule_id for rule_id in ids if rule_id in taken]:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise RuleTakenError(f"there is a rule {found[0]!r} already{more}: give it another id, or change that one")
