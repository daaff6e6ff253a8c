"""What the task gives the agent leave to do: effects that cannot be undone, and that nobody asked for."""

from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Effect, Message
from sentric.policy.content import Content, Reads
from sentric.policy.readers.tasks.asking import DESTROYING, Asking, forms
from sentric.policy.readers.words.lexicon import words
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

_SENDING = forms(
    "send mail email message write reply forward post publish tweet notify tell inform share invite contact submit "
    "answer respond text call announce remind ask comment schedule book order fill sign apply upload report register "
    "file thank congratulate confirm accept decline cancel create add request complain introduce update reach deliver "
    "broadcast rsvp organize arrange plan set make release open say draft prepare "
    "let give return exchange reschedule review vote raise"
) | words("sent wrote told meeting meetings")
_PAYING = forms(
    "pay buy purchase order book reserve send transfer refund donate subscribe renew rent hire checkout settle invest "
    "trade sell deposit withdraw repay upgrade charge schedule reimburse top "
    "lend bid wire approve process update modify change"
) | words("paid bought sent get payment payments bill invoice rent")
_GRANTING = forms(
    "share invite grant give add allow change reset set update create register connect install authorize enable "
    "disable remove revoke transfer promote assign unlock approve accept block ban make rotate configure setup onboard"
) | words("access permission permissions role password key member collaborator admin")
_DELEGATING = forms("handle process carry implement fulfil fulfill perform execute follow deal resolve complete finish")
"""Verbs that leave what is to be done to what the agent reads."""
_ENGLISH = words("the a an to my is are what of in and for me i you which how when who it please with on this from all")
"""Words of which one is in nearly every English task: of tasks in other languages, nothing can be told."""
_VERBS = {
    Effect.SEND: _SENDING,
    Effect.DELETE: DESTROYING | forms("archive unsubscribe return reject decline"),
    Effect.PAY: _PAYING,
    Effect.GRANT: _GRANTING,
}


@dataclass(frozen=True, slots=True)
class MandateFacts(Facts):
    """Facts about what the task asks for."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.TASK})

    unasked_effects: tuple[str, ...] = ()
    """Effects of the action that cannot be undone, and that the task has no verb for: send, delete, pay, grant. Without
    a task, none."""


_NOTHING = MandateFacts()


class Mandate(Family[MandateFacts]):
    """Compares what actions do with the verbs of the task."""

    facts = MandateFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._asking = Asking()
        self._unasked: tuple[Effect, ...] = ()

    def message(self, message: Message) -> None:
        """Learn the verbs of the task."""
        if self._asking.hear(message):
            told = self._asking.says(_ENGLISH) and not self._asking.says(_DELEGATING)
            self._unasked = tuple(effect for effect, verbs in _VERBS.items() if told and not self._asking.says(verbs))

    def action(self, action: Action) -> MandateFacts:
        """Tell which effects nobody asked for."""
        found = tuple(effect.value for effect in self._unasked if effect in action.effects)
        return MandateFacts(found) if found else _NOTHING
