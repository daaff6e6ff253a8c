"""Policies over REST: every version there ever was, what was in force when, and what is different."""

import math
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Response

from sentric.policy.difference import difference
from sentric.policy.rule import Policy
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.cursors import CursorError, cursor_of, cursor_to_text
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.one_project import OneProject
from sentric_analyzer.api.parameters import After, Limit, Projects
from sentric_analyzer.api.policy_documents import (
    LARGEST_VERSION,
    Activations,
    PolicyDifference,
    PolicyVersions,
    VersionNumber,
    WholePolicyVersion,
    activation_document,
    version_document,
)
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.api.rule_documents import plain, rule_document
from sentric_analyzer.control import Scope
from sentric_analyzer.control.policies import OWN, About, Policies, VersionPlace, checked
from sentric_analyzer.deciding.in_force import InForce

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_Version = Annotated[
    int | None, Query(ge=0, le=LARGEST_VERSION, description="A version; 0: the policy of the service's settings.")
]


def add_policies(app: FastAPI, control: "ControlStore", in_force: InForce, answer: Answer, loading: Answer) -> None:
    """Let an app show policies.

    Args:
        app: is added to.
        control: where policies are kept.
        in_force: what is in force now.
        answer: answers what needs no policy to be loaded.
        loading: answers what does: it takes long.
    """
    routes = Routes(app, "policies", "The policies of projects: every version, and which is in force.")
    policies = control.policies
    unknown = {404: "There is no such project, or version."}

    @routes.get("/v1/policies", needs(Scope.READ), gives=PolicyVersions)
    async def list_policies(projects: Projects, after: After = None, limit: Limit = 50) -> Response:
        """The newest versions, without their files."""
        place = _version_place(after)

        def ask() -> dict[str, Any]:
            found = policies.page(projects=projects, after=place, limit=limit)
            active = policies.latest(sorted({about.project for about in found}))
            end = (float(found[-1].created), found[-1].project, found[-1].version) if len(found) == limit else None
            documents = [version_document(about, active.get(about.project)) for about in found]
            return {"policies": documents, "next": cursor_to_text(end)}

        return await answer(ask)

    @routes.get("/v1/policies/activations", needs(Scope.READ), gives=Activations, errors=unknown)
    async def list_activations(project: OneProject, after: After = None, limit: Limit = 50) -> Response:
        """What was in force for a project, the latest first."""
        before = _number(after)

        def ask() -> dict[str, Any]:
            found = policies.activations(project, before=before, limit=limit)
            end = (found[-1].number,) if len(found) == limit else None
            return {"activations": list(map(activation_document, found)), "next": cursor_to_text(end)}

        return await answer(ask)

    @routes.get("/v1/policies/difference", needs(Scope.READ), gives=PolicyDifference, errors=unknown)
    async def compare_policies(project: OneProject, before: _Version = None, after: _Version = None) -> Response:
        """What is different between two versions: left out, between what is in force and the newest one."""
        return await loading(lambda: _compared(policies, in_force, project, before, after))

    @routes.get("/v1/policies/{version}", needs(Scope.READ), gives=WholePolicyVersion, errors=unknown)
    async def get_policy(project: OneProject, version: VersionNumber) -> Response:
        """A version with its files, word for word."""

        def ask() -> dict[str, Any]:
            active = policies.latest([project]).get(project)
            if version == OWN:
                mine = in_force.of_settings
                about = About(project, OWN, mine.digest, "", "", 0.0)
                return version_document(about, active) | {"documents": dict(mine.documents or {})}
            found = policies.version(project, version)
            return version_document(found, active) | {"documents": dict(found.documents)}

        return await answer(ask)


def _compared(
    policies: Policies, in_force: InForce, project: str, before: int | None, after: int | None
) -> dict[str, Any]:
    newest = policies.newest(project)
    first = _version_in_force(in_force, project) if before is None else before
    second = (newest.version if newest else OWN) if after is None else after
    found = difference(*(_loaded(policies, in_force, project, version) for version in (first, second)))
    return {
        "before": first,
        "after": second,
        "digests": list(found.digests),
        "decides_alike": found.decides_alike,
        "added": list(map(rule_document, found.added)),
        "removed": list(map(rule_document, found.removed)),
        "changes": [
            {"subject": one.subject, "field": one.field, "before": plain(one.before), "after": plain(one.after)}
            for one in found.changes
        ],
    }


def _loaded(policies: Policies, in_force: InForce, project: str, version: int) -> Policy:
    return in_force.of_settings.policy if version == OWN else checked(policies.version(project, version).documents)


def _version_in_force(in_force: InForce, project: str) -> int:
    activation = in_force.activation(project)
    return activation.version if activation else OWN


def _version_place(after: str | None) -> VersionPlace | None:
    if after is None:
        return None
    place = VersionPlace(*cursor_of(after, (float, str, int)))
    if not math.isfinite(place.time) or not place.project.isprintable():
        raise CursorError("after: is not what `next` of a page said")
    return place


def _number(after: str | None) -> int | None:
    return None if after is None else min(LARGEST_VERSION, *cursor_of(after, (int,)))
