from typing import Protocol

from sentric.policy.rule import Policy


class PolicySource(Protocol):
    """Gives the policy in force. Any thread may ask it, and so may a process that was forked."""

    @property
    def is_ready(self) -> bool:
        """Whether `current` gives a policy, or says why there is none, without waiting for anybody."""
        ...

    def current(self) -> Policy:
        """The policy in force now: whole, and the same object until it changes.

        Nothing is read from a disk or a network meanwhile.

        Raises:
            PolicyError: no policy may be used, which only happens where policies are enforced; the message says why.
        """
        ...


def brief(error: Exception) -> str:
    """What is wrong in one line: the first of the problems, and how many there are besides."""
    first, *more = str(error).splitlines() or [type(error).__name__]
    return f"{first} (and {len(more)} more)" if more else first
