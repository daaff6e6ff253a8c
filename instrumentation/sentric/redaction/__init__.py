"""Secrets become fingerprints: the front door of everything that records, judges or shows text.

What is not caught: half of a secret, a paraphrase, an altered spelling, a secret without a name beside it or a form of
its own, a word of plain letters in running prose, encodings of encodings.
Personal data is not redacted.
"""

from sentric.redaction.fingerprint import fingerprints
from sentric.redaction.redactor import Redactor

__all__ = ["Redactor", "fingerprints"]
