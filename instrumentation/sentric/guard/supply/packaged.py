from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy


class Packaged:
    """The shipped packs that are on by default."""

    def __init__(self, *, allow_loopback: bool = False) -> None:
        self._policy = load_policy(allow_loopback=allow_loopback)

    @property
    def is_ready(self) -> bool:
        """It is loaded."""
        return True

    def current(self) -> Policy:
        """The policy in force: it never changes."""
        return self._policy
