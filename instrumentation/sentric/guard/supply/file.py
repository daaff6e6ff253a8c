"""The policy of a file on the disk, and of the files it names: loaded anew when one of them has changed."""

import logging
from hashlib import sha256
from pathlib import Path

from sentric.errors import PolicyError
from sentric.guard.supply.source import brief
from sentric.guard.supply.turns import Turns
from sentric.policy.files import Kept, Mark, followed, mark
from sentric.policy.loader import load_file, load_policy, with_loopback
from sentric.policy.rule import Policy

_EVERY = 1.0
"""Seconds between two looks at the files."""

_logger = logging.getLogger("sentric")


class FromFile:
    """Loads a policy now, and anew at each change; while the files are bad, what was in force before stays.

    A change is loaded when it is a look old: files that are just being written are left alone.

    Args:
        path: a policy file or a pack file.
        allow_loopback: the setting of that name.
        enforced: whether nothing is decided until the file could be loaded; otherwise the shipped rules stand in.
    """

    def __init__(self, path: Path, *, allow_loopback: bool = False, enforced: bool = False) -> None:
        self._path, self._allow_loopback, self._enforced = path.absolute(), allow_loopback, enforced
        self._policy: Policy | None = None
        self._kept = Kept()
        self._told, self._why = b"", ""
        self._read()
        self._seen = self._kept.marks
        self._turns = Turns("sentric-policy-file", self)

    @property
    def is_ready(self) -> bool:
        """It was read when this was made."""
        return True

    def current(self) -> Policy:
        """The policy in force, see `PolicySource`."""
        self._turns.start()
        if (policy := self._policy) is None:
            raise PolicyError([f"the policy cannot be loaded: {self._why}"])
        return policy

    def step(self) -> float:
        """Look whether a file has changed: the seconds until the next look."""
        now = _marks(self._kept)
        if now != self._kept.marks and now == self._seen:
            self._read()
        self._seen = now
        return _EVERY

    def _read(self) -> None:
        before, main = self._kept.texts, followed(self._path)
        self._kept = main.kept
        try:
            policy = with_loopback(load_file(main), self._allow_loopback)
            if _marks(main.kept) != main.kept.marks:
                raise PolicyError([f"{self._path}: was changed while it was read: it is read again"])
        except PolicyError as error:
            self._fail(error)
            return
        if self._policy is None or self._told or main.kept.texts != before:
            self._told = b""
            self._policy = policy
            _logger.info("sentric: the policy %s is in force, loaded from %s", policy.digest, self._path)

    def _fail(self, error: PolicyError) -> None:
        self._why = brief(error)
        told = sha256(repr((sorted(self._kept.texts.items()), str(error))).encode("utf-8", "replace")).digest()
        if told == self._told:
            return
        self._told = told
        if self._policy is not None:
            _logger.error(
                "sentric: the policy stays as it was, because the changed one cannot be loaded: %s", self._why
            )
        elif self._enforced:
            _logger.error("sentric: actions are refused, because the policy cannot be loaded: %s", self._why)
        else:
            _logger.error("sentric: the shipped rules are used, because the policy cannot be loaded: %s", self._why)
            self._policy = load_policy(allow_loopback=self._allow_loopback)


def _marks(kept: Kept) -> dict[Path, Mark]:
    return {path: mark(path) for path in kept.marks}
