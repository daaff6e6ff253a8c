from errand import AGENT, INSTRUCTIONS, TASK, http_post, read_file
from pydantic_ai import Agent
from tracing import trace_to_otlp

trace_to_otlp()
Agent.instrument_all()
agent = Agent("openai:gpt-5-mini", name=AGENT, instructions=INSTRUCTIONS, tools=[read_file, http_post])
print(agent.run_sync(TASK).output)
