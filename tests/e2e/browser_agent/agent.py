"""An ordinary browser-use program, without a word of Sentric unless WRAP asks for it."""

import asyncio
import os
import sys

from browser_use import Agent, BrowserProfile, BrowserSession, ChatOpenAI


def session() -> BrowserSession:
    if cdp_url := os.environ.get("CDP_URL"):
        return BrowserSession(cdp_url=cdp_url)
    profile = BrowserProfile(
        executable_path="/usr/bin/chromium",
        headless=True,
        chromium_sandbox=False,
        enable_default_extensions=False,
        user_data_dir=os.environ["PROFILE"],
    )
    return BrowserSession(browser_profile=profile)


def make_agent() -> Agent:
    options = {"use_judge": False} if os.environ.get("HAS_JUDGE") else {}
    actions = [{"navigate": {"url": os.environ["START"], "new_tab": False}}] if "START" in os.environ else None
    return Agent(
        task=os.environ.get("TASK", "Log in to the shop and tell me what a rubber duck costs"),
        llm=ChatOpenAI(model="scripted", base_url=os.environ["MODEL"] + "/v1", api_key="none", max_retries=0),
        browser_session=session(),
        sensitive_data={"*.example": {"shop_card": os.environ["SENSITIVE"]}} if "SENSITIVE" in os.environ else None,
        flash_mode="FLASH" in os.environ,
        initial_actions=actions,
        **options,
    )


async def main() -> None:
    agent = make_agent()
    if "STEPS" in os.environ:
        await agent.browser_session.start()
        while not agent.history.is_done():
            await agent.step()
        history = agent.history
        await agent.eventbus.stop(timeout=3.0)  # as `run` does: else the program never ends
        await agent.close()
    elif "WRAP" not in os.environ:
        history = await agent.run(max_steps=12)
    else:
        from sentric import SentricMonitor

        monitor = SentricMonitor(project_id="wrapped", endpoint=os.environ.get("ENDPOINT"), api_key="k-123")
        async with monitor.wrap(agent):
            monitor.log_message("user", "Only rubber ducks, please")
            monitor.log_reasoning("The user wants a price")
            history = await agent.run(max_steps=12)
    sys.stdout.write(f"DONE {history.is_done()} {history.final_result()}\n")


asyncio.run(main())
