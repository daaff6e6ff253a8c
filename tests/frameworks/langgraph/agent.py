"""Started by `opentelemetry-instrument`, which finds the instrumentation of langchain by itself."""

from errand import AGENT, INSTRUCTIONS, TASK, http_post, read_file
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="gpt-5-mini", use_responses_api=True)
agent = create_agent(model, tools=[read_file, http_post], system_prompt=INSTRUCTIONS, name=AGENT)
print(agent.invoke({"messages": [{"role": "user", "content": TASK}]})["messages"][-1].text)
