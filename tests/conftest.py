import os

import pytest
from hypothesis import settings

# Examples are drawn anew at each run by hand, and are always the same in CI, where there are a fifth as many: what
# fails there fails again here.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=20)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are looked for in one directory only, so that nothing else need be collected for them."""
    for item in items:
        if item.get_closest_marker("browser") and "e2e" not in item.path.parts:
            raise pytest.UsageError(f"{item.nodeid}: tests with a browser belong into tests/e2e")
