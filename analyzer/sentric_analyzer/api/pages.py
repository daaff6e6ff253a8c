"""Pages that people are shown in a browser: what holds for all of them."""

from collections.abc import Mapping

from fastapi import Response

PAGE = "text/html"
"""Media type of an answer that a person is shown; they are also shown a page where it is refused."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest stands in the page, with the hash of its style
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page that nobody keeps, frames, indexes, or learns the address of."""
    return Response(html.encode(), status, {**(headers or {}), **_HEADERS}, media_type=PAGE)


def notice(
    title: str, text: str, tone: str = "", *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A page that says one thing: see `console.html.render_notice`."""
    from sentric_analyzer.console.html import render_notice  # the API starts without a template engine

    return page(render_notice(title, text, tone), status, headers)
