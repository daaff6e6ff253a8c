"""The pages behind the links that people are sent: what an agent waits for, and a form to answer it.

Who has a link answers as the person whom it was sent to, once. Programs follow links that are sent: looking at one, in
whatever way, changes nothing, and an answer takes what only the page tells.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, FastAPI, Path, Request, Response
from pydantic import ConfigDict, Field

from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document, Text
from sentric_analyzer.api.needs import FROM_OUTSIDE
from sentric_analyzer.api.pages import PAGE, notice, page
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.api.routes import Routes, form_of
from sentric_analyzer.approvals import links
from sentric_analyzer.approvals.gathered import shown_of
from sentric_analyzer.console.question import LONGEST_NOTE, read_question
from sentric_analyzer.control.approval import Approval, Said, State
from sentric_analyzer.control.errors import LinkError

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_Secret = Annotated[str, Path(description="The secret of the link.")]
_NO_LINK = "The link never was, or nothing can come of it any more."
_NOT_THEIRS = "This person may not answer this question: they asked it, or have answered."
_AWAY = "The question, or the answer, cannot be looked up now: try again."
_BODY_LIMIT = 16 << 10


class FormAnswer(Document):
    """What the form sends."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=128)
    """What the page told."""
    answer: Literal["approve", "deny"]
    note: Text = Field("", max_length=LONGEST_NOTE)
    """For the record, and for the agent where it is a denial."""


_Form = Annotated[FormAnswer, Depends(form_of)]


def add_approval_links(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let an app show questions to whoever has a link, and take answers."""
    routes = Routes(app, "links", "Where people answer who were sent a link: pages for a browser, without a key.")

    @routes.get(f"{links.PATH}{{secret}}", FROM_OUTSIDE, gives=PAGE, errors={404: _NO_LINK, 503: _AWAY})
    async def show_question(secret: _Secret) -> Response:
        """The question that a link is for, with a form. However often it is asked, nothing is answered."""
        return await answer(lambda: _question(control, secret))

    @routes.post(
        f"{links.PATH}{{secret}}",
        FROM_OUTSIDE,
        gives=PAGE,
        form=FormAnswer,
        body_limit=_BODY_LIMIT,
        errors={403: _NOT_THEIRS, 404: _NO_LINK, 503: _AWAY},
    )
    async def answer_question(request: Request, secret: _Secret, form: _Form) -> Response:
        """Answer as the person whom the link was sent to, by the page's form. The link is used then."""
        if not _is_own_page(request) or not links.is_from_form(form.token, secret):
            raise _nothing_there()
        return await answer(lambda: _answered(control, secret, form))


def _question(control: "ControlStore", secret: str) -> Response:
    from sentric_analyzer.console.html import render_question  # the API starts without a template engine

    try:
        linked = control.links.find(links.digest_of(secret))
    except LinkError:
        raise _nothing_there() from None
    question = read_question(
        shown_of(control, linked.approval),
        linked.approval,
        person=linked.person.name,
        token=links.form_token(secret),
        now=control.changes.clock(),
    )
    return page(render_question(question))


def _answered(control: "ControlStore", secret: str, form: FormAnswer) -> Response:
    try:
        after = control.links.answer(links.digest_of(secret), Said(form.answer), note=form.note)
    except LinkError:
        raise _nothing_there() from None
    return notice(*_told(after))


def _told(after: Approval) -> tuple[str, str, str]:
    """What somebody is told who has answered: title, text and tone."""
    match after.state:
        case State.DENIED:
            return "Denied", "The agent is refused this action. You can close this page.", "bad"
        case State.APPROVED:
            return "Approved", "The agent may do this one action, once. You can close this page.", "good"
        case _:
            return "Noted", "You have approved. Somebody else must, too, before the agent may do it.", "good"


def _nothing_there() -> Refused:
    text = (
        "This link is good for nothing: it was used, its time has passed, somebody else has answered, or it never was "
        "one. No answer was taken from it now. What waits is listed by: sentric approvals list"
    )
    return Refused(HTTPStatus.NOT_FOUND, text, kind="nothing-to-answer")


def _is_own_page(request: Request) -> bool:
    """Whether it is not the page of somebody else that sends a form: browsers say so."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
