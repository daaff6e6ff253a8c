-- What of a run was not captured, and which rules could therefore not be judged, so that dashboards can count it.
-- Of a run stored before, that is known only where neither arguments nor result were there.
ALTER TABLE agent_runs
    ADD COLUMN IF NOT EXISTS WithoutArguments UInt32 DEFAULT Blind AFTER Blind,
    ADD COLUMN IF NOT EXISTS WithoutResults UInt32 DEFAULT Blind AFTER WithoutArguments,
    ADD COLUMN IF NOT EXISTS Unheard UInt32 AFTER WithoutResults,
    ADD COLUMN IF NOT EXISTS Lost UInt32 AFTER Unheard,
    ADD COLUMN IF NOT EXISTS `NotEvaluated.RuleId` Array(LowCardinality(String)) AFTER Notes,
    -- What was missing: names with commas between them.
    ADD COLUMN IF NOT EXISTS `NotEvaluated.Needs` Array(LowCardinality(String)) AFTER `NotEvaluated.RuleId`,
    ADD COLUMN IF NOT EXISTS `NotEvaluated.Steps` Array(UInt32) AFTER `NotEvaluated.Needs`,
    ADD COLUMN IF NOT EXISTS `NotEvaluated.Of` Array(UInt32) AFTER `NotEvaluated.Steps`;
