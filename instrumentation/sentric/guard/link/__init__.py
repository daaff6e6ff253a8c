"""The guard's link to the service: decisions, approvals, the state of agents, and what was decided without it.

Every process of an agent that is guarded has one `Link` for its settings, and one `Spool`. Both may be used from any
thread, and go on in a forked child with connections, threads and a file of its own. Nothing here starts before it is
used: HTTP and TLS are imported with the first request. No proxy of the environment is used: the service is asked
directly, and its certificate is verified by the system's authorities, or those of `SSL_CERT_FILE`.

What the service says is read as strictly as if somebody else had said it. Whatever cannot be used is a `LinkError`,
never an answer.
"""

from sentric.guard.link.answer import Answer
from sentric.guard.link.errors import LinkError, SpoolError
from sentric.guard.link.link import Link
from sentric.guard.link.spool import Spool
from sentric.guard.link.watch import Watch

__all__ = ["Answer", "Link", "LinkError", "Spool", "SpoolError", "Watch"]
