"""Which rules say nothing of a run, and why, in a few sentences: one for each reason, never one for each rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sentric.policy.content import Content
from sentric_analyzer.visible import one_line, plural

Json = Mapping[str, Any]

REASONS = {
    Content.TASK: "the task is not known",
    Content.ARGUMENTS: "the arguments of tools were not captured",
    Content.RESULTS: "the results of tools were not captured",
    Content.WORDS: "nothing that the model said was captured",
    Content.PAGE: "the page or the element was not told",
    Content.DEFINITIONS: "the definitions of tools were not captured",
}
FEW = 4
"""Rules that are named one by one."""
_OF_STEPS = {Content.ARGUMENTS: "without_arguments", Content.RESULTS: "without_results"}
"""What steps may lack one by one, and how the coverage counts it."""
_OF_RUN = {Content.TASK, Content.WORDS, Content.DEFINITIONS}
"""What a whole run lacks, if it does."""


def sentences(document: Json) -> Iterator[str]:
    """What a run document says of rules that were not evaluated, or not for all steps; two sentences for a reason."""
    for content, reason in REASONS.items():
        concerned = [one for one in document["not_evaluated"] if content in one["needs"]]
        lacking, actions = _extent(content, document["coverage"])
        alone = content in _OF_RUN or 0 < lacking == actions
        whole = [one for one in concerned if one["steps"] == one["of"] and (alone or _OF_RUN.isdisjoint(one["needs"]))]
        partly = [one for one in concerned if one["steps"] < one["of"]]
        among = f" ({lacking:,} of {plural(actions, 'action')})" if lacking else ""
        because = f"because {reason}{among}."
        for how, rules in (("Not evaluated", whole), ("Evaluated in part", partly)):
            if rules:
                yield f"{how}: {_named([one['rule'] for one in rules])}, {because}"


def sentences_about(runs: Sequence[Sequence[Json]]) -> Iterator[str]:
    """The same of several runs together.

    Args:
        runs: `not_evaluated` of the document of each.
    """
    for content, reason in REASONS.items():
        concerned = [{one["rule"] for one in of_run if content in one["needs"]} for of_run in runs]
        rules, where = set[str]().union(*concerned), sum(map(bool, concerned))
        if rules:
            among = f" in {where} of {plural(len(runs), 'run')}" if len(runs) > 1 else ""
            yield f"Not evaluated, or in part{among}: {_named(sorted(rules))}, because {reason}."


def _named(rules: Sequence[str]) -> str:
    """How many rules these are, and which, where they are few."""
    names = f" ({', '.join(map(one_line, rules))})" if len(rules) <= FEW else ""
    return plural(len(rules), "rule") + names


def _extent(content: Content, coverage: Json) -> tuple[int, int]:
    """How many actions lack something, of how many; none of what cannot be counted by actions."""
    return coverage[_OF_STEPS[content]] if content in _OF_STEPS else 0, coverage["guarded"] + coverage["seen"]
