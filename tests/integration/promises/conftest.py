"""What the tests of the promises have measured is told at the end: counts, and ratios to what the same run measured."""

from collections.abc import Callable

import pytest

_MARK = "figure: "


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """Tells a figure, by what it is."""
    return lambda name, value: request.node.user_properties.append((f"{_MARK}{name}", value))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.stats.get("passed", [])
    told = [pair for report in reports for pair in report.user_properties if pair[0].startswith(_MARK)]
    if told:
        terminalreporter.section("figures of the promises")
    for name, value in told:
        terminalreporter.write_line(f"{value:10.2f}  {name.removeprefix(_MARK)}")
