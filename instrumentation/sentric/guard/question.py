"""Asking whether an action may be done, for those who do it elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sentric.errors import SentricError
from sentric.guard import process
from sentric.guard.action import GuardedAction
from sentric.guard.called import Context, checked, wanted
from sentric.guard.gate import Guarded
from sentric.guard.refusal import RULES_TOLD
from sentric.policy.rule import Decision

Word = Literal["allow", "warn", "ask", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is decided about an action. It is true where the action may be done.

    Attributes:
        allowed: whether it may be done. Where nothing is enforced, always.
        decision: what the rules say, or would say where nothing is enforced.
        reason: why it is not simply allowed, in a few words; "" where it is.
        risk: of the action, 0 to 100.
        rules: ids of the rules that matched.
        final: whether everything else the agent wants is refused too: it was stopped, or is shut down.
    """

    allowed: bool
    decision: Word
    reason: str = ""
    risk: int = 0
    rules: tuple[str, ...] = ()
    final: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def evaluate(
    *,
    action: str,
    arguments: Mapping[str, Any] | None = None,
    agent_id: str = "",
    agent: str = "",
    server: str = "",
    context: Context = None,
) -> Verdict:
    """Ask whether an action may be done, without doing it. What is allowed counts as done.

    It is decided and recorded as every guarded call is: with a service, there; where a rule wants a person to be
    asked, it returns when they have answered.

    Args:
        action: its name, such as `send_mail`.
        arguments: by name.
        agent_id: what the agent's risk is kept under. Empty: that of the run the code is in, or of this process.
        agent: name of the agent, where the code is in no run.
        server: the server or toolset that the action belongs to.
        context: what is asserted about the action, such as a ticket.

    Raises:
        SentricError: `action` or `arguments` are none, or a setting cannot be used and verdicts are to be enforced.
    """
    given = arguments if arguments is not None else {}
    _checked(action, given, agent_id)
    read = partial(wanted, action, given, server=server, context=context)
    with process.action(lambda _: read(), agent=agent, agent_id=agent_id) as decided:
        return _verdict(decided)


async def aevaluate(
    *,
    action: str,
    arguments: Mapping[str, Any] | None = None,
    agent_id: str = "",
    agent: str = "",
    server: str = "",
    context: Context = None,
) -> Verdict:
    """The same as `evaluate` in asynchronous code: other tasks go on while it is decided."""
    given = arguments if arguments is not None else {}
    _checked(action, given, agent_id)
    read = partial(wanted, action, given, server=server, context=context)
    async with process.action(lambda _: read(), agent=agent, agent_id=agent_id) as decided:
        return _verdict(decided)


def _checked(action: object, arguments: object, agent_id: object) -> None:
    checked(action, arguments)
    if not isinstance(agent_id, str):
        raise SentricError(f"agent_id is a {type(agent_id).__name__}: use a text")


def _verdict(decided: Guarded) -> Verdict:
    if not isinstance(decided, GuardedAction):
        refused = decided.refusal
        return Verdict(
            allowed=refused is None,
            decision=Decision.ALLOW.value if refused is None else Decision.BLOCK.value,
            reason="" if refused is None else refused.reason,
        )
    verdict, refused = decided.verdict, decided.refusal
    decision, reason = verdict.decision, ""
    if refused is not None:
        reason = refused.reason
        if decision.rank() < Decision.ASK.rank():  # not a rule's doing
            decision = Decision.BLOCK
    elif decision is not Decision.ALLOW:
        strongest = [match.rule for match in verdict.matches if match.decision is decision]
        reason = "; ".join(f"{rule.title} ({rule.id})" for rule in strongest[:RULES_TOLD])
    return Verdict(
        allowed=refused is None,
        decision=decision.value,
        reason=reason,
        risk=verdict.risk,
        rules=tuple(match.rule.id for match in verdict.matches),
        final=refused is not None and refused.final,
    )
