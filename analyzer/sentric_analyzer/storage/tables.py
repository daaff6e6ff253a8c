"""The `agent_*` tables, column by column: what `migrations/` makes and inserts fill."""

from dataclasses import dataclass

from sentric_analyzer.storage.arrow import Schema, Type


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One of the tables a judged run is kept in.

    Attributes:
        key: the columns that say which rows are revisions of one another; Project and RunId come first.
        time: the column that chooses the partition.
    """

    name: str
    key: tuple[str, ...]
    time: str
    schema: Schema

    @property
    def unrevised(self) -> Schema:
        """The columns of a row that has no revision yet: all but the last."""
        return {name: kind for name, kind in self.schema.items() if name != "Revision"}

    @property
    def tombstone(self) -> Schema:
        """The columns of a revision that withdraws a row."""
        names = (*self.key, self.time, "Revision")
        return {name: self.schema[name] for name in names} | {"Withdrawn": Type.UINT8}


RUNS = Table(
    "agent_runs",
    key=("Project", "RunId"),
    time="Started",
    schema={
        "Project": Type.TEXT,
        "RunId": Type.TEXT,
        "TraceId": Type.TEXT,
        "Agent": Type.TEXT,
        "AgentId": Type.TEXT,
        "Conversation": Type.TEXT,
        "Parent": Type.TEXT,
        "Task": Type.TEXT,
        "Model": Type.TEXT,
        "ServiceName": Type.TEXT,
        "Dialect": Type.TEXT,
        "Started": Type.TIME,
        "Ended": Type.TIME,
        "Error": Type.TEXT,
        "Guarded": Type.UINT32,
        "Seen": Type.UINT32,
        "Blind": Type.UINT32,
        "WithoutArguments": Type.UINT32,
        "WithoutResults": Type.UINT32,
        "Unheard": Type.UINT32,
        "Lost": Type.UINT32,
        "Truncated": Type.UINT32,
        "HasTask": Type.UINT8,
        "EndSeen": Type.UINT8,
        "Notes": Type.TEXTS,
        "NotEvaluated.RuleId": Type.TEXTS,
        "NotEvaluated.Needs": Type.TEXTS,
        "NotEvaluated.Steps": Type.UINT32S,
        "NotEvaluated.Of": Type.UINT32S,
        "Steps": Type.UINT32,
        "Risk": Type.UINT32,
        "HighestSeverity": Type.TEXT,
        "Critical": Type.UINT32,
        "High": Type.UINT32,
        "Medium": Type.UINT32,
        "Low": Type.UINT32,
        "PolicyDigest": Type.TEXT,
        "Loosened": Type.TEXTS,
        "Revision": Type.UINT64,
    },
)
EVENTS = Table(
    "agent_events",
    key=("Project", "RunId", "Position", "EventId"),
    time="Time",
    schema={
        "Project": Type.TEXT,
        "RunId": Type.TEXT,
        "Position": Type.UINT32,
        "EventId": Type.TEXT,
        "TraceId": Type.TEXT,
        "SpanId": Type.TEXT,
        "Sequence": Type.INT64,
        "Time": Type.TIME,
        "Event": Type.TEXT,
        "Body": Type.TEXT,
        "Revision": Type.UINT64,
    },
)
STEPS = Table(
    "agent_steps",
    key=("Project", "RunId", "Position", "EventId"),
    time="Time",
    schema={
        "Project": Type.TEXT,
        "RunId": Type.TEXT,
        "Position": Type.UINT32,
        "EventId": Type.TEXT,
        "OutcomeId": Type.TEXT,
        "TraceId": Type.TEXT,
        "SpanId": Type.TEXT,
        "Sequence": Type.INT64,
        "Time": Type.TIME,
        "Agent": Type.TEXT,
        "Tool": Type.TEXT,
        "Server": Type.TEXT,
        "Kind": Type.TEXT,
        "Effects": Type.TEXTS,
        "Arguments": Type.TEXT,
        "Result": Type.TEXT,
        "Error": Type.TEXT,
        "Duration": Type.UINT64,
        "Reasoning": Type.TEXT,
        "Url": Type.TEXT,
        "Element": Type.TEXT,
        "Decision": Type.TEXT,
        "Severity": Type.TEXT,
        "Risk": Type.UINT32,
        "Matches.RuleId": Type.TEXTS,
        "Matches.Severity": Type.TEXTS,
        "Matches.Decision": Type.TEXTS,
        "Matches.Risk": Type.UINT32S,
        "Revision": Type.UINT64,
    },
)
FINDINGS = Table(
    "agent_findings",
    key=("Project", "RunId", "FindingId"),
    time="Time",
    schema={
        "Project": Type.TEXT,
        "RunId": Type.TEXT,
        "FindingId": Type.TEXT,
        "Position": Type.UINT32,
        "TraceId": Type.TEXT,
        "SpanId": Type.TEXT,
        "EventId": Type.TEXT,
        "Sequence": Type.INT64,
        "Time": Type.TIME,
        "Agent": Type.TEXT,
        "RuleId": Type.TEXT,
        "Title": Type.TEXT,
        "Description": Type.TEXT,
        "Severity": Type.TEXT,
        "SeverityNumber": Type.UINT8,
        "Decision": Type.TEXT,
        "Risk": Type.UINT32,
        "Category": Type.TEXT,
        "References": Type.TEXTS,
        "Evidence.Name": Type.TEXTS,
        "Evidence.Value": Type.TEXTS,
        "Evidence.EventId": Type.TEXTS,
        "Evidence.SpanId": Type.TEXTS,
        "PolicyDigest": Type.TEXT,
        "Error": Type.TEXT,
        "Would": Type.TEXT,
        "Model": Type.TEXT,
        "Revision": Type.UINT64,
    },
)
TABLES = (EVENTS, STEPS, FINDINGS, RUNS)
"""All of them; the runs last, so that what is listed is complete."""
