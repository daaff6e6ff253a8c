"""A report as one HTML file that fetches nothing, runs nothing and can be attached to a ticket."""

import base64
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sentric._version import __version__
from sentric_analyzer.console.reading import LIMITS, read_report

_PACKAGE = "sentric_analyzer.console"


def render_html(document: Mapping[str, Any]) -> str:
    """A run document as a self-contained HTML page.

    Everything from the document is escaped, and the page's content security policy allows its own style and
    nothing else: a mistake in the escaping would still run and fetch nothing.
    """
    style = _style()
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=read_report(document),
            limits=LIMITS,
            style=Markup(style),  # noqa: S704 - our own file, no part of a document
            style_hash=f"sha256-{digest}",
            version=__version__,
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
def _style() -> str:
    return resources.files(_PACKAGE).joinpath("templates/report.css").read_text(encoding="utf-8")
