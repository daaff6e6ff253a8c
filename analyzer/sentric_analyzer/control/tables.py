"""The tables as they are now. The migrations make them; a test compares the two. Times in Unix seconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

GENERATION = Table("generation", METADATA, Column("number", BigInteger, nullable=False))
"""One row: a number that every change of keys and policies makes larger. Who changes them takes this row first, so that
changes come one after the other on every database; who holds a copy compares the number."""

PROJECTS = Table(
    "projects",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("created", Double, nullable=False),
)

PEOPLE = Table(
    "people",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created", Double, nullable=False),
    Column("removed", Double),
)
"""Everybody there ever was: who was removed stays, and so does the name."""

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),  # separated by blanks
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("revoked", Double),
    Column("person", String(12)),  # id of one of the people, where it is theirs
    Column("session", String(12)),  # id of the key it was got for, by signing in
)
"""Every key there ever was, a revoked one too; of those got by signing in, the newest that have not expired."""

API_KEY_PROJECTS = Table(
    "api_key_projects",
    METADATA,
    Column("key_id", String(12), ForeignKey("api_keys.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("project", String(64), ForeignKey("projects.name"), nullable=False),
)
"""The projects of a key in their order: a sender that names none is of the first. No rows: every project."""

AGENTS = Table(
    "agents",
    METADATA,
    Column("project", String(64), primary_key=True),
    Column("id", String(256), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("risk", Integer, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    Column("warned", BigInteger, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("first_seen", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
    Column("reset", Double),
    Index("agents_by_name", "project", "name"),
)
"""Every agent that asked for a decision. Who changes its sums takes its row first, so that they stay exact."""

STOPS = Table(
    "stops",
    METADATA,
    Column("project", String(64), primary_key=True),
    Column("by", String(8), primary_key=True),  # id or name
    Column("target", String(256), primary_key=True),
    Column("reason", String(512), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("since", Double, nullable=False),
)
"""What operators have stopped, until it is reset: one agent, or every agent of a name, those to come too."""

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("agent_id", String(256), nullable=False),
    Column("time", Double, nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("tool", String(256), nullable=False),
    Column("decision", String(8), nullable=False),
    Column("risk", Integer, nullable=False),
    Column("strike", Boolean, nullable=False),  # whether it counts against the agent, which was not reset since
    Column("approval_id", String(32)),
    Column("idempotency_key", String(128)),
    Column("request", String(64)),  # HMAC of what was asked, where there is an idempotency key
    Column("document", Text, nullable=False),  # JSON: what was asked, redacted, and the answer
    Index("decisions_by_agent", "project", "agent_id", "time"),
    Index("decisions_by_time", "time"),
    Index("decisions_once", "project", "agent_id", "idempotency_key", unique=True),
)
"""Every decision that was not a plain allow; a plain allow where it has an idempotency key, for a day."""

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("agent_id", String(256), nullable=False),
    Column("state", String(10), nullable=False),
    Column("tier", String(10), nullable=False),
    Column("needed", Integer, nullable=False),
    Column("binding", String(64), nullable=False),  # HMAC of what is approved
    Column("requester", String(80), nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("ended", Double),
    Column("consumed", Double),
    Column("request", Text, nullable=False),  # JSON, for people
    Index("approvals_by_state", "state", "expires"),
    Index("approvals_by_agent", "project", "agent_id", "created"),
    Index("approvals_by_time", "created"),
)

APPROVAL_ANSWERS = Table(
    "approval_answers",
    METADATA,
    Column("approval_id", String(32), ForeignKey("approvals.id"), primary_key=True),
    Column("approver", String(80), primary_key=True),
    Column("answer", String(8), nullable=False),
    Column("note", String(512), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("time", Double, nullable=False),
)

APPROVAL_ATTEMPTS = Table(
    "approval_attempts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("approval_id", String(32), ForeignKey("approvals.id"), nullable=False),
    Column("step", Integer, nullable=False),  # of the route, from 0
    Column("channel", String(64), nullable=False),
    Column("person", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("created", Double, nullable=False),
    Column("due", Double, nullable=False),  # when it is the next step's turn
    Column("sent", Double),
    Column("ended", Double),
    Column("reference", String(256), nullable=False),  # how the other side names it
    Column("detail", String(512), nullable=False),
    Index("approval_attempts_once", "approval_id", "step", unique=True),
    Index("approval_attempts_by_state", "state", "due"),
)
"""Every attempt to reach somebody about an approval: one for each step of the route, whichever service takes it."""

APPROVAL_LINKS = Table(
    "approval_links",
    METADATA,
    Column("digest", String(64), primary_key=True),  # of the link's secret, which is kept nowhere
    Column("attempt_id", String(32), ForeignKey("approval_attempts.id"), nullable=False),
    Column("expires", Double, nullable=False),
    Column("used", Double),
)
"""The links that were sent: each is for one answer of one person."""

CALLS = Table(
    "calls",
    METADATA,
    Column("attempt_id", String(32), primary_key=True),
    Column("approval_id", String(32), nullable=False),
    Column("person", String(12), nullable=False),
    Column("digest", String(64), nullable=False),  # of the secret that every event of the call carries
    Column("reference", String(256), nullable=False),  # how the other side names the call
    Column("changed", Double, nullable=False),
    Column("document", Text, nullable=False),  # JSON: how it stands
    Index("calls_by_time", "changed"),
)
"""The phone calls of late, each of one attempt: whichever service hears what happens in one goes on with it."""

WEBHOOK_EVENTS = Table(
    "webhook_events",
    METADATA,
    Column("source", String(16), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("received", Double, nullable=False),
    Index("webhook_events_by_time", "received"),
)
"""What other services have told, by their ids: nothing is taken twice."""

POLICIES = Table(
    "policies",
    METADATA,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(16), nullable=False),
    Column("author", String(80), nullable=False),
    Column("note", String(512), nullable=False),
    Column("created", Double, nullable=False),
    Column("documents", Text, nullable=False),  # JSON: name of a file to its text
)
"""Every version of each project's policy. None is ever changed."""

