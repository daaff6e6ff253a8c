"""Keys and projects over REST."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from sentric_analyzer.api.answers import Answer
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.errors import UnknownKeyError
from sentric_analyzer.control.keys import Key, key_document, moment, new_key_document

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore


class KeyWish(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", description="What it is for, for people.")
    projects: list[str] = Field([], description="Those it is for; none: every project, for an admin key only.")
    scopes: list[Scope] = Field(description="What it may do.")
    expires: AwareDatetime | None = Field(None, description="When it is worth nothing any more; null: never.")


async def admin(request: Request) -> Grant:
    """The admin key of a request. That there is one is decided for every request; here it is made sure of."""
    grant: Grant | None = request.state.grant
    if grant is None or Scope.ADMIN not in grant.scopes:
        raise HTTPException(HTTPStatus.FORBIDDEN, "this takes an admin key")
    return grant


Admin = Annotated[Grant, Depends(admin)]


def add_keys(app: FastAPI, control: "ControlStore", answer: Answer, clock: Callable[[], float] = time.time) -> None:
    """Let an app manage keys. An admin key that is for some projects sees and makes keys for these alone."""

    @app.get("/v1/keys")
    async def keys(by: Admin) -> Response:
        """Every key there ever was, the oldest first; never the keys themselves."""
        return await answer(
            lambda: {"keys": [key_document(key, clock()) for key in control.api_keys() if _is_within(by, key.projects)]}
        )

    @app.post("/v1/keys", status_code=201)
    async def create(by: Admin, wish: KeyWish) -> Response:
        """Make a key. It is in `key` of this answer, and can never be asked for again."""
        if not _is_within(by, wish.projects):
            raise HTTPException(HTTPStatus.FORBIDDEN, f"key {by.key_id} may make keys for its own projects only")

        def ask() -> dict[str, Any]:
            expires = wish.expires.timestamp() if wish.expires else None
            made = control.create_key(name=wish.name, projects=wish.projects, scopes=wish.scopes, expires=expires)
            return new_key_document(made)

        answered = await answer(ask)
        answered.status_code = HTTPStatus.CREATED
        return answered

    @app.delete("/v1/keys/{key_id}")
    async def revoke(by: Admin, key_id: str) -> Response:
        """Revoke a key, by its whole id. It stays in the list."""

        def ask() -> dict[str, Any]:
            _key(control, by, key_id)
            control.revoke([key_id])
            return key_document(_key(control, by, key_id), clock())

        return await answer(ask)

    @app.get("/v1/projects")
    async def projects(request: Request) -> Response:
        """The projects there are, by name."""
        of: Grant | None = request.state.grant

        def ask() -> dict[str, Any]:
            mine = of.projects if of else ()
            found = [project for project in control.projects() if not mine or project.name in mine]
            return {"projects": [{"name": project.name, "created": moment(project.created)} for project in found]}

        return await answer(ask)


def _key(control: "ControlStore", by: Grant, key_id: str) -> Key:
    found = next((key for key in control.api_keys() if key.key_id == key_id), None)
    if found is None or not _is_within(by, found.projects):
        raise UnknownKeyError("there is no key of that id")  # not repeated: it may be a key itself
    return found


def _is_within(by: Grant, projects: "list[str] | tuple[str, ...]") -> bool:
    """Whether an admin key may have to do with keys of these projects; none: every project."""
    return not by.projects or (bool(projects) and set(projects) <= set(by.projects))
