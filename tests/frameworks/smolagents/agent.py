from errand import AGENT, INSTRUCTIONS, TASK, http_post, read_file
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import OpenAIModel, ToolCallingAgent, tool
from tracing import trace_to_otlp

SmolagentsInstrumentor().instrument(tracer_provider=trace_to_otlp())
agent = ToolCallingAgent(
    tools=[tool(read_file), tool(http_post)],
    model=OpenAIModel("gpt-5-mini"),
    name=AGENT.replace("-", "_"),  # smolagents wants an identifier
    instructions=INSTRUCTIONS,
    verbosity_level=0,
)
print(agent.run(TASK))
