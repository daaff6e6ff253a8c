-- The run of the agent that called a run's own, or that it goes on from.
ALTER TABLE agent_runs
    ADD COLUMN IF NOT EXISTS Parent String AFTER Conversation;
