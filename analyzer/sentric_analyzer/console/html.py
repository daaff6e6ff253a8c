"""Pages that fetch nothing and run nothing: reports, each a file that can be attached to a ticket, and questions."""

import base64
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sentric._version import __version__
from sentric_analyzer.console.backtest import read_backtest
from sentric_analyzer.console.question import Question
from sentric_analyzer.console.reading import LIMITS, read_report
from sentric_analyzer.visible import one_line, visible

_PACKAGE = "sentric_analyzer.console"
_QUESTION_STYLES = ("report.css", "question.css")


def render_html(document: Mapping[str, Any]) -> str:
    """A run document as a self-contained HTML page.

    Everything from the document is escaped, and the page's content security policy allows its own style and
    nothing else: a mistake in the escaping would still run and fetch nothing.
    """
    return _page("report.html.j2", ("report.css",), report=read_report(document), limits=LIMITS)


def render_backtest_html(document: Mapping[str, Any]) -> str:
    """A back-test document as a self-contained HTML page, as safe as that of a run."""
    return _page("backtest.html.j2", ("report.css", "backtest.css"), backtest=read_backtest(document))


def render_question(question: Question) -> str:
    """A question as a page with a form that answers it; it sends what it is told to where it came from alone."""
    return _page("question.html.j2", _QUESTION_STYLES, question=question)


def render_notice(title: str, text: str, tone: str = "") -> str:
    """A page that says one thing.

    Args:
        title: a few words.
        text: a sentence or two.
        tone: `good`, `bad`, or none.
    """
    return _page("notice.html.j2", _QUESTION_STYLES, title=one_line(title), text=visible(text), tone=tone)


def _page(template: str, styles: tuple[str, ...], **content: Any) -> str:
    style = _style(styles)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own files, no part of a document
            style_hash=f"sha256-{digest}",
            version=__version__,
            **content,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style(names: tuple[str, ...]) -> str:
    templates = resources.files(_PACKAGE).joinpath("templates")
    return "".join(templates.joinpath(name).read_text(encoding="utf-8") for name in names)
