"""REST: the analyzer's answers over HTTP, and the ways to ask for them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentric_analyzer.api.app import create_app
    from sentric_analyzer.api.server import ApiServer

__all__ = ["ApiServer", "create_app"]


def __getattr__(name: str) -> Any:
    # The commands that only ask import this package too, and need none of the server's frameworks.
    match name:
        case "create_app":
            from sentric_analyzer.api.app import create_app

            return create_app
        case "ApiServer":
            from sentric_analyzer.api.server import ApiServer

            return ApiServer
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
