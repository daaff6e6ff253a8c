"""The analyzer's commands, as a table that costs nothing to import."""

COMMANDS = {
    "agents": ("sentric_analyzer.cli.agents:agents", "List, show, stop and reset agents."),
    "analyze": ("sentric_analyzer.cli.analyze:analyze", "Judge recorded traces offline."),
    "approvals": ("sentric_analyzer.cli.approvals:approvals", "Answer what agents ask people for."),
    "audit": ("sentric_analyzer.cli.audit:audit", "Verify, export and list who did what."),
    "decisions": ("sentric_analyzer.cli.incidents:decisions", "List what was decided."),
    "demo": ("sentric_analyzer.cli.demo:demo", "Run a browser agent end to end, observed and judged."),
    "incidents": ("sentric_analyzer.cli.incidents:incidents", "List agents that were shut down or stopped."),
    "keys": ("sentric_analyzer.cli.keys:keys", "Make, list and revoke API keys."),
    "log": ("sentric_analyzer.cli.log:log", "Look into the log of received requests."),
    "people": ("sentric_analyzer.cli.people:people", "Add, change and remove people."),
    "policy": ("sentric_analyzer.cli.policy:policy", "Try a policy on recorded runs; keep its versions."),
    "report": ("sentric_analyzer.cli.report:report", "Show what an agent did, why, and what was unsafe."),
    "runs": ("sentric_analyzer.cli.runs:runs", "List the runs that were judged; make tests of them."),
    "sessions": ("sentric_analyzer.cli.runs:sessions", "List the conversations that runs belong to."),
    "serve": ("sentric_analyzer.cli.serve:serve", "Receive traces, judge them and keep what is found."),
}
