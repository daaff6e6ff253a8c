"""Keys and projects over REST."""

import math
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Path, Response
from pydantic import AwareDatetime, ConfigDict, Field

from sentric_analyzer.api.access import Caller, MaybeCaller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.cursors import cursor_of, cursor_to_text
from sentric_analyzer.api.documents import Document, Next, Text
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit
from sentric_analyzer.api.problems import Refused, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.errors import KeyRefusedError, UnknownKeyError
from sentric_analyzer.control.keys import MOST_PROJECTS, Key, key_document, moment, new_key_document

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_KeyId = Annotated[str, Path(description="The whole id of a key.")]


class KeyWish(Document):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=512)
    """What it is for, for people."""
    projects: list[str] = Field([], max_length=MOST_PROJECTS)
    """Those it is for; none: every project, for an admin key only."""
    scopes: list[Scope] = Field(max_length=len(Scope))
    """What it may do."""
    expires: AwareDatetime | None = None
    """When it is worth nothing any more; null: never."""
    person: Text = Field("", max_length=64)
    """Name or id of the person it is for; empty: a service's, which cannot approve."""


class ApiKey(Document):
    """What is known of a key; never the key itself."""

    id: str
    name: str
    projects: list[str]
    """Empty: every project."""
    scopes: list[Scope]
    person: str | None
    """Id of whose it is; null: a service's."""
    state: Literal["valid", "expired", "revoked"]
    created: datetime
    expires: datetime | None
    revoked: datetime | None


class NewApiKey(ApiKey):
    """A key that was just made."""

    key: str
    """The key itself: it can never be asked for again."""
    new_projects: list[str]
    """Those of its projects that were not there before."""


class Keys(Document):
    """Every key there ever was, the oldest first."""

    keys: list[ApiKey]
    next: Next


class Project(Document):
    """A project."""

    name: str
    created: datetime


class Projects(Document):
    """The projects there are, by name."""

    projects: list[Project]


def add_keys(app: FastAPI, control: "ControlStore", answer: Answer, clock: Callable[[], float] = time.time) -> None:
    """Let an app manage keys. An admin key that is for some projects sees and makes keys for these alone."""
    routes = Routes(app, "keys", "API keys, and the projects they are for.")
    refuse_with(app, {KeyRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY, UnknownKeyError: HTTPStatus.NOT_FOUND})

    @routes.get("/v1/keys", needs(Scope.ADMIN), gives=Keys)
    async def list_keys(by: Caller, limit: Limit = 1000, after: After = None) -> Response:
        """Every key there ever was, the oldest first; never the keys themselves."""
        place = cursor_of(after, (float, str)) if after else (-math.inf, "")

        def ask() -> dict[str, Any]:
            mine = (key for key in control.keys.list() if _is_within(by, key.projects))
            found = [key for key in mine if (key.created, key.key_id) > place]
            last = found[limit - 1] if len(found) > limit else None
            return {
                "keys": [key_document(key, clock()) for key in found[:limit]],
                "next": cursor_to_text((last.created, last.key_id)) if last else None,
            }

        return await answer(ask)

    @routes.post("/v1/keys", needs(Scope.ADMIN), gives=NewApiKey, status=HTTPStatus.CREATED)
    async def create_key(by: Caller, wish: KeyWish) -> Response:
        """Make a key.

        It is in `key` of this answer, and can never be asked for again. Projects that are not there yet are made.
        """
        _check_wish(by, wish)

        def ask() -> dict[str, Any]:
            expires = wish.expires.timestamp() if wish.expires else None
            made = control.keys.create(
                name=wish.name,
                projects=wish.projects,
                scopes=wish.scopes,
                expires=expires,
                person=wish.person,
                actor=by.identity,
            )
            return new_key_document(made)

        answered = await answer(ask)
        answered.status_code = HTTPStatus.CREATED
        return answered

    @routes.delete("/v1/keys/{key_id}", needs(Scope.ADMIN), gives=ApiKey, errors={404: "There is no such key."})
    async def revoke_key(by: Caller, key_id: _KeyId) -> Response:
        """Revoke a key. It stays in the list."""

        def ask() -> dict[str, Any]:
            _key(control, by, key_id)
            control.keys.revoke([key_id], actor=by.identity)
            return key_document(_key(control, by, key_id), clock())

        return await answer(ask)

    @routes.get("/v1/projects", needs(Scope.READ), gives=Projects)
    async def list_projects(by: MaybeCaller) -> Response:
        """The projects there are, by name; of those that the key is for."""

        def ask() -> dict[str, Any]:
            mine = by.projects if by else ()
            found = [project for project in control.projects() if not mine or project.name in mine]
            return {"projects": [{"name": project.name, "created": moment(project.created)} for project in found]}

        return await answer(ask)


def _check_wish(by: Grant, wish: KeyWish) -> None:
    """Refuse what a key may not wish for. People are of all projects: whoever makes their keys could act as anybody."""
    if wish.person and by.projects:
        raise Refused(HTTPStatus.FORBIDDEN, "somebody's keys are made with an admin key for every project")
    if not _is_within(by, wish.projects):
        raise Refused(HTTPStatus.FORBIDDEN, f"key {by.key_id} may make keys for its own projects only")


def _key(control: "ControlStore", by: Grant, key_id: str) -> Key:
    found = next((key for key in control.keys.list() if key.key_id == key_id), None)
    if found is None or not _is_within(by, found.projects):
        raise UnknownKeyError("there is no key of that id")  # not repeated: it may be a key itself
    return found


def _is_within(by: Grant, projects: "list[str] | tuple[str, ...]") -> bool:
    """Whether an admin key may have to do with keys of these projects; none: every project."""
    return not by.projects or (bool(projects) and set(projects) <= set(by.projects))
