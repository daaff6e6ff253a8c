"""Log records that leave at once, while the spans they belong to are still open."""

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.trace import Span, set_span_in_context

from sentric import semconv
from sentric.policy.verdict import Verdict
from sentric.tracing.attributes import Attributes


def emit(
    logger: Logger, name: str, span: Span, time: int, attributes: Attributes, verdict: Verdict | None = None
) -> None:
    """Send an event.

    Args:
        logger: where to.
        name: one of `semconv.EVENT_*`.
        span: the open span it belongs to.
        time: when it happened, Unix nanoseconds.
        attributes: what it says.
        verdict: gives the record its severity; without one it is information.
    """
    severity = None if verdict is None else verdict.severity
    logger.emit(
        LogRecord(
            timestamp=time,
            observed_timestamp=time,
            context=set_span_in_context(span),
            severity_number=SeverityNumber.INFO if severity is None else SeverityNumber(severity.number),
            severity_text="INFO" if severity is None else severity.value.upper(),
            body=_BODIES[name],
            attributes={semconv.SENTRIC_SCHEMA_VERSION: semconv.SCHEMA_VERSION, **attributes},
            event_name=name,
        )
    )


_BODIES = {
    semconv.EVENT_RUN_STARTED: "run started",
    semconv.EVENT_RUN_ENDED: "run ended",
    semconv.EVENT_VERDICT: "a rule matched",
}
