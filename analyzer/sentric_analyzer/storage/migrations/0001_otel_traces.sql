-- Spans, in the columns of the OpenTelemetry Collector's ClickHouse exporter (exporter/clickhouseexporter of
-- opentelemetry-collector-contrib), so that either may write them and Grafana's trace panel reads them.
-- Below its columns stand ours: all have defaults, so that an INSERT without them works.
-- Texts have no codec of their own: they are written with the quickest one, and packed closer a day later.
CREATE TABLE IF NOT EXISTS otel_traces (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String),
    Duration UInt64 CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String,
    Events Nested (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ),
    Links Nested (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),

    -- When the row was written, by the writer's clock.
    Stored DateTime64(9) DEFAULT now64(9) CODEC(Delta(8), ZSTD(1)),
    -- Which project the span belongs to: what its sender may write to decides, not what it claims.
    SentricProject LowCardinality(String) DEFAULT multiIf(
        ResourceAttributes['sentric.project'] != '', ResourceAttributes['sentric.project'],
        SpanAttributes['sentric.project'] != '', SpanAttributes['sentric.project'],
        'default'
    ),
    -- What the columns above cannot hold, so that the span can be read back as it came. The types are those of the
    -- values of a map, in its order (see attribute_columns.py); none where all are text.
    Types Array(UInt8) CODEC(ZSTD(1)),
    EventTypes Array(Array(UInt8)) CODEC(ZSTD(1)),
    LinkTypes Array(Array(UInt8)) CODEC(ZSTD(1)),
    ResourceTypes Array(UInt8) CODEC(ZSTD(1)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeTypes Array(UInt8) CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    Flags UInt32 CODEC(ZSTD(1)),
    Size UInt32 CODEC(ZSTD(1)),
    StartSent UInt64 CODEC(ZSTD(1)),
    EndSent UInt64 CODEC(ZSTD(1)),
    -- The attributes that are asked for most, out of their map: 100 times faster to read.
    RunId String MATERIALIZED SpanAttributes['sentric.run.id'] CODEC(ZSTD(1)),
    OperationName LowCardinality(String) MATERIALIZED SpanAttributes['gen_ai.operation.name'],
    AgentName LowCardinality(String) MATERIALIZED SpanAttributes['gen_ai.agent.name'],
    ToolName LowCardinality(String) MATERIALIZED SpanAttributes['gen_ai.tool.name'],
    ModelName LowCardinality(String) MATERIALIZED SpanAttributes['gen_ai.request.model'],
    Decision LowCardinality(String) MATERIALIZED SpanAttributes['sentric.verdict.decision'],

    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
    INDEX idx_stored Stored TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
TTL toDateTime(Stored) + INTERVAL 1 DAY RECOMPRESS CODEC(ZSTD(3))
-- Parts as small as an insert's are one file: one for each column would cost more than writing it. And merges wait for
-- sixteen of about one size, which write everything half as often.
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000,
    min_bytes_for_wide_part = 268435456, min_parts_to_merge_at_once = 16;

-- When each trace was, so that one trace is found without reading every partition.
CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
    TraceId String CODEC(ZSTD(1)),
    Start SimpleAggregateFunction(min, DateTime) CODEC(ZSTD(1)),
    End SimpleAggregateFunction(max, DateTime) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfWeek(Start)
ORDER BY TraceId
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End
FROM otel_traces
WHERE TraceId != ''
GROUP BY TraceId;
