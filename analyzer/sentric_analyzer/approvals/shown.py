"""What a person is shown of a question: one screen of text, and what is said in under 20 seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """A question, in words. All of it is redacted; what the agent wrote is marked as its words."""

    title: str
    """One line."""
    text: str
    """One screen: 80 columns, 40 lines at most. Plain text."""
    spoken: str
    """At most 50 words, without what cannot be spoken."""
