-- The model whose opinion a finding is; empty where a rule matched. What a model thinks of a run is not withdrawn when
-- its rules are judged again.
ALTER TABLE agent_findings
    ADD COLUMN IF NOT EXISTS Model LowCardinality(String) AFTER Would;
