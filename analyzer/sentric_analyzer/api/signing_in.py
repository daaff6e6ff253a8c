"""Signing in over REST: a key for a working day, for the one that is kept safe."""

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response

from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.people import KnownPerson
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.people import person_document

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore


class Me(Document):
    """Who asks."""

    key_id: str
    person: KnownPerson | None
    """Whose key it is; null: a service's."""
    scopes: list[Scope]
    projects: list[str]
    """Empty: every project."""
    expires: datetime | None


class SignedIn(Me):
    """Who has signed in."""

    session: str
    """A key that is good for as much as the one presented, until it expires or is signed out."""


def add_signing_in(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let people sign in to an app, and ask who they are."""
    routes = Routes(app, "signing in", "A key for a working day.")

    @routes.get("/v1/me", needs(*Scope, somebody=True), gives=Me)
    async def me(by: Caller) -> Response:
        """Who asks, and what they may do."""
        return await answer(lambda: _me(control, by))

    @routes.post(
        "/v1/sign-in",
        needs(Scope.READ, Scope.APPROVE, Scope.OPERATE, somebody=True),
        gives=SignedIn,
        status=HTTPStatus.CREATED,
    )
    async def sign_in(request: Request, by: Caller) -> Response:
        """Get a key for a working day, so that the one presented need not be kept where people click."""
        where = request.client.host if request.client else ""

        def ask() -> dict[str, Any]:
            made = control.keys.sign_in(by, where=where)
            mine = Grant(made.key.key_id, by.projects, by.scopes, made.key.expires, by.person)
            return {**_me(control, mine), "session": made.secret}

        signed_in = await answer(ask)
        signed_in.status_code = HTTPStatus.CREATED
        return signed_in

    @routes.post(
        "/v1/sign-out",
        needs(Scope.READ, Scope.APPROVE, Scope.OPERATE, somebody=True),
        gives=Me,
        errors={409: "It is no such key."},
    )
    async def sign_out(by: Caller) -> Response:
        """Make the key of this request worthless, where it was got by signing in."""

        def ask() -> dict[str, Any]:
            if not control.keys.find(by.key_id).session:
                raise Refused(HTTPStatus.CONFLICT, "this key was not got by signing in: revoke it with /v1/keys")
            mine = _me(control, by)
            control.keys.revoke([by.key_id], actor=by.identity)
            return mine

        return await answer(ask)


def _me(control: "ControlStore", grant: Grant) -> dict[str, Any]:
    return {
        "key_id": grant.key_id,
        "person": person_document(control.people.find(grant.person)) if grant.person else None,
        "scopes": sorted(scope.value for scope in grant.scopes),
        "projects": list(grant.projects),
        "expires": moment(grant.expires),
    }
