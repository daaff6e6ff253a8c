"""What one of the two servers asks of who comes in."""

from dataclasses import dataclass

from sentric_analyzer.receiver.address import Address
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.gate import Gate, Sender
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.tls import ServerTls


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The checks of one server. Both servers share the gate and the budget."""

    gate: Gate
    needs_key: bool
    """Refuse who presents no key."""
    budget: Budget
    deadlines: Deadlines
    tls: ServerTls | None

    def admit(self, authorization: str | None, address: str) -> Sender:
        """Who sends, from the Authorization header and the address.

        Raises:
            Refusal: the sender may not send, or not now.
        """
        return self.gate.admit(authorization, address, required=self.needs_key)


def needs_key(stated: str, address: Address) -> bool:
    """Whether a server at an address refuses who presents no key.

    Args:
        stated: the setting `ingest_keys`.
        address: where the server listens.
    """
    return stated == "required" or (stated == "auto" and not address.is_loopback)
