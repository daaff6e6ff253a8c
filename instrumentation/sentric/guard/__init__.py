"""The enforcement point. Called, the package is the decorator `sentric.guard`: both have the name."""

import sys
from types import ModuleType
from typing import Any


class _Guard(ModuleType):
    """A package that may be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from sentric.guard.functions import guard

        return guard(*args, **kwargs)


sys.modules[__name__].__class__ = _Guard
