"""Defaults of the OTEL_* variables for the processes of agents.

With them, plain `opentelemetry-instrument python agent.py` sends spans and log records within half a second, over
OTLP/HTTP to port 4318. Whatever the user has set stays as it is.
"""

from collections.abc import Mapping, MutableMapping, Sequence

from sentric.errors import SettingError
from sentric.settings import Settings
from sentric.tracing.limits import batch_size

_DELAY = "500"
"""Milliseconds: what a killed agent may lose."""
_LOG_RECORDS = "32"
"""Log records of a run are small, but each may carry a task."""
_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
_CHOSEN_BY_USER = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}{what}"
    for signal in ("", "TRACES_", "LOGS_", "METRICS_")
    for what in ("ENDPOINT", "PROTOCOL")
)


def apply(environ: MutableMapping[str, str], command: Sequence[str]) -> None:
    """Set the defaults in an environment.

    Args:
        environ: changed in place.
        command: the launcher's arguments; options there count as set by the user.
    """
    settings = _settings(environ)
    if settings.disabled:
        return
    environ.setdefault("OTEL_BSP_SCHEDULE_DELAY", _DELAY)
    environ.setdefault("OTEL_BLRP_SCHEDULE_DELAY", _DELAY)
    environ.setdefault("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", str(batch_size(settings)))
    environ.setdefault("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", _LOG_RECORDS)
    # An endpoint without a protocol means gRPC to the OpenTelemetry distro: leave that meaning alone.
    if not any(environ.get(name) for name in _CHOSEN_BY_USER) and not _chosen_on_command(command):
        environ.setdefault(_PROTOCOL, "http/protobuf")


def _settings(environ: Mapping[str, str]) -> Settings:
    try:
        return Settings.load(environ=environ)
    except SettingError:  # reported in the agent's process, once, by whatever is switched off because of it
        return Settings()


def _chosen_on_command(command: Sequence[str]) -> bool:
    return any(argument.startswith("--exporter_otlp") for argument in command)
