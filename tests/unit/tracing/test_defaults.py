import pytest

from sentric.tracing.defaults import apply

DEFAULTS = {
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_BLRP_SCHEDULE_DELAY": "500",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10",
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "32",
}


def applied(environ: dict[str, str], *command: str) -> dict[str, str]:
    changed = dict(environ)
    apply(changed, command)
    return {name: value for name, value in changed.items() if name not in environ}


def test_plain_opentelemetry_instrument_sends_within_half_a_second_over_http() -> None:
    assert applied({}) == DEFAULTS | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}


@pytest.mark.parametrize(
    "name",
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    ],
)
def test_an_endpoint_or_protocol_of_the_users_keeps_its_meaning(name: str) -> None:
    assert applied({name: "grpc"}) == DEFAULTS


def test_an_option_of_the_launcher_counts_as_set_by_the_user() -> None:
    assert applied({}, "--exporter_otlp_endpoint", "http://localhost:4317", "python", "agent.py") == DEFAULTS


def test_what_the_user_has_set_stays() -> None:
    assert "OTEL_BSP_SCHEDULE_DELAY" not in applied({"OTEL_BSP_SCHEDULE_DELAY": "9000"})


def test_larger_captures_go_out_in_smaller_batches() -> None:
    assert applied({"SENTRIC_PAGE_LIMIT": "1000000"})["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] == "1"


def test_switched_off_it_sets_nothing_and_a_wrong_setting_stops_nothing() -> None:
    assert applied({"SENTRIC_DISABLED": "true"}) == {}
    assert applied({"SENTRIC_PAGE_LIMIT": "wide"})["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] == "10"
