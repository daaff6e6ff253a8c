"""Servers of MCP in this process, and sessions with them, in any supported version."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp

IS_NEW = hasattr(mcp, "Client")
"""Whether it is a version from 2.0 on."""


def server(name: str, *tools: Any) -> Any:
    """A server with functions as tools."""
    if IS_NEW:
        from mcp.server.mcpserver import MCPServer as Server
    else:
        from mcp.server.fastmcp import FastMCP as Server
    made: Any = Server(name)
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
        from mcp.shared.memory import create_connected_server_and_client_session

        stated.pop("mode", None)
        async with create_connected_server_and_client_session(served._mcp_server, **stated) as session:
            yield session


def is_error(result: Any) -> bool:
    """Whether a call has failed."""
    return bool(getattr(result, "isError", False) or getattr(result, "is_error", False))


def text(result: Any) -> str:
    """What a call gave back."""
    return "".join(part.text for part in result.content)
