"""Secrets become fingerprints: the front door of everything that records, judges or shows text.

What is not caught: half of a secret, a paraphrase, a weak password without a name beside it, encodings of encodings.
Personal data is not redacted.
"""

from sentric.redaction.fingerprint import fingerprints
from sentric.redaction.redactor import Redactor

__all__ = ["Redactor", "fingerprints"]
