"""People over REST: who they are."""

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Path, Response
from pydantic import ConfigDict, Field

from sentric_analyzer.api.access import WholeCaller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.problems import refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.errors import PersonRefusedError, UnknownPersonError
from sentric_analyzer.control.people import LONGEST_NAME, Role, person_document

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_Person = Annotated[str, Path(max_length=LONGEST_NAME, description="Id or name of a person.")]
_UNKNOWN = {404: "There is nobody of that id or name."}


class KnownPerson(Document):
    """Somebody who reads, approves, operates or administers."""

    id: str
    name: str
    role: Role
    created: datetime
    removed: datetime | None


class PersonList(Document):
    """Everybody there ever was, by name."""

    people: list[KnownPerson]


class PersonWish(Document):
    """Somebody to be added."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    role: Role


class RoleWish(Document):
    """Another role for somebody."""

    model_config = ConfigDict(extra="forbid")

    role: Role


def add_people(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let an app know its people. They are of all projects: so is the admin who adds them."""
    routes = Routes(app, "people", "Who reads, approves, operates and administers.")
    refuse_with(app, {PersonRefusedError: HTTPStatus.CONFLICT, UnknownPersonError: HTTPStatus.NOT_FOUND})

    @routes.get("/v1/people", needs(Scope.ADMIN), gives=PersonList)
    async def list_people(by: WholeCaller) -> Response:
        """Everybody there ever was."""
        return await answer(lambda: {"people": [person_document(person) for person in control.people.list()]})

    @routes.post(
        "/v1/people",
        needs(Scope.ADMIN),
        gives=KnownPerson,
        status=HTTPStatus.CREATED,
        errors={409: "The name is taken, or cannot be used."},
    )
    async def add_person(by: WholeCaller, wish: PersonWish) -> Response:
        """Add somebody. Keys are then made for them."""
        added = await answer(lambda: person_document(control.people.add(wish.name, wish.role, actor=by.identity)))
        added.status_code = HTTPStatus.CREATED
        return added

    @routes.put("/v1/people/{person}/role", needs(Scope.ADMIN), gives=KnownPerson, errors=_UNKNOWN)
    async def set_role(by: WholeCaller, person: _Person, wish: RoleWish) -> Response:
        """Give somebody another role: their keys can do no more than it allows, within a second."""
        return await answer(lambda: person_document(control.people.set_role(person, wish.role, actor=by.identity)))

    @routes.delete("/v1/people/{person}", needs(Scope.ADMIN), gives=KnownPerson, errors=_UNKNOWN)
    async def remove_person(by: WholeCaller, person: _Person) -> Response:
        """Remove somebody for good: their keys are worth nothing within a second."""
        return await answer(lambda: person_document(control.people.remove(person, actor=by.identity)))
