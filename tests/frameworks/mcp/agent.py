"""A host of MCP without a framework: a model, a server of tools in another process, and a loop between them.

The SDK of MCP makes spans by itself; OpenInference those of the model, and the one that is the agent.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from errand import AGENT, INSTRUCTIONS, TASK
from mcp import Client, StdioServerParameters
from openai import AsyncOpenAI
from openinference.instrumentation import OITracer, TraceConfig
from openinference.instrumentation.openai import OpenAIInstrumentor
from tracing import trace_to_otlp

provider = trace_to_otlp()
OpenAIInstrumentor().instrument(tracer_provider=provider)
tracer = OITracer(provider.get_tracer("host"), TraceConfig())
SERVER = StdioServerParameters(
    command=sys.executable,
    args=[str(Path(__file__).with_name("server.py"))],
    env={**os.environ, "OTEL_SERVICE_NAME": "files"},
)


@tracer.agent(name=AGENT)
async def answer(task: str) -> str:
    async with Client(SERVER) as server:
        listed = (await server.list_tools()).tools
        tools: list[Any] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
            }
            for tool in listed
        ]
        messages: list[Any] = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": task}]
        while True:
            completion = await AsyncOpenAI().chat.completions.create(model="gpt-5-mini", messages=messages, tools=tools)
            message = completion.choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                return message.content
            for call in message.tool_calls:
                result = await server.call_tool(call.function.name, json.loads(call.function.arguments))
                text = "".join(part.text for part in result.content)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": text})


print(asyncio.run(answer(TASK)))
