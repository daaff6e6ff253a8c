"""One root for every error that Sentric raises on purpose."""


class SentricError(Exception):
    """Something the person at the keyboard can mend.

    The message is one line that names the thing and the cure; commands print it without a traceback.
    """


class SettingError(SentricError):
    """A setting has a value that cannot be used."""


class PolicyError(SentricError):
    """A policy cannot be loaded: every problem of the load at once, each with its file and line."""

    def __init__(self, problems: "list[str]") -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class MissingDependencyError(SentricError):
    """A command needs a package or a program that is not installed."""


class ActionBlocked(SentricError, PermissionError):  # noqa: N818  # its name says what happened: nothing failed
    """An action was refused before it was done.

    Attributes:
        reason: why, in one sentence.
        decision: of the rules: `block`, or `ask` where nobody approved it.
        rules: ids of those that stood in the way.
        final: whether everything else the agent wants is refused too: it was stopped, or is shut down.
    """

    def __init__(
        self, text: str, reason: str = "", decision: str = "block", rules: tuple[str, ...] = (), *, final: bool = False
    ) -> None:
        super().__init__(text)
        self.reason, self.decision, self.rules, self.final = reason or text, decision, rules, final
