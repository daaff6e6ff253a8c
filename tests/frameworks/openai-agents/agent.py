from agents import Agent, Runner, function_tool
from errand import AGENT, INSTRUCTIONS, TASK, http_post, read_file
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from tracing import trace_to_otlp

OpenAIAgentsInstrumentor().instrument(tracer_provider=trace_to_otlp())
agent = Agent(
    name=AGENT,
    instructions=INSTRUCTIONS,
    model="gpt-5-mini",
    tools=[function_tool(read_file), function_tool(http_post)],
)
print(Runner.run_sync(agent, TASK).final_output)
