"""What other services tell: verified, kept, answered at once, and worked off after that."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request, Response

from sentric_analyzer.api.access import Access
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.bodies import parsed_json, read_body
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import FROM_OUTSIDE
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.approvals.phone.channel import WEBHOOKS_PATH
from sentric_analyzer.approvals.phone.signature import SignatureError
from sentric_analyzer.approvals.phone.telephone import Taken, Telephone
from sentric_analyzer.declaration import Declaration

WEBHOOKS = "sentric_webhooks"
REFUSED = "refused"
"""Value of the label where a webhook was not verified."""
METRICS = {WEBHOOKS: Declaration("Webhooks of Telnyx, by what became of them.", "outcome", (*map(str, Taken), REFUSED))}
LARGEST = 64 << 10
"""Bytes of a webhook."""


class TakenWebhook(Document):
    """A webhook was kept, or was of nothing that is known here."""

    status: Literal["ok"]


def add_webhooks(app: FastAPI, telephone: Callable[[], Telephone | None], answer: Answer) -> None:
    """Let an app be told what happens in phone calls.

    Args:
        app: is told.
        telephone: gives what goes on with calls; None where nobody is called.
        answer: works on it.
    """
    routes = Routes(app, "webhooks", "What other services tell, with signatures in place of keys.")

    @routes.post(
        WEBHOOKS_PATH,
        FROM_OUTSIDE,
        gives=TakenWebhook,
        errors={
            401: "It was not sent by Telnyx, was altered, or is older than five minutes.",
            404: "Nobody is called from here.",
            503: "It could not be kept: send it again.",
        },
    )
    async def telnyx_webhook(request: Request) -> Response:
        """Take what Telnyx tells of a call. The same event again changes nothing."""
        body = await read_body(request, LARGEST)
        access: Access = request.app.state.access
        return await answer(lambda: _taken(telephone(), request, body, access))


def _taken(telephone: Telephone | None, request: Request, body: bytes, access: Access) -> dict[str, Any]:
    if telephone is None:
        raise Refused(HTTPStatus.NOT_FOUND, "nobody is called from here: state `telnyx` and a channel in sentric.yaml")
    try:
        telephone.verifier.verify(request.headers, body)
    except SignatureError as error:
        access.on_count(WEBHOOKS, REFUSED, 1)
        raise Refused(HTTPStatus.UNAUTHORIZED, str(error)) from None
    taken = telephone.take(_document(body))
    access.on_count(WEBHOOKS, taken.value, 1)
    if taken is Taken.BUSY:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too much is told at once: tell it again")
    return {"status": "ok"}


def _document(body: bytes) -> object:
    """What was told; nothing where that cannot be read: it would be no better if it came again."""
    try:
        return parsed_json(body)
    except Refused:
        return None
