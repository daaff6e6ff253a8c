"""What spans say of the traces that a sampler left out."""

import re
from collections.abc import Iterable

from sentric_analyzer.spans import Span

_THRESHOLD = re.compile(r"(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:;|,|\s|$)")
"""OpenTelemetry's threshold in a W3C trace state: the share that is left out, as the first digits of 56 bits in hex."""


def share_kept(spans: Iterable[Span]) -> float:
    """The share of traces like this one that are kept, as far as its spans say; 1 where they say nothing.

    Of several that stand in one trace the smallest counts: some parts of such a trace are kept more seldom than others.
    Source: the consistent probability sampling of the OpenTelemetry specification.
    """
    return min((_share(span.trace_state) for span in spans if "th:" in span.trace_state), default=1.0)


def _share(trace_state: str) -> float:
    found = _THRESHOLD.search(trace_state)
    return 1 - int(found[1].ljust(14, "0"), 16) / (1 << 56) if found else 1.0
