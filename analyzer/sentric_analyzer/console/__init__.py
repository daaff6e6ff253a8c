"""Reports of judged runs: for a terminal, as Markdown, and as one self-contained HTML file."""

from sentric_analyzer.console.html import render_html
from sentric_analyzer.console.markdown import render_markdown
from sentric_analyzer.console.terminal import render_findings, render_runs, render_terminal

__all__ = ["render_findings", "render_html", "render_markdown", "render_runs", "render_terminal"]
