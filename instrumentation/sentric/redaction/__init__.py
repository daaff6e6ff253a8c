"""Secrets become fingerprints: the front door of everything that records, judges or shows text.

What is found, in which forms, and what is not caught: docs/redaction.md. Personal data is found for the rules, and
redacted only on request.
"""

from sentric.redaction.chosen import chosen_redactor
from sentric.redaction.fingerprint import FormerKey, fingerprints, former_keys, refingerprinted
from sentric.redaction.personal_data import Personal, personal, personal_kinds
from sentric.redaction.redactor import Redactor

__all__ = [
    "FormerKey",
    "Personal",
    "Redactor",
    "chosen_redactor",
    "fingerprints",
    "former_keys",
    "personal",
    "personal_kinds",
    "refingerprinted",
]
