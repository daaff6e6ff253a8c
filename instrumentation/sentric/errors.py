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
