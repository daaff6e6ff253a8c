"""browser-use: agents that drive a browser.

Wrapped are an agent's run and step, its models, and `Tools.act`, through which every action of an agent goes. Where
verdicts are enforced, a refused action gives its model an error, browser-use skips what was to follow in the same
step, and the agent goes on; one that is stopped or shut down is stopped by `agent.stop()`. Before its model is shown
a page it has come to by a redirect, a click or a new tab, the page is judged, see `_browser_use_landing`.
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

DISTRIBUTION = "browser-use"
OLDEST = (0, 9)
"""Oldest supported version: before it, actions had other names."""


class BrowserUseInstrumentor(FrameworkInstrumentor):
    """Watches every browser-use agent of the process."""

    distribution = DISTRIBUTION
    oldest = OLDEST
    places = {  # noqa: RUF012  # it is a constant
        "browser_use.agent.service": {
            "Agent.run": "run",
            "Agent.rerun_history": "rerun",
            "Agent.step": "step",
            "Agent._execute_initial_actions": "initial",
        },
        "browser_use.browser.session": {"BrowserSession.get_browser_state_summary": "shown"},
        "browser_use.tools.service": {"Tools.act": "act"},
        "browser_use.tokens.service": {"TokenCost.register_llm": "register_llm"},
        "browser_use.utils": {"SignalHandler.sigterm_handler": "on_sigterm"},
    }
    uncovered = (
        "agents of browser_use.beta and browser_use.code_use, pages driven through browser_use.actor or CDP itself, "
        "what a skill does in the cloud once it is called, and browser-use's own command line and MCP servers"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._browser_use_observer import Observer

        return Observer(gate)
