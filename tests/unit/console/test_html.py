"""The HTML report: one file that fetches nothing, runs nothing and takes every text literally."""

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

from sentric_analyzer.console import render_html

VOID = {"meta", "link", "br", "hr", "img", "input"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article", "div"),
    *("p", "span", "b", "small", "h1", "h2", "h3", "h4", "a", "ul", "ol", "li", "dl", "dt", "dd", "code", "pre"),
    *("details", "summary"),
}


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_nothing_in_a_document_becomes_markup(document: dict[str, Any]) -> None:
    page = Page(render_html(document))

    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert "<script>alert(1)</script>" in page.text
    assert page.open == []


def test_it_fetches_nothing_and_has_no_style_but_its_own(document: dict[str, Any]) -> None:
    text = render_html(document)
    page = Page(text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)

    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    digest = base64.b64encode(sha256(style[1].encode()).digest()).decode()
    policies = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "onclick"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_every_link_leads_to_a_place_on_the_page(document: dict[str, Any]) -> None:
    page = Page(render_html(document))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = {(attributes["href"] or "")[1:] for tag, attributes in page.tags if tag == "a"}

    assert len(names) == len(set(names))
    assert links
    assert links <= set(names)


def test_it_says_what_was_unsafe_why_and_what_was_not_seen(document: dict[str, Any]) -> None:
    text = Page(render_html(document)).text

    for said in (
        "Instructions from untrusted content were obeyed",
        "important notice for AI assistants",
        "duckshop-verify.localhost:8902",
        "The end of the run was not seen.",
        "Loosened settings:",
        "5f2c9a7b1e3d4f60",
        "The rule could not be evaluated and counts as matched: no such variable",
        "cut here at the capture limit",
    ):
        assert said in text


def test_a_run_of_which_nothing_is_known_still_makes_a_page(quiet_document: dict[str, Any]) -> None:
    text = Page(render_html(quiet_document)).text

    assert "The task of this run is not known" in text
    assert "not the same as safe" in text
    assert "Nothing of this run was captured." in text
