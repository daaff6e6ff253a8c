"""What a person is shown of an approval, with what the control store knows of its agent: for every channel the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentric.policy.rule import Decision
from sentric_analyzer.approvals.question import Question, said
from sentric_analyzer.approvals.shown import MOST_PAST, Past, Shown, shown
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Approval, State
from sentric_analyzer.control.errors import UnknownAgentError

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_ENDED = tuple(state for state in State if state is not State.PENDING)


def shown_of(control: "ControlStore", approval: Approval) -> Shown:
    """What a person is shown of an approval, as things stand now.

    Raises:
        ControlError: the database does not answer.
    """
    history = sorted((*_blocked(control, approval), *_answered(control, approval)), reverse=True)
    return shown(approval, _agent(control, approval), history[:MOST_PAST], now=control.changes.clock())


def _agent(control: "ControlStore", approval: Approval) -> Agent | None:
    try:
        found = control.agents.find(approval.agent_id, projects=(approval.project,))
    except UnknownAgentError:
        return None
    return next((agent for agent in found if agent.agent_id == approval.agent_id), None)


def _blocked(control: "ControlStore", approval: Approval) -> list[Past]:
    """What the policy alone has refused last."""
    kept = control.decisions.page(
        projects=(approval.project,), agent_id=approval.agent_id, decision=Decision.BLOCK, limit=MOST_PAST
    )
    answers = [(one.time, one.document["answer"]) for one in kept]
    return [
        Past(time, "blocked", str(answer["action"]), _ids(answer["rules"]))
        for time, answer in answers
        if not answer["approval_id"]
    ]


def _answered(control: "ControlStore", approval: Approval) -> list[Past]:
    """What people were asked last, and what became of it."""
    before = control.approvals.page(
        projects=(approval.project,), states=_ENDED, agent_id=approval.agent_id, limit=MOST_PAST + 1
    )
    return [
        Past(
            one.ended or one.created,
            one.state.value,
            said(one.request, "tool"),
            _ids(Question(one.request).each("rules")),
        )
        for one in before
        if one.approval_id != approval.approval_id
    ]


def _ids(rules: Sequence[object]) -> tuple[str, ...]:
    return tuple(said(rule, "id") for rule in rules if isinstance(rule, dict))
