"""What a language model had said of an action when people were asked about it: it is not asked again about the same."""

import json
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select

from sentric.events import Score
from sentric.policy.rule import Decision
from sentric_analyzer.control.approval import State
from sentric_analyzer.control.rulings import Wish, kept_score
from sentric_analyzer.control.tables import APPROVALS

_TO_BE_USED = select(APPROVALS.c.request).where(
    APPROVALS.c.id == bindparam("of_approval"), APPROVALS.c.binding == bindparam("of_binding")
)
_IS_OPEN = APPROVALS.c.state.in_((State.PENDING, State.APPROVED)) & APPROVALS.c.consumed.is_(None)
_LAST = (
    select(APPROVALS.c.request)
    .where(APPROVALS.c.project == bindparam("of_project"), APPROVALS.c.agent_id == bindparam("of_agent"))
    .where(APPROVALS.c.binding == bindparam("of_binding"), APPROVALS.c.requester == bindparam("of_requester"))
    .where(or_(APPROVALS.c.state == State.DENIED, _IS_OPEN & (APPROVALS.c.expires > bindparam("now"))))
    .order_by(APPROVALS.c.created.desc())
    .limit(1)
)


def score_known(connection: Connection, wish: Wish, now: float) -> Score | None:
    """The score that holds for an action without a model being asked; None: there is none.

    With an approval that is to be used, it is the one that the approval was asked with. Without one, it is that on
    account of which people were asked about this very action, as long as they have not answered, and when they have
    denied it: who asks again and again must not get a better score for that.

    Args:
        connection: of the database.
        wish: the action.
        now: Unix seconds.
    """
    if wish.approval_id:
        return _score(connection, _TO_BE_USED, of_approval=wish.approval_id, of_binding=wish.binding)
    about = {"of_project": wish.project, "of_agent": wish.agent_id, "of_binding": wish.binding}
    score = _score(connection, _LAST, **about, of_requester=wish.requester, now=now)
    return score if score is not None and score.decision is Decision.ASK else None


def _score(connection: Connection, asked: Select[Any], **about: object) -> Score | None:
    request: str | None = connection.execute(asked, about).scalar_one_or_none()
    return None if request is None else kept_score(json.loads(request).get("score"))
