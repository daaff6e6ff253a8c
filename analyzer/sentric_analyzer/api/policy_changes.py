"""Changing policies over REST. Nothing that does not load is ever kept, or put in force."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response

from sentric.errors import PolicyError
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.one_project import project_of
from sentric_analyzer.api.policy_documents import (
    ActivationWish,
    PolicyActivation,
    PolicyTexts,
    PolicyWish,
    SavedPolicy,
    Validation,
    VersionNumber,
    activation_document,
    version_document,
)
from sentric_analyzer.api.policy_problems import MOST_PROBLEMS, problem_documents
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.policies import checked

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

POLICY_BODY = 4 << 20
"""Bytes of a request that holds a policy."""


def add_policy_changes(app: FastAPI, control: "ControlStore", loading: Answer) -> None:
    """Let an app keep policies and put them in force.

    Args:
        app: is added to.
        control: where policies are kept.
        loading: answers what loads policies.
    """
    routes = Routes(app, "policies", "The policies of projects: every version, and which is in force.")
    policies = control.policies
    unknown = {404: "There is no such project, or version."}
    refused = {422: "It cannot be loaded: everything that is wrong, each with its file and line."}

    @routes.post(
        "/v1/policies",
        needs(Scope.ADMIN),
        gives=SavedPolicy,
        status=HTTPStatus.CREATED,
        errors={404: "There is no such project.", 409: "Somebody else has made a version since `base`."} | refused,
        body_limit=POLICY_BODY,
    )
    async def save_policy(by: Caller, wish: PolicyWish) -> Response:
        """Keep a new version of a project's policy; it takes the place of all files of the one before it.

        What cannot be loaded is refused, with everything that is wrong. Where the newest version is the same word for
        word, it is answered, and nothing is kept. It decides nothing before it is activated.
        """
        project = project_of(by, wish.project)

        def ask() -> dict[str, Any]:
            author = by.identity
            made = policies.save(project, wish.given(), note=wish.note, base=wish.base, actor=author)
            now = policies.activate(project, made.version, note=wish.note, actor=author) if wish.activate else None
            active = now or policies.latest([project]).get(project)
            return {**version_document(made, active), "activation": activation_document(now) if now else None}

        answered = await loading(ask)
        answered.status_code = HTTPStatus.CREATED
        return answered

    @routes.post(
        "/v1/policies/validate",
        needs(Scope.OPERATE),
        gives=Validation,
        body_limit=POLICY_BODY,
    )
    async def validate_policy(texts: PolicyTexts) -> Response:
        """Whether a policy can be loaded, and everything that is wrong with it. Nothing is kept."""
        return await loading(lambda: _validation(texts.given()))

    @routes.post("/v1/policies/roll-back", needs(Scope.ADMIN), gives=PolicyActivation, errors=unknown | refused)
    async def roll_back_policy(by: Caller, wish: ActivationWish) -> Response:
        """Put in force again what was before the version that is in force now."""
        project = project_of(by, wish.project)
        return await loading(
            lambda: activation_document(policies.roll_back(project, note=wish.note, actor=by.identity))
        )

    @routes.post(
        "/v1/policies/{version}/activate", needs(Scope.ADMIN), gives=PolicyActivation, errors=unknown | refused
    )
    async def activate_policy(by: Caller, version: VersionNumber, wish: ActivationWish) -> Response:
        """Put a version in force; 0 for the policy of the service's own settings."""
        project = project_of(by, wish.project)
        return await loading(
            lambda: activation_document(policies.activate(project, version, note=wish.note, actor=by.identity))
        )


def _validation(documents: Mapping[str, str]) -> dict[str, Any]:
    try:
        policy = checked(documents)
    except PolicyError as error:
        more = max(0, len(error.problems) - MOST_PROBLEMS)
        return {"valid": False, "digest": None, "rules": 0, "problems": problem_documents(error), "more": more}
    return {"valid": True, "digest": policy.digest, "rules": len(policy.rules), "problems": [], "more": 0}
