"""What is said on the phone, and what is understood of what people say. Pure."""

import re
from enum import StrEnum

LEAST_CONFIDENCE = 0.6
"""Of a transcription, from 0 to 1: a word that was understood less well than this is no answer. Some engines tell none.

Not measured: it keeps out what an engine itself calls a guess.
"""
LONGEST_TEXT = 2800
"""Characters of what is spoken at once: Telnyx takes 3,000."""

MENU = "To approve, press 1. To ask a question, press 2. To deny, press 9."
CONFIRM = "Do you approve? Say yes or no, or press 1 to approve, 2 for another question, 9 to deny."
ASK = "Ask your question now."
NO_MORE_QUESTIONS = "There is no more time for questions."
PROVE = "This is Sentric, with a question for you. To hear it, press 5."
NOT_UNDERSTOOD = "I did not understand that."
NOBODY = "I heard no answer, so nothing is approved. Goodbye."

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FILLING = frozenset({"um", "uh", "erm", "well", "okay", "ok", "please", "thanks", "sentric"})
_YES = frozenset(
    {"yes", "yes yes", "yes i do", "yes i approve", "i approve", "approve", "approved", "yes approve", "yes approve it"}
    | {"approve it", "i approve it", "yes i approve it", "yes i approve that", "i approve that"}
)
_NO = frozenset(
    {"no", "no no", "nope", "no i don't", "no i do not", "deny", "denied", "i deny", "no deny", "no deny it", "deny it"}
    | {"i deny it", "do not approve", "don't approve", "i don't approve", "i do not approve", "reject", "reject it"}
)


class Meant(StrEnum):
    """What somebody says of a question that is answered by yes or no."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def meant(transcript: str, confidence: float | None) -> Meant:
    """What somebody means.

    Nothing but the whole of what was said counts: a yes within a sentence is none.

    Args:
        transcript: what the other side says it has heard.
        confidence: how sure it is, from 0 to 1; None where it does not say.
    """
    if confidence is not None and not LEAST_CONFIDENCE <= confidence <= 1.0:
        return Meant.UNCLEAR
    if "?" in transcript:
        return Meant.UNCLEAR
    words = (word.replace("’", "'") for word in _WORD.findall(transcript.casefold()))
    said = " ".join(word for word in words if word not in _FILLING)
    if said in _YES:
        return Meant.YES
    return Meant.NO if said in _NO else Meant.UNCLEAR
