"""All of Sentric's instrumentors at once, for a program that must not run without them."""

import logging
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeGuard

from sentric import instrumentors
from sentric.errors import SentricError
from sentric.instrumentors._instrumentor import FrameworkInstrumentor, GuardError
from sentric.settings import Settings, is_to_be_enforced

_logger = logging.getLogger("sentric")


def instrument() -> None:
    """Guard every framework that Sentric knows, or raise: for the first lines of a program that must not run unguarded.

    What is guarded already, by `opentelemetry-instrument` or an earlier call, stays as it is; what could not be is
    tried again. Nothing of a framework is imported. `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` does not count here.

    Where nothing is to be enforced, it raises nothing: what is in the way is logged in one line.

    Raises:
        SentricError: verdicts are to be enforced, and a setting cannot be used, or a framework cannot be guarded.
    """
    enforced = is_to_be_enforced()
    try:
        settings = Settings.load()
        enforced = settings.mode == "enforce"
        if not settings.disabled:
            _instrument_all()
    except SentricError as error:
        if enforced:
            raise
        _logger.error("sentric: not everything is observed: %s", error)


def own() -> Iterator[type[FrameworkInstrumentor]]:
    """Every instrumentor in this package; found here, as the entry points of an old installation may lack some."""
    for found in iter_modules(instrumentors.__path__, f"{instrumentors.__name__}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            module = import_module(found.name)
            yield from (one for one in vars(module).values() if _is_instrumentor(one) and one.__module__ == found.name)


def _is_instrumentor(found: object) -> TypeGuard[type[FrameworkInstrumentor]]:
    return isinstance(found, type) and issubclass(found, FrameworkInstrumentor)


def _instrument_all() -> None:
    """Try all of them, so that one that fails takes no other with it."""
    failed: list[Exception] = []
    for kind in own():
        try:
            instrumentor = kind()
            if not instrumentor.is_instrumented_by_opentelemetry:
                instrumentor.instrument(skip_dep_check=True)
        except Exception as error:  # noqa: BLE001  # the first is raised, when all were tried
            failed.append(error)
    for first in failed:
        if isinstance(first, SentricError):
            raise first
        raise GuardError(f"sentric: frameworks cannot be guarded: {type(first).__name__}: {first}") from first
