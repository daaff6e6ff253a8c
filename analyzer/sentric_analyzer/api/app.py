"""The REST API: what it consists of."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from sentric.errors import SentricError
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.agents import add_agents
from sentric_analyzer.api.answers import Answer, answers, quick_answers
from sentric_analyzer.api.approval_links import add_approval_links
from sentric_analyzer.api.approvals import add_approvals
from sentric_analyzer.api.audit import add_audit
from sentric_analyzer.api.backtests import add_backtests
from sentric_analyzer.api.cursors import CursorError
from sentric_analyzer.api.decisions import add_decisions
from sentric_analyzer.api.entrance import Entrance
from sentric_analyzer.api.health import add_health
from sentric_analyzer.api.incidents import add_incidents
from sentric_analyzer.api.keys import add_keys
from sentric_analyzer.api.openapi import add_description
from sentric_analyzer.api.origins import let_ask
from sentric_analyzer.api.people import add_people
from sentric_analyzer.api.policies import add_policies
from sentric_analyzer.api.policy_changes import add_policy_changes
from sentric_analyzer.api.policy_problems import add_policy_problems
from sentric_analyzer.api.policy_supply import add_policy_supply
from sentric_analyzer.api.problems import add_problems, refuse_with
from sentric_analyzer.api.rollout import add_rollout
from sentric_analyzer.api.routes import open_paths
from sentric_analyzer.api.rules import add_rule_changes, add_rules
from sentric_analyzer.api.runs import add_runs
from sentric_analyzer.api.signing_in import add_signing_in
from sentric_analyzer.api.streams import add_streams
from sentric_analyzer.api.webhooks import add_webhooks
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.deciding.rule_changes import RuleChanges
from sentric_analyzer.storage import Store, StoreAwayError

if TYPE_CHECKING:
    from sentric_analyzer.control_plane import ControlPlane

CONCURRENCY = 4
"""Requests that may ask the store at once; more wait for one another."""
DECIDING = 2
"""Decisions, approvals and changes of agents that may be worked on at once: none of them waits for a long query."""
SCORING = 32
"""Decisions that may wait for a language model at once."""
MANAGING = 2
"""Changes of keys and people that may be worked on at once: a key is revoked whatever others ask for."""
LINKED = 2
"""Links that may be looked at or answered at once: anybody may ask, and holds up nobody who has a key."""
LOADING = 2
"""Policies that may be loaded at once for requests: it takes the processor for a good while."""

_STATUSES: dict[type[Exception], int] = {
    CursorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SentricError: HTTPStatus.INTERNAL_SERVER_ERROR,
    StoreAwayError: HTTPStatus.SERVICE_UNAVAILABLE,
    ControlError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What errors that may come from anywhere are answered with; the others stand with the routes they come from."""


def create_app(
    store: Store,
    readiness: Callable[[], str],
    metrics: Callable[[], bytes] = bytes,
    *,
    access: Access,
    plane: "ControlPlane | None" = None,
    origins: tuple[str, ...] = (),
) -> FastAPI:
    """The API over a store.

    Args:
        store: where the answers come from; asked in threads, never on the event loop.
        readiness: says why the service is not ready, and nothing while it is.
        metrics: the service's own counters, in the Prometheus text format.
        access: decides who may ask, before anything else is looked at.
        plane: decides, and knows who may do what; without it there is only reading.
        origins: those whose pages a browser may let ask.

    Raises:
        TypeError: a route does not say what it needs.
    """
    app = FastAPI(title="Sentric", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.access = access
    add_problems(app)
    refuse_with(app, _STATUSES)
    answer = answers(CONCURRENCY)
    add_health(app, readiness, metrics)
    add_runs(app, store, answer)
    app.state.on_end = lambda: None
    if plane is not None:
        _add_control(app, plane, store, answer)
        app.state.on_end = plane.feed.end
    add_description(app)
    app.add_middleware(Entrance, access=access, open_paths=open_paths(app))
    if origins:
        let_ask(app, origins)
    return app


def _add_control(app: FastAPI, plane: "ControlPlane", store: Store, answer: Answer) -> None:
    control, deciding = plane.store, quick_answers(DECIDING)
    add_decisions(app, control, plane.decider, deciding, quick_answers(SCORING))
    add_approvals(app, control, plane.feed, deciding)
    add_approval_links(app, control, quick_answers(LINKED))
    add_agents(app, control, deciding)
    add_incidents(app, control, answer)
    add_audit(app, control, plane.checkpoints, plane.signer, answer)
    add_backtests(app, control, answer)
    managing = quick_answers(MANAGING)
    add_people(app, control, managing)
    add_signing_in(app, control, managing)
    add_keys(app, control, managing)
    add_policy_problems(app)
    add_policy_supply(app, control, plane.in_force, plane.signer, deciding)
    loading = answers(LOADING)
    add_rollout(app, plane, store, loading)
    add_policies(app, control, plane.in_force, answer, loading)
    add_policy_changes(app, control, loading)
    rules = RuleChanges(control.policies, plane.in_force)
    add_rules(app, rules, loading)
    add_rule_changes(app, control, rules, loading)
    add_streams(app, control, plane.feed, plane.standing)
    add_webhooks(app, lambda: plane.telephone, deciding)


def published_description() -> dict[str, Any]:
    """The description of the whole API, as OpenAPI, without a service that would answer."""
    stand_in: Any = _StandIn()
    return create_app(stand_in, str, access=Access(lambda: None, key_needed=True), plane=stand_in).openapi()


class _StandIn:
    """In place of every part: nothing is asked of any while routes are declared."""

    def __getattr__(self, name: str) -> "_StandIn":
        return self
