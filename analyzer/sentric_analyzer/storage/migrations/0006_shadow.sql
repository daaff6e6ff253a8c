-- What the rule of a finding would have decided, where its policy held it in shadow; empty where it was not held.
ALTER TABLE agent_findings
    ADD COLUMN IF NOT EXISTS Would LowCardinality(String) AFTER Error;
