"""What a project may be called."""

DEFAULT = "default"
"""The project that is there from the start, and that a sender which names none belongs to."""
LONGEST = 64
"""Most characters of a project's name."""


def is_project_name(text: str) -> bool:
    """Whether a text may name a project: printable, so without line breaks, and not too long."""
    return 0 < len(text) <= LONGEST and text.isprintable()
