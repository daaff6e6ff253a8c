"""Servers of MCP in this process, and sessions with them, in any supported version."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import mcp

IS_NEW = hasattr(mcp, "Client")
"""Whether it is a version from 2.0 on."""


_PLACE: Any = import_module("mcp.server.mcpserver" if IS_NEW else "mcp.server.fastmcp")
Context: Any = _PLACE.Context


def server(name: str, *tools: Any) -> Any:
    """A server with functions as tools."""
    made = (_PLACE.MCPServer if IS_NEW else _PLACE.FastMCP)(name)
    for tool in tools:
        made.add_tool(tool)
    return made


@asynccontextmanager
async def connected(served: Any, **stated: Any) -> AsyncIterator[Any]:
    """A session with a server; in newer versions the one that a `Client` has."""
    if IS_NEW:
        async with mcp.Client(served, **stated) as client:
            yield client.session
    else:
        stated.pop("mode", None)
        memory: Any = import_module("mcp.shared.memory")
        async with memory.create_connected_server_and_client_session(served._mcp_server, **stated) as session:
            yield session


def is_error(result: Any) -> bool:
    """Whether a call has failed."""
    return bool(getattr(result, "isError", False) or getattr(result, "is_error", False))


def text(result: Any) -> str:
    """What a call gave back."""
    return "".join(part.text for part in result.content)
