import os
import subprocess
import sys


def shown_by(code: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "SENTRIC_"))}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ).stdout


def test_importing_it_sets_the_defaults() -> None:
    code = "import os, sentric.environment; print(os.environ['OTEL_BSP_SCHEDULE_DELAY'])"
    assert shown_by(code) == "500\n"


def test_it_adds_no_option_to_the_launcher() -> None:
    code = "import sentric.environment as module; print([name for name in dir(module) if name.startswith('OTEL_')])"
    assert shown_by(code) == "[]\n"


def test_it_and_the_package_import_nothing_heavy() -> None:
    heavy = "{'opentelemetry.sdk', 'cel_expr_python', 're2', 'grpc', 'yaml', 'wrapt'}"
    code = f"import sys, sentric, sentric.environment; print(sorted({heavy} & set(sys.modules)))"
    assert shown_by(code) == "[]\n"


def test_the_facade_gives_the_monitor_when_it_is_asked_for() -> None:
    code = "import sentric; print(*(getattr(sentric, name) is not None for name in sentric.__all__))"
    assert set(shown_by(code).split()) == {"True"}
    assert shown_by("import sentric; print(sentric.SentricMonitor.__name__)") == "SentricMonitor\n"
