"""Everything the receiver counts, in one table."""

from enum import StrEnum

from sentric_analyzer.declaration import Declaration
from sentric_analyzer.receiver.exports import EXPORTS
from sentric_analyzer.receiver.refusal import Reason


class Counter(StrEnum):
    """Name of a counter."""

    REQUESTS = "sentric_receiver_requests"
    ITEMS = "sentric_receiver_items"
    BYTES = "sentric_receiver_bytes"
    DUPLICATES = "sentric_receiver_duplicates"
    INVALID = "sentric_receiver_invalid_items"
    CUT = "sentric_receiver_cut_values"
    REFUSED = "sentric_receiver_refused"


_SIGNALS = tuple(export.name for export in EXPORTS)

METRICS = {
    Counter.REQUESTS: Declaration("Requests acknowledged.", "signal", _SIGNALS),
    Counter.ITEMS: Declaration("Spans and log records made durable.", "signal", _SIGNALS),
    Counter.BYTES: Declaration("Bytes of protobuf made durable.", "signal", _SIGNALS),
    Counter.DUPLICATES: Declaration("Requests that came again; acknowledged, and not kept twice.", "signal", _SIGNALS),
    Counter.INVALID: Declaration("Spans left out because their ids are not valid.", "signal", _SIGNALS),
    Counter.CUT: Declaration("Values cut because they are longer than the limit.", "signal", _SIGNALS),
    Counter.REFUSED: Declaration("Requests refused.", "reason", tuple(Reason)),
}
