"""From shadow to enforcing over REST: what each rule would have refused, and rules that are promoted or put back."""

import time
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Response
from pydantic import ConfigDict, Field

from sentric.policy.rule import Decision, Severity
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.one_project import OneProject, project_of
from sentric_analyzer.api.policy_documents import (
    LARGEST_VERSION,
    NamedProject,
    Note,
    PolicyActivation,
    activation_document,
)
from sentric_analyzer.api.problems import refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.deciding.promotions import ShadowError
from sentric_analyzer.deciding.readiness import DAYS, Advice, known_of, rollout_document, since
from sentric_analyzer.deciding.rule_changes import UnknownRuleError
from sentric_analyzer.storage import Store, StoreError

if TYPE_CHECKING:
    from sentric_analyzer.control_plane import ControlPlane

MOST_DAYS = 3650
MOST_RULES = 100
_Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="How many days are looked back.")]
_RuleIds = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=MOST_RULES)]


class Budget(Document):
    """How many agents a rule may refuse."""

    agents: int
    window: int
    """Seconds."""


class RolloutRule(Document):
    """A rule, and what it would have refused so far, or has."""

    id: str
    title: str
    severity: Severity
    decision: Decision
    """Its own, which counts when it is promoted."""
    shadow: bool
    advice: Advice
    """`ready`: it looked at enough and would have refused nothing; `too_few`: it has not looked at enough; `look`: at
    the little that it would have refused; `breaks`: it would have held up many runs."""
    looked_at: int
    """Runs that had something in them that it looks at."""
    blocks: int
    asks: int
    held: int
    """Of both, those that were held in shadow then; the others were decided so, by guards that enforce, or would have
    been, in runs that were only observed."""
    runs: int
    """How many runs these are in."""
    agents: int
    """And how many agents, by their names."""
    first: datetime | None
    last: datetime | None
    latest_runs: list[str]
    """Ids of the latest three."""
    error_budget: Budget | None
    """Null: it may refuse any number of agents."""
    turned_back: datetime | None
    """When it went over its budget; null where it did not, or somebody has decided anew about it since."""


class Rollout(Document):
    """How far a project is on its way from shadow to enforcing."""

    project: str
    version: int
    """Of the policy in force; 0: that of the service's own settings."""
    number: int
    """Of its activation, 0 before the first: `over` of a promotion."""
    digest: str
    runs: int
    """That were judged in this time."""
    agents: int
    days: int
    """Since the first of them."""
    first_run: datetime | None
    rules: list[RolloutRule]
    """Those in shadow; where none is, all that ask or block. Those that would refuse most come first."""


class ShadowWish(Document):
    """Rules that are promoted, or put back."""

    model_config = ConfigDict(extra="forbid")

    project: NamedProject = None
    """Left out: that of the key, or `default` where the key is for every project."""
    rules: _RuleIds
    """Their ids."""
    note: Note = ""
    """Why, for people."""
    over: Annotated[int | None, Field(ge=0, le=LARGEST_VERSION)] = None
    """Number of the activation that its author has seen: refused where something else is in force. Left out: whatever
    is."""


class ShadowChanged(Document):
    """A version that was made and put in force, with rules promoted or put back."""

    activation: PolicyActivation
    rules: list[RolloutRule]
    """As they were before, with what they would have refused; none where the store does not answer."""


def add_rollout(app: FastAPI, plane: "ControlPlane", store: Store, loading: Answer) -> None:
    """Let an app show what rules would have refused, and promote them.

    Args:
        app: is added to.
        plane: knows what is in force, and changes it.
        store: has the findings.
        loading: answers what loads policies.
    """
    routes = Routes(app, "policies", "The policies of projects: every version, and which is in force.")
    refuse_with(app, {ShadowError: HTTPStatus.CONFLICT})
    refuse_with(app, {UnknownRuleError: HTTPStatus.NOT_FOUND})
    refused = {404: "There is no such project or rule.", 409: "It is so already, or something else is in force by now."}

    @routes.get("/v1/policies/rollout", needs(Scope.READ), gives=Rollout, errors={404: "There is no such project."})
    async def get_rollout(project: OneProject, days: _Days = DAYS) -> Response:
        """What the rules in shadow would have refused so far, and what that says.

        Where none is in shadow, all rules that ask or block.
        """
        return await loading(lambda: _rollout(project, days))

    @routes.post("/v1/policies/promote", needs(Scope.ADMIN), gives=ShadowChanged, errors=refused)
    async def promote_rules(by: Caller, wish: ShadowWish) -> Response:
        """Let rules of the policy in force decide: a new version without them in shadow, put in force at once."""
        return await loading(lambda: _changed(by, wish, shadow=False))

    @routes.post("/v1/policies/shadow", needs(Scope.ADMIN), gives=ShadowChanged, errors=refused)
    async def shadow_rules(by: Caller, wish: ShadowWish) -> Response:
        """Put rules of the policy in force into the shadow: a new version, put in force at once."""
        return await loading(lambda: _changed(by, wish, shadow=True))

    def _rollout(project: str, days: int) -> dict[str, Any]:
        activation, active = plane.in_force.current(project)
        now = time.time_ns()
        counts = store.rule_counts(project, since=since(now, days))
        turned_back = plane.store.incidents.turned_back(project)
        return rollout_document(project, active.policy, activation, counts, turned_back, now)

    def _known(project: str) -> dict[str, Any]:
        try:
            return _rollout(project, DAYS)
        except StoreError:  # a rule that does harm can be put into the shadow whatever the store does
            return {"rules": []}

    def _changed(by: Grant, wish: ShadowWish, *, shadow: bool) -> dict[str, Any]:
        project = project_of(by, wish.project)
        before = _known(project)
        _, activation = plane.promotions.change(
            project,
            wish.rules,
            shadow=shadow,
            note=wish.note,
            over=wish.over,
            actor=by.identity,
            known=known_of(before),
        )
        rules = [rule for rule in before["rules"] if rule["id"] in wish.rules]
        return {"activation": activation_document(activation), "rules": rules}
