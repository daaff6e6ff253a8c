-- What was made of the spans: runs, their events and steps, and the findings.
-- A row is replaced by a later revision of itself and withdrawn by a revision that says so; always read with FINAL,
-- which leaves both out. Partitions follow the event's own time, so that a revision lands beside what it replaces.
CREATE TABLE IF NOT EXISTS agent_runs (
    Project LowCardinality(String),
    RunId String,
    TraceId String,
    Agent LowCardinality(String),
    AgentId String,
    Conversation String,
    Task String CODEC(ZSTD(3)),
    Model LowCardinality(String),
    ServiceName LowCardinality(String),
    Dialect LowCardinality(String),
    Started DateTime64(9, 'UTC'),
    Ended DateTime64(9, 'UTC'),
    Error String CODEC(ZSTD(3)),
    Guarded UInt32,
    Seen UInt32,
    Blind UInt32,
    Truncated UInt32,
    HasTask Bool,
    EndSeen Bool,
    Notes Array(String),
    Steps UInt32,
    Risk UInt32,
    HighestSeverity LowCardinality(String),
    Critical UInt32,
    High UInt32,
    Medium UInt32,
    Low UInt32,
    PolicyDigest LowCardinality(String),
    Loosened Array(LowCardinality(String)),
    Revision UInt64,
    Withdrawn UInt8 DEFAULT 0,
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(Revision, Withdrawn)
PARTITION BY toYYYYMM(Started)
ORDER BY (Project, RunId)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS agent_events (
    Project LowCardinality(String),
    RunId String,
    Position UInt32,
    EventId String,
    TraceId String,
    SpanId String,
    Sequence Int64,
    Time DateTime64(9, 'UTC'),
    Event LowCardinality(String),
    -- The event as JSON, whole.
    Body String CODEC(ZSTD(3)),
    Revision UInt64,
    Withdrawn UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Revision, Withdrawn)
PARTITION BY toYYYYMM(Time)
ORDER BY (Project, RunId, Position, EventId)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS agent_steps (
    Project LowCardinality(String),
    RunId String,
    Position UInt32,
    EventId String,
    OutcomeId String,
    TraceId String,
    SpanId String,
    Sequence Int64,
    Time DateTime64(9, 'UTC'),
    Agent LowCardinality(String),
    Tool LowCardinality(String),
    Server LowCardinality(String),
    Kind LowCardinality(String),
    Effects Array(LowCardinality(String)),
    Arguments String CODEC(ZSTD(3)),
    Result String CODEC(ZSTD(3)),
    Error String CODEC(ZSTD(3)),
    Duration UInt64,
    Reasoning String CODEC(ZSTD(3)),
    Url String CODEC(ZSTD(3)),
    Element String CODEC(ZSTD(3)),
    Decision LowCardinality(String),
    Severity LowCardinality(String),
    Risk UInt32,
    -- The rules that matched, in their order in the policy.
    Matches Nested (
        RuleId LowCardinality(String),
        Severity LowCardinality(String),
        Decision LowCardinality(String),
        Risk UInt32
    ),
    Revision UInt64,
    Withdrawn UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Revision, Withdrawn)
PARTITION BY toYYYYMM(Time)
ORDER BY (Project, RunId, Position, EventId)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS agent_findings (
    Project LowCardinality(String),
    RunId String,
    FindingId String,
    Position UInt32,
    TraceId String,
    SpanId String,
    EventId String,
    Sequence Int64,
    Time DateTime64(9, 'UTC'),
    Agent LowCardinality(String),
    RuleId LowCardinality(String),
    Title LowCardinality(String),
    Description String CODEC(ZSTD(3)),
    Severity LowCardinality(String),
    SeverityNumber UInt8,
    Decision LowCardinality(String),
    Risk UInt32,
    Category LowCardinality(String),
    References Array(LowCardinality(String)),
    Evidence Nested (
        Name LowCardinality(String),
        Value String,
        EventId String,
        SpanId String
    ),
    PolicyDigest LowCardinality(String),
    Error String,
    Revision UInt64,
    Withdrawn UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Revision, Withdrawn)
PARTITION BY toYYYYMM(Time)
ORDER BY (Project, RunId, FindingId)
SETTINGS non_replicated_deduplication_window = 10000;
