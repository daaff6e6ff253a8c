"""A server of tools over stdio, which sends spans of its own."""

from errand import http_post, read_file
from mcp.server import MCPServer
from tracing import trace_to_otlp

trace_to_otlp(at_once=True)  # whoever has started a server ends it when it likes
server = MCPServer("files")
server.add_tool(read_file)
server.add_tool(http_post)
server.run()
