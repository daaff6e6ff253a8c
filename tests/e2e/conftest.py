from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadScopeScheduling | None":
    """With `--dist loadscope`, one worker has the tests of the demo, whose servers want the same ports each time."""
    from xdist.scheduler import LoadScopeScheduling

    class _DemoTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "demo" if "/test_demo.py::" in nodeid else nodeid

    return _DemoTogether(config, log) if config.getvalue("dist") == "loadscope" else None
