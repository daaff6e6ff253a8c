"""A control plane for a test, as a service has one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sentric.policy.bundle import load_with_bundle
from sentric.redaction import chosen_redactor
from sentric.settings import Settings
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.policies import Active, ActivePolicies, Bundle

KEY = b"k" * 32


@contextmanager
def control_plane(directory: Path, **settings: Any) -> Iterator[ControlPlane]:
    """A control plane whose state is in a directory, unless the settings say where."""
    chosen = Settings.load(environ={}, **settings)
    policy, documents = load_with_bundle(Path(chosen.policy) if chosen.policy else None)
    active = ActivePolicies(Active(policy, Bundle(documents), of_settings=True))
    with ControlPlane(
        chosen,
        directory,
        key=KEY,
        new_redactor=partial(chosen_redactor, chosen, KEY),
        active=active,
        on_keys=lambda ring: None,
    ) as plane:
        yield plane
