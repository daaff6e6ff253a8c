from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling


IN_ANY_CASE = ("test_zero_code_shows", "test_what_is_refused_does_not_happen")
"""Tests that `make test` runs with the oldest supported version, too; the others are for `make test-frameworks`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is run with the oldest version of browser-use is, but for these, for those who have more time."""
    for item in items:
        if "e2e" in item.path.parts and "oldest" in item.name and not item.name.startswith(IN_ANY_CASE):
            item.add_marker(pytest.mark.frameworks)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadScopeScheduling | None":
    """With `--dist loadscope`, one worker has the tests of the demo, whose servers want the same ports each time."""
    from xdist.scheduler import LoadScopeScheduling

    class _DemoTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "demo" if "/test_demo.py::" in nodeid else nodeid

    return _DemoTogether(config, log) if config.getvalue("dist") == "loadscope" else None