ACTIVATIONS = Table(
    "activations",
    METADATA,
    Column("project", String(64), ForeignKey("projects.name"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),  # 0: the policy of the service's own settings
    Column("digest", String(16), nullable=False),
    Column("author", String(80), nullable=False),
    Column("note", String(512), nullable=False),
    Column("time", Double, nullable=False),
)
"""Which version was in force from when on: the one with the largest number is."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("author", String(80), nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("beat", Double),  # when its worker last said that it lives
    Column("claim", String(32)),  # of its worker: whoever has another one has lost the job
    Column("lost", Integer, nullable=False),  # how often its worker ended without it
    Column("tries", Integer, nullable=False, server_default="0"),  # that came to nothing
    Column("due", Double),  # when it may be claimed again after that
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("wish", Text, nullable=False),  # JSON
    Column("error", String(512), nullable=False),
    Column("material", Text),  # JSON, for the worker alone, until the job has ended
    Column("result", Text),  # JSON
    Index("jobs_by_time", "created"),
    Index("jobs_by_state", "state", "created"),
)
"""What takes longer than an answer may: done by one of the services, for some time kept with what came of it."""

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("agent_id", String(256), nullable=False),
    Column("opened", Double, nullable=False),
    Column("closed", Double),
    Column("closed_by", String(80), nullable=False),
    Column("summary", String(512), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Index("incidents_by_time", "opened"),
)
"""What somebody has to look at: agents that were shut down or stopped, rules that were turned back."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),  # microseconds
    Column("actor", String(80), nullable=False),
    Column("what", String(32), nullable=False),
    Column("project", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)
"""Who did what, each record chained to the one before: nothing of Sentric's ever changes or removes one."""

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("sequence", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""One row: the last record of the audit. Who appends takes it, last of all rows."""

AUDIT_CHECKPOINTS = Table(
    "audit_checkpoints",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("checkpoint", String(512), nullable=False),  # a line of JSON
)
