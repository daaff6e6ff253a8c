"""What a model is told of an action that is refused: enough to go on, and nothing that helps it around the policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sentric.errors import ActionBlocked
from sentric.policy.rule import Decision
from sentric.policy.verdict import ALLOW, Match, Verdict

RULES_TOLD = 3
"""Most rules that are named; who has broken more is helped by none of them."""
_REASON_LIMIT = 300
"""Characters of what a person said."""


class Cause(StrEnum):
    """Why an action is refused, or is done although something was not as it should be."""

    RULE = "rule"
    """A rule blocks it."""
    DENIED = "denied"
    """A person was asked and said no, or said nothing in time."""
    NOBODY = "nobody_to_ask"
    """A person would have to be asked, and there is no way to ask."""
    STOPPED = "stopped"
    """An operator has stopped the agent."""
    SHUT_DOWN = "shut_down"
    """The agent was refused too often."""
    SERVICE = "service"
    """The service refuses it, for a reason of its own."""
    CHANGED = "changed"
    """It is another one by now than was decided about."""
    WITHDRAWN = "withdrawn"
    """Whoever wanted it gave up, or its run has ended, before it was decided about."""
    UNDECIDED = "undecided"
    """It could not be judged."""
    UNVERIFIED = "unverified"
    """It could not be made sure that the agent may go on."""
    UNRECORDED = "unrecorded"
    """What was decided could not be kept."""


_WHY = {
    Cause.DENIED: "A person was asked, and did not approve it.",
    Cause.NOBODY: "A person has to approve it, and nobody can be asked now.",
    Cause.STOPPED: "An operator has stopped this agent. Nothing it wants is done any more.",
    Cause.SHUT_DOWN: "This agent was refused too often and is shut down. Nothing it wants is done any more.",
    Cause.CHANGED: "It was not the same any more when it was about to be done.",
    Cause.WITHDRAWN: "It was given up, or its run has ended, before it was decided about.",
    Cause.UNDECIDED: "Whether it may be done could not be decided.",
    Cause.UNVERIFIED: "Whether this agent may still do it could not be made sure of.",
    Cause.UNRECORDED: "It could not be recorded, and nothing is done that is not.",
}
_ON = "Do not try to reach the same in another way. Go on with the rest of the task, or say that this is not allowed."
_LATER = "It may be tried again later. Until then go on with the rest of the task, or say that this could not be done."
_END = "End now, and say so."
_INSTEAD = {
    Cause.STOPPED: _END,
    Cause.SHUT_DOWN: _END,
    Cause.CHANGED: _LATER,
    Cause.UNVERIFIED: _LATER,
    Cause.UNRECORDED: _LATER,
}
_FINAL = frozenset({Cause.STOPPED, Cause.SHUT_DOWN})
_LAST = "It was refused too often: from now on nothing it wants is done. End now, and say so."


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An action that is not done, and what its model is told."""

    text: str
    reason: str
    """Why, in one sentence: a part of the text."""
    tool: str = ""
    cause: Cause
    decision: Decision = Decision.BLOCK
    """Of the rules."""
    rules: tuple[str, ...] = ()
    """Ids of those that blocked it, or wanted a person to be asked."""
    final: bool = False
    """Whether everything else the agent wants is refused too, so that its run had better end."""

    @property
    def told(self) -> str:
        """For the log of the agent's program: without what its model may do instead."""
        return f"{self.tool or 'an action'} was refused. {self.reason}"

    def error(self) -> ActionBlocked:
        """The same as an exception, for those who cannot give a model a text."""
        return ActionBlocked(self.text, self.reason, self.decision.value, self.rules, final=self.final)


UNDECIDED = Refusal(text=f"Refused. {_WHY[Cause.UNDECIDED]} {_ON}", reason=_WHY[Cause.UNDECIDED], cause=Cause.UNDECIDED)
"""What stands until something else is decided, and where that fails."""


def refusal(
    cause: Cause, tool: str = "", verdict: Verdict = ALLOW, said: str = "", *, is_last: bool = False
) -> Refusal:
    """Put a refusal into words.

    Args:
        cause: why.
        tool: its name, redacted.
        verdict: of the rules.
        said: what the service or a person says of it, redacted.
        is_last: whether the agent is shut down by it.
    """
    stood_in_the_way = [match for match in verdict.matches if match.decision.rank() >= Decision.ASK.rank()]
    strongest = [match for match in stood_in_the_way if match.decision is verdict.decision]
    reason = _WHY.get(cause, "")
    if cause in (Cause.RULE, Cause.SERVICE):
        reason = _named(strongest) if cause is Cause.RULE or not said else f"{_one_line(said)}."
    elif cause is Cause.DENIED and said:
        reason = f"{reason} They said: {_one_line(said)}"
    subject = f"{_one_line(tool)} was refused." if tool else "Refused."
    return Refusal(
        text=f"{subject} {reason} {_LAST if is_last else _INSTEAD.get(cause, _ON)}",
        reason=reason,
        tool=_one_line(tool),
        cause=cause,
        decision=verdict.decision,
        rules=tuple(match.rule.id for match in stood_in_the_way),
        final=is_last or cause in _FINAL,
    )


def _named(matches: Iterable[Match]) -> str:
    """The rules by their titles and ids: what they look for is the policy's own business."""
    named = [f"{match.rule.title} ({match.rule.id})" for match in matches][:RULES_TOLD]
    return f"The security policy does not allow it: {'; '.join(named)}." if named else "The policy does not allow it."


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:_REASON_LIMIT]).strip(" .")
