"""Where every request comes in, before it finds its way: nothing is told to whoever may not ask at all."""

import ipaddress
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sentric_analyzer.api.access import Access
from sentric_analyzer.api.needs import Needs
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.control import Grant


class Entrance:
    """Admits requests to an app: a path that is added later cannot forget to.

    Args:
        app: what lies behind it.
        access: knows the keys.
        open_paths: says of a path that anybody may ask for what it states; None: it is no such path.
    """

    def __init__(self, app: ASGIApp, access: Access, open_paths: Callable[[str], Needs | None]) -> None:
        self._app = app
        self._access = access
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a request, or answer it."""
        request, stated = Request(scope), self._open_paths(scope["path"])
        by_any_name = self._access.key_needed or (stated is not None and stated.any_name)
        if not by_any_name and not _is_own_name(request):
            refused = Refused(HTTPStatus.MISDIRECTED_REQUEST, "ask by address or as localhost")
            return await refused.answer()(scope, receive, send)
        try:
            request.state.grant = self._admit(request, stated)
        except Refused as refused:
            return await refused.answer()(scope, receive, send)
        return await self._app(scope, receive, send)

    def _admit(self, request: Request, stated: Needs | None) -> Grant | None:
        if stated is None:
            return self._access.admit(request)
        if stated.limited:
            self._access.limit(request.client.host if request.client else "")
        return None


def _is_own_name(request: Request) -> bool:
    """Whether a request names `localhost` or an address, where reading takes no key.

    A page that the watched browser shows can point a name of its own at this machine, and so ask us as its own
    origin; it cannot hide that name from us.
    """
    try:
        host = request.url.hostname or ""
        if host != "localhost":
            ipaddress.ip_address(host.strip("[]"))
    except ValueError:  # also where the header is no address of anything
        return False
    return True
