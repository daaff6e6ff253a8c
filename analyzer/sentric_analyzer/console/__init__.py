"""Reports of judged runs and of back-tests: for a terminal, as Markdown, and as one self-contained HTML file."""

from sentric_analyzer.console.backtest_terminal import render_backtest
from sentric_analyzer.console.explanation import render_explanation
from sentric_analyzer.console.html import render_backtest_html, render_html
from sentric_analyzer.console.markdown import render_markdown
from sentric_analyzer.console.rollout import render_rollout, rollout_lines
from sentric_analyzer.console.terminal import render_findings, render_runs, render_sessions, render_terminal

__all__ = [
    "render_backtest",
    "render_backtest_html",
    "render_explanation",
    "render_findings",
    "render_html",
    "render_markdown",
    "render_rollout",
    "render_runs",
    "render_sessions",
    "render_terminal",
    "rollout_lines",
]
