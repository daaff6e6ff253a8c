"""What a process judges and redacts with: made once, at the first run, so that starting a program stays light."""

import logging
import secrets
import threading
from functools import lru_cache
from pathlib import Path

from sentric.errors import PolicyError
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.redaction import Redactor, chosen_redactor
from sentric.settings import Settings

_logger = logging.getLogger("sentric")
_process_key = secrets.token_bytes(32)
_lock = threading.Lock()


def redactor(settings: Settings) -> Redactor:
    """A redactor for one run: what one run's secrets are is no business of another's."""
    return chosen_redactor(settings, _process_key)


def policy(settings: Settings) -> Policy:
    """The policy in force. A policy file that cannot be loaded is reported, and the shipped rules stand in for it."""
    with _lock:
        return _policy(settings.policy, settings.allow_loopback)


@lru_cache(maxsize=8)
def _policy(path: str, allow_loopback: bool) -> Policy:
    try:
        return load_policy(Path(path) if path else None, allow_loopback=allow_loopback)
    except PolicyError as error:
        if not path:
            raise
        _logger.error("sentric: the shipped rules are used, because the policy cannot be loaded: %s", error)
        return load_policy(allow_loopback=allow_loopback)
