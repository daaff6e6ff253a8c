"""What rules have decided in stored runs, or would have, had their policy not held them in shadow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sentric_analyzer.document import json_safe

LATEST = 3
"""Runs that are named of each rule."""
_KIND_SETS = 10_000
"""Different sets of kinds of actions that runs are told apart by."""
_OWN = "if(Would != '', Would, Decision)"
_FOUND = f"agent_findings FINAL WHERE Project = {{project:String}} AND {_OWN} IN ('ask', 'block')" + (
    " AND Time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')"
)
_RULES = f"""
    SELECT
        RuleId, countIf({_OWN} = 'block'), countIf({_OWN} = 'ask'), countIf(Would != ''),
        uniqExact(RunId), uniqExact(Agent), toUnixTimestamp64Nano(min(Time)), toUnixTimestamp64Nano(max(Time))
    FROM {_FOUND} GROUP BY RuleId
"""  # noqa: S608  # texts of ours
_RUNS = f"""
    SELECT RuleId, RunId FROM {_FOUND} GROUP BY RuleId, RunId
    ORDER BY RuleId, max(Time) DESC, RunId LIMIT {LATEST} BY RuleId
"""  # noqa: S608  # texts of ours
_ALL = """
    SELECT count(), toUnixTimestamp64Nano(min(Started)), uniqExact(Agent) FROM agent_runs FINAL
    WHERE Project = {project:String} AND Started >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
"""
_KINDS = f"""
    SELECT Kinds, count() FROM (
        SELECT arraySort(groupUniqArray(toString(Kind))) AS Kinds FROM agent_steps FINAL
        WHERE Project = {{project:String}} AND Time >= fromUnixTimestamp64Nano({{since:Int64}}, 'UTC')
        GROUP BY RunId
    ) GROUP BY Kinds ORDER BY count() DESC, Kinds LIMIT {_KIND_SETS}
"""  # noqa: S608  # texts of ours


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What a rule by itself asked about and blocked, in shadow or not. Times in Unix nanoseconds."""

    blocks: int
    asks: int
    held: int
    """Of both, those that its policy held in shadow."""
    runs: int
    agents: int
    """By their names."""
    first: int
    last: int
    latest: tuple[str, ...]
    """Ids of the runs with the latest ones, the latest first."""


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """What was judged since a time, and what became of it by each rule."""

    runs: int
    agents: int
    """By their names."""
    first: int
    """Unix nanoseconds at which the earliest of these runs began; 0 where there are none."""
    by_kinds: Mapping[frozenset[str], int]
    """How many runs have actions of just these kinds."""
    rules: Mapping[str, RuleCount]
    """By id; of rules that asked about or blocked something."""


NOTHING = RuleCounts(0, 0, 0, {}, {})
"""Nothing is stored."""


def rule_counts(client: Any, project: str, since: int) -> RuleCounts:
    """What the rules of a project have decided since a Unix time in nanoseconds, or would have."""
    where = json_safe({"project": project, "since": since})

    def ask(question: str) -> Any:
        return client.query(question, parameters=where).result_rows

    latest: dict[str, list[str]] = {}
    for rule_id, run_id in ask(_RUNS):
        latest.setdefault(rule_id, []).append(run_id)
    ((runs, first, agents),) = ask(_ALL)
    return RuleCounts(
        runs,
        agents,
        first if runs else 0,
        {frozenset(kinds): number for kinds, number in ask(_KINDS)},
        {row[0]: _count(row, latest) for row in ask(_RULES)},
    )


def _count(row: Any, latest: Mapping[str, list[str]]) -> RuleCount:
    rule_id, blocks, asks, held, runs, agents, first, last = row
    return RuleCount(blocks, asks, held, runs, agents, first, last, tuple(latest.get(rule_id, ())))
