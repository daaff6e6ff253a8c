"""What happens to a request, whichever way it came: decoded, made durable, and only then acknowledged."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

from sentric_analyzer.declaration import OnCount
from sentric_analyzer.log import LogBusyError, LogUnavailableError, LogWriter, Record
from sentric_analyzer.receiver.counts import Counter
from sentric_analyzer.receiver.decode import Bounds, Decoded, Partly, decode, light_body
from sentric_analyzer.receiver.encodings import IDENTITY
from sentric_analyzer.receiver.exports import Export
from sentric_analyzer.receiver.gate import Gate, Sender
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.turns import Turns

_logger = logging.getLogger(__name__)

_FAILURE_SECONDS = 5.0
"""How long health tells of a failure to keep a request, if no other is kept meanwhile."""
_PATIENCE = 10.0
"""Seconds a sender is kept waiting for the disk; senders themselves give up after 10 by default."""


class Intake:
    """Accepts requests into the log. For one event loop."""

    def __init__(
        self,
        log: LogWriter,
        bounds: Bounds,
        on_count: OnCount,
        executor: Executor,
        gate: Gate,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bounds = bounds
        self.gate = gate
        self._log = log
        self._on_count = on_count
        self._heavy = Turns(executor)
        self._clock = clock
        self._monotonic = monotonic
        self._failing = False
        self._failing_until = 0.0

    @property
    def is_failing(self) -> bool:
        """Requests could not be kept a moment ago. It is tried again after a while: they may be kept by then."""
        return self._monotonic() < self._failing_until

    async def accept(self, export: Export, body: bytes, media: str, encoding: str | None, sender: Sender) -> Partly:
        """Take in a request, and return when it is durable; what of it was not taken as it came.

        Args:
            export: which request it is.
            body: of the request.
            media: protobuf or JSON.
            encoding: how it is packed; None where it was unpacked by somebody who does not say from how little.
            sender: whose it is.

        Raises:
            Refusal: it was not taken in.
        """
        try:
            self.gate.charge(sender, len(body))
            decoded = await self._decode(export, body, media, encoding, sender)
            self.gate.charge(sender, max(len(decoded.body) - len(body), 0))
            await self._keep(export, decoded, sender)
        except Refusal as refusal:
            self.refused(refusal)
            raise
        except Exception:  # the one boundary for bugs of ours: the sender gets no traceback
            _logger.exception("A request was refused because of a mistake in Sentric itself")
            failure = Refusal(Reason.INTERNAL, "an error in Sentric; its log tells more")
            self.refused(failure)
            raise failure from None
        self._count(Counter.REQUESTS, export, 1)
        self._count(Counter.INVALID, export, decoded.partly.rejected)
        self._count(Counter.CUT, export, decoded.partly.cut)
        return decoded.partly

    def refused(self, refusal: Refusal) -> None:
        """Count a refusal."""
        self._on_count(Counter.REFUSED, refusal.reason, 1)

    async def _decode(self, export: Export, body: bytes, media: str, encoding: str | None, sender: Sender) -> Decoded:
        light = light_body(export, body, media, encoding, self.bounds)
        if light is not None:
            return decode(export, light, media, IDENTITY, self.bounds)
        heavy = partial(decode, export, body, media, encoding or IDENTITY, self.bounds)
        return await self._heavy.run(sender.name, heavy)

    async def _keep(self, export: Export, decoded: Decoded, sender: Sender) -> None:
        if export.signal is None or not decoded.items:
            return
        record = Record(sender.projects, export.signal, decoded.body, self._clock())
        try:
            async with asyncio.timeout(_PATIENCE):
                receipt = await self._log.append_async(record)
        except (LogBusyError, TimeoutError):
            raise Refusal(Reason.BUSY, "too much is waiting: try again") from None
        except LogUnavailableError as error:
            self._note_failure(error)
            raise Refusal(Reason.UNAVAILABLE, "the request cannot be kept now: try again") from None
        self._failing, self._failing_until = False, 0.0
        if receipt.duplicate:
            self._count(Counter.DUPLICATES, export, 1)
        else:
            self._count(Counter.ITEMS, export, decoded.items)
            self._count(Counter.BYTES, export, len(decoded.body))

    def _note_failure(self, error: LogUnavailableError) -> None:
        if not self._failing:  # once, not for each request
            _logger.error("%s", error)
        self._failing, self._failing_until = True, self._monotonic() + _FAILURE_SECONDS

    def _count(self, counter: Counter, export: Export, amount: int) -> None:
        if amount:
            self._on_count(counter, export.name, amount)
