"""The policy in force, as guards fetch it: signed, and not sent again where it is known."""

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Response

from sentric.errors import SentricError
from sentric.policy.files import MAIN
from sentric.policy.supply import PURPOSE, Supply
from sentric_analyzer.api.answers import Answer, json_answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.one_project import OneProject
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.errors import UnknownProjectError
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.policies import OWN, Activation
from sentric_analyzer.control.signing import Signer
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.policies import Active

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore


class ActivePolicy(Document):
    """The policy that is in force for a project."""

    project: str
    version: int
    """0: the policy of the service's own settings."""
    number: int
    """How many times something was put in force for the project: it only grows; 0 before the first."""
    digest: str
    documents: dict[str, str]
    """Names of files, and their texts."""
    main: str
    """The file that the policy begins with."""
    issued: str
    """When this was signed."""
    key_id: str
    public_key: str
    """Of the key that signed it: compare it with the one that is known, which `GET /v1/policies/key` gives."""
    signature: str
    """Ed25519 over all of this, see `sentric.policy.supply`."""


class PublicKey(Document):
    """The key that policies are signed with."""

    key_id: str
    public_key: str
    """Base64 of the 32 bytes of an Ed25519 key."""


def add_policy_supply(app: FastAPI, control: "ControlStore", in_force: InForce, signer: Signer, answer: Answer) -> None:
    """Let an app give guards the policy in force."""
    routes = Routes(app, "policies", "The policies of projects: every version, and which is in force.")

    @routes.get(
        "/v1/policies/active",
        needs(Scope.DECIDE, Scope.READ),
        gives=ActivePolicy,
        errors={304: "It is the one that If-None-Match names.", 404: "There is no such project."},
    )
    async def get_active_policy(
        project: OneProject,
        if_none_match: Annotated[str, Header(max_length=1024, description="ETags of answers that are known.")] = "",
    ) -> Response:
        """The policy that is in force for a project, signed.

        With the ETag of an answer in `If-None-Match`, it is sent again only when it has changed.
        """

        def ask() -> Response:
            activation, active = in_force.current(project)
            if activation is None and all(one.name != project for one in control.projects()):
                raise UnknownProjectError(f"there is no project {project!r}: `sentric keys list` shows those there are")
            tag = _tag(project, activation, active, signer)
            headers = {"ETag": tag, "Cache-Control": "no-cache"}
            if _names(if_none_match, tag):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            return json_answer(_signed(project, activation, active, signer, control.changes.clock()), headers=headers)

        return await answer(ask)

    @routes.get("/v1/policies/key", needs(Scope.DECIDE, Scope.READ), gives=PublicKey)
    async def get_policy_key() -> Response:
        """The key that policies are signed with."""
        return json_answer({"key_id": signer.key_id, "public_key": signer.public_key})


def _signed(project: str, activation: Activation | None, active: Active, signer: Signer, now: float) -> dict[str, Any]:
    if active.documents is None:
        raise SentricError("the files of the policy of the service's settings are not known")
    supply = Supply(
        project=project,
        version=activation.version if activation else OWN,
        number=activation.number if activation else 0,
        digest=active.digest,
        documents=active.documents,
        main=MAIN,
        issued=moment(now) or "",
        key_id=signer.key_id,
        public_key=signer.public_key,
    )
    return supply.document(signer.sign(PURPOSE, supply.message()))


def _tag(project: str, activation: Activation | None, active: Active, signer: Signer) -> str:
    """The same for all answers that say the same, whenever they were signed."""
    files = active.bundle.digest if active.bundle else ""
    stated = (project, activation.number if activation else 0, active.digest, files, signer.key_id)
    return f'W/"{sha256(repr(stated).encode()).hexdigest()[:32]}"'


def _names(if_none_match: str, tag: str) -> bool:
    """Whether a header names a tag, as weakly as RFC 9110 has it."""
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in named or tag.removeprefix("W/") in named
