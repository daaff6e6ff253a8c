"""What a process judges and redacts with: made once, at the first run, so that starting a program stays light."""

import secrets
from pathlib import Path

from sentric.errors import SettingError
from sentric.forks import process_lock
from sentric.guard.supply.file import FromFile
from sentric.guard.supply.packaged import Packaged
from sentric.guard.supply.source import PolicySource
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.policy.signature import check_policy_key
from sentric.redaction import Redactor, chosen_redactor
from sentric.settings import Settings

SERVICE = "service"
"""In place of the path of a policy file: the policy that is in force in the service."""
_SOURCES_KEPT = 8
"""Different settings whose sources are kept ready."""

_process_key = secrets.token_bytes(32)


_made: dict[Settings, PolicySource] = {}
_making = process_lock()


def redactor(settings: Settings) -> Redactor:
    """A redactor for one run: what one run's secrets are is no business of another's."""
    return chosen_redactor(settings, _process_key)


def policy(settings: Settings) -> Policy:
    """The policy in force now.

    Raises:
        PolicyError: no policy may be used, see `PolicySource.current`.
    """
    return source(settings).current()


def source(settings: Settings) -> PolicySource:
    """Where the policy comes from: the same for the same settings. What is on the disk is loaded here, the first time.

    A file that cannot be loaded, or a service that gives no policy, is reported. In the mode `observe` the shipped
    rules stand in meanwhile.
    """
    relevant = _relevant(settings)
    with _making:
        if relevant not in _made:
            found = _new(settings)
            if len(_made) >= _SOURCES_KEPT:
                del _made[next(iter(_made))]
            _made[relevant] = found
        return _made[relevant]


def check_policy(settings: Settings) -> None:
    """Make sure that the settings name a policy that can be had, as far as it is here.

    Raises:
        SentricError: it cannot be loaded, or what is needed to ask the service for it is not there.
    """
    if not _is_of_service(settings):
        load_policy(Path(settings.policy) if settings.policy else None)
        return
    check_policy_key(settings.policy_key)
    if not settings.url:
        raise SettingError("policy is 'service', and url is empty: give SENTRIC_URL the base URL of the service")


def _is_of_service(settings: Settings) -> bool:
    enforced_by_service = settings.mode == "enforce" and settings.url != ""
    return settings.policy == SERVICE or (settings.policy == "" and enforced_by_service)


def _relevant(settings: Settings) -> Settings:
    """The settings that a source is made by."""
    if _is_of_service(settings):
        return Settings(
            mode=settings.mode,
            allow_loopback=settings.allow_loopback,
            project=settings.project,
            url=settings.url,
            api_key=settings.api_key,
            policy=SERVICE,
            policy_key=settings.policy_key,
            guard_dir=settings.guard_dir,
            decide_timeout=settings.decide_timeout,
        )
    if settings.policy:
        path = str(Path(settings.policy).absolute())
        return Settings(mode=settings.mode, allow_loopback=settings.allow_loopback, policy=path)
    return Settings(allow_loopback=settings.allow_loopback)


def _new(settings: Settings) -> PolicySource:
    if _is_of_service(settings):
        from sentric.guard.supply.fetching import from_service  # only who has a service needs a link to it

        return from_service(settings)
    if settings.policy:
        enforced = settings.mode == "enforce"
        return FromFile(Path(settings.policy), allow_loopback=settings.allow_loopback, enforced=enforced)
    return Packaged(allow_loopback=settings.allow_loopback)
