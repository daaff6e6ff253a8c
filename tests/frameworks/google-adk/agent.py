"""With the spans that ADK makes by itself, and its own way to send them."""

import asyncio

from errand import AGENT, INSTRUCTIONS, TASK, http_post, read_file
from google.adk.agents import Agent
from google.adk.runners import InMemoryRunner
from google.adk.telemetry.setup import maybe_set_otel_providers


async def main() -> None:
    agent = Agent(
        name=AGENT.replace("-", "_"),  # ADK wants an identifier
        model="gemini-2.5-flash",
        instruction=INSTRUCTIONS,
        tools=[read_file, http_post],
    )
    for event in await InMemoryRunner(agent).run_debug(TASK, quiet=True):
        if event.is_final_response():
            print(event.content.parts[0].text)


maybe_set_otel_providers()
asyncio.run(main())
