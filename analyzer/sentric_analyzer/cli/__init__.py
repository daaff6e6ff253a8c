"""The analyzer's commands, as a table that costs nothing to import."""

COMMANDS = {
    "analyze": ("sentric_analyzer.cli.analyze:analyze", "Judge recorded traces offline."),
    "demo": ("sentric_analyzer.cli.demo:demo", "Run a browser agent end to end, observed and judged."),
    "keys": ("sentric_analyzer.cli.keys:keys", "Make, list and revoke API keys."),
    "log": ("sentric_analyzer.cli.log:log", "Look into the log of received requests."),
    "policy": ("sentric_analyzer.cli.policy:policy", "Try a policy on recorded runs; have one suggested."),
    "report": ("sentric_analyzer.cli.report:report", "Show what an agent did, why, and what was unsafe."),
    "runs": ("sentric_analyzer.cli.runs:runs", "List the runs that were judged."),
    "sessions": ("sentric_analyzer.cli.runs:sessions", "List the conversations that runs belong to."),
    "serve": ("sentric_analyzer.cli.serve:serve", "Receive traces, judge them and keep what is found."),
}
