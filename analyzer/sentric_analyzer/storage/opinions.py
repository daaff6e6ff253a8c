"""What language models think of stored runs: findings of their own, beside those of rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sentric.events import Run
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding
from sentric_analyzer.document import clean_text, json_safe
from sentric_analyzer.storage.reading import read_rows
from sentric_analyzer.storage.run_rows import finding_of, finding_row
from sentric_analyzer.storage.tables import FINDINGS
from sentric_analyzer.storage.writer import Target, insert_rows

Counts: TypeAlias = dict[str, int]
"""How many there are, by severity."""
Key: TypeAlias = tuple[str, str]
"""Project, and id of a run or a conversation."""

_BEHIND_RULES = 1 << 31
"""Positions from here on are those of opinions: the findings of rules, which come first, are never so many."""
_SUMS = ", ".join(f"countIf(Severity = '{severity.value}')" for severity in Severity)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A stored run of which nothing more comes."""

    project: str
    run_id: str


def insert_opinions(to: Target, run: Run, opinions: Sequence[Finding]) -> int:
    """Keep what a model thinks of a run. What was thought of the same before stays where it was graver.

    Args:
        to: where they go.
        run: the run.
        opinions: the findings.

    Returns:
        How many are kept anew; none where the run is there no more.
    """
    where = {"project": run.project, "run": run.run_id}
    (revision,) = to.client.query(
        "SELECT max(Revision) FROM agent_runs FINAL WHERE Project = {project:String} AND RunId = {run:String}",
        parameters=json_safe(where),
    ).result_rows[0]
    if not revision:
        return 0
    known = {found.finding_id: found.severity for found in _opinions(to.client, where)}
    graver = [one for one in opinions if one.severity.rank() > _rank(known.get(one.finding_id))]
    rows = [(*finding_row(run, _position(one), one), revision) for one in graver]
    insert_rows(to, FINDINGS.name, FINDINGS.schema, rows)
    return len(graver)


def counts_of_runs(client: Any, runs: Sequence[Key]) -> dict[Key, Counts]:
    """How many opinions there are of some runs; those of which there are none are left out."""
    found = client.query(
        f"SELECT Project, RunId, {_SUMS} FROM agent_findings FINAL"  # noqa: S608  # names of ours
        " WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))} AND Model != '' GROUP BY Project, RunId",
        parameters={"keys": list(runs)},
    ).result_rows
    return _counted(found)


def counts_of_conversations(client: Any, conversations: Sequence[Key]) -> dict[Key, Counts]:
    """How many opinions there are of the runs of some conversations; those with none are left out."""
    found = client.query(
        f"""
        SELECT Project, Conversation, {_SUMS}
        FROM (
            SELECT Project, RunId, Severity FROM agent_findings FINAL
            WHERE Model != '' AND (Project, RunId) IN (
                SELECT Project, RunId FROM agent_runs
                WHERE (Project, Conversation) IN {{keys:Array(Tuple(String, String))}}
            )
        ) AS opinions
        INNER JOIN (
            SELECT Project, RunId, Conversation FROM agent_runs FINAL
            WHERE (Project, Conversation) IN {{keys:Array(Tuple(String, String))}}
        ) AS runs USING (Project, RunId)
        GROUP BY Project, Conversation
        """,  # noqa: S608  # names of ours
        parameters={"keys": list(conversations)},
    ).result_rows
    return _counted(found)


def over_runs(client: Any, *, since: int, silent: int, with_findings: bool, limit: int) -> list[StoredRun]:
    """The runs that were judged by rules since a time and of which nothing more comes, the latest first.

    Args:
        client: of the store.
        since: Unix nanoseconds.
        silent: Unix nanoseconds: of runs that were not judged after that nothing is waited for, though their end was
            not seen.
        with_findings: only those of which rules have found something.
        limit: most runs.
    """
    found = client.query(
        "SELECT Project, RunId FROM agent_runs FINAL WHERE Revision >= {since:UInt64}"
        " AND (EndSeen OR Revision < {silent:UInt64})"
        " AND (NOT {flagged:Bool} OR HighestSeverity != '')"
        " ORDER BY Revision DESC, Project, RunId LIMIT {limit:UInt32}",
        parameters={"since": since, "silent": silent, "flagged": with_findings, "limit": limit},
    ).result_rows
    return [StoredRun(*row) for row in found]


def _opinions(client: Any, where: dict[str, Any]) -> list[Finding]:
    condition = "WHERE Project = {project:String} AND RunId = {run:String} AND Model != ''"
    return [finding_of(row) for row in read_rows(client, FINDINGS.schema, f"agent_findings FINAL {condition}", where)]


def _rank(severity: Severity | None) -> int:
    return -1 if severity is None else severity.rank()


def _position(opinion: Finding) -> int:
    """The same however often it is kept, and another one for each."""
    return _BEHIND_RULES | int(opinion.finding_id[:8], 16) >> 1


def _counted(rows: Sequence[Sequence[Any]]) -> dict[Key, Counts]:
    names = [severity.value for severity in Severity]
    return {
        (clean_text(project), clean_text(name)): dict(zip(names, sums, strict=True)) for project, name, *sums in rows
    }
