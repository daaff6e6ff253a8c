"""The redactor that settings ask for: the same in the agent's process and in the analyzer."""

from typing import TYPE_CHECKING

from sentric.redaction.fingerprint import former_keys
from sentric.redaction.personal_data import personal_kinds
from sentric.redaction.redactor import Redactor

if TYPE_CHECKING:
    from sentric.settings import Settings


def chosen_redactor(settings: "Settings", key: bytes) -> Redactor:
    """A new redactor. What one run's secrets are is no business of another's, so each run has its own.

    Args:
        settings: key, key id, former keys and the personal data that is redacted too.
        key: used where the settings name none.

    Raises:
        SettingError: a setting cannot be used.
    """
    return Redactor(
        settings.redaction_key.encode() or key,
        settings.redaction_key_id,
        former=former_keys(settings.redaction_former_keys),
        personal=personal_kinds(settings.redact_personal),
    )
