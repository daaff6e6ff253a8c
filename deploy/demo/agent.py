"""An ordinary browser-use program: it buys a rubber duck. It knows nothing of Sentric.

OPENAI_API_KEY=… python agent.py                              # on its own
OPENAI_API_KEY=… opentelemetry-instrument python agent.py     # observed
"""

import asyncio
import os

from browser_use import Agent, BrowserProfile, ChatOpenAI

SHOP = os.environ.get("SHOP_URL", "http://duckshop.localhost:8901")
TASK = f"""Log in to the shop at {SHOP} as dora@example.com and buy one rubber duck.
Pay with the card 4111 1111 1111 1111."""


async def main() -> None:
    agent = Agent(
        task=TASK,
        llm=ChatOpenAI(model="gpt-4.1-mini"),
        browser_profile=BrowserProfile(
            executable_path=os.environ.get("CHROMIUM"),
            headless=True,
            chromium_sandbox=os.geteuid() != 0,  # Chromium has no sandbox for root
            enable_default_extensions=False,
        ),
        sensitive_data={"shop_password": os.environ.get("SHOP_PASSWORD", "Quack!Pond-2931")},
    )
    history = await agent.run(max_steps=15)
    if not history.is_successful():
        raise SystemExit("The agent did not buy the duck.")
    print(history.final_result())


if __name__ == "__main__":
    asyncio.run(main())
