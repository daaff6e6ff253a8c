"""SentricMonitor: observe one agent from code, where `opentelemetry-instrument` is not used or not enough."""

import json
import logging
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from sentric.errors import SentricError
from sentric.events import Author, Source
from sentric.guard.boundary import shielded
from sentric.guard.calls import Offered, Seen
from sentric.guard.gate import Gate
from sentric.guard.judgement import check_policy
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.guard.process import telemetry
from sentric.guard.stated_run import Block
from sentric.instrumentors._browser_use_observer import Observer
from sentric.instrumentors._instrumentor import supported_version
from sentric.instrumentors.browser_use import DISTRIBUTION, OLDEST
from sentric.settings import Settings

_AUTHORS = {"user": Author.USER, "human": Author.USER, "system": Author.SYSTEM, "developer": Author.SYSTEM}
"""Whoever else speaks is no authority, and counts as the model."""

_SOURCES = {source.value: source for source in (Source.PAGE, Source.TOOL_RESULT, Source.EXTRACT)}

_logger = logging.getLogger("sentric")


class SentricMonitor:
    """Observes agents that are wrapped by hand.

    Where the process has an OpenTelemetry pipeline, spans go there. Where it has none, they go over OTLP/HTTP to
    `endpoint`. Used together with `opentelemetry-instrument`, every call still gives one span.

        monitor = SentricMonitor(project_id="shop")
        async with monitor.wrap(agent):
            await agent.run()
    """

    def __init__(self, api_key: str | None = None, project_id: str | None = None, endpoint: str | None = None) -> None:
        """Read the settings and find out where spans go.

        Args:
            api_key: sent to the analyzer as a bearer token.
            project_id: project the runs belong to.
            endpoint: base URL of the analyzer's OTLP/HTTP receiver.

        Raises:
            SentricError: a setting cannot be used, or the policy cannot be loaded.
        """
        self._settings = Settings.load(api_key=api_key, project=project_id, endpoint=endpoint)
        self._runs: list[LiveRun] = []
        if self._settings.disabled:
            return
        if self._settings.policy or self._settings.mode == "enforce":
            check_policy(self._settings)
        self._telemetry = telemetry(self._settings)

    def wrap(self, agent: Any) -> Block:
        """Observe an agent in a `with` or `async with` block, which is one run.

        Raises:
            SentricError: the agent is of no framework that can be observed.
        """
        if self._settings.disabled:
            return Block(nullcontext)
        if not any((base.__module__, base.__name__) == _AGENT for base in type(agent).__mro__):
            raise SentricError(
                f"SentricMonitor cannot observe {type(agent).__module__}.{type(agent).__qualname__}: "
                "pass a browser_use.Agent"
            )
        installed = supported_version(DISTRIBUTION, OLDEST)
        if not installed.supported:
            raise SentricError(installed.problem)
        gate = Gate(self._telemetry, self._settings, f"{DISTRIBUTION} {installed.version}")
        return Block(partial(self._watch, Observer(gate), agent))

    @shielded(None)
    def log_reasoning(self, text: str) -> None:
        """Say why the agent does what it does next."""
        if run := self._run():
            run.reason(str(text))

    @shielded(None)
    def log_message(self, role: str, text: str) -> None:
        """Record a message of the dialogue.

        Args:
            role: `user` and `system` as they are; whoever else speaks counts as the model.
            text: what was said.
        """
        if run := self._run():
            run.message(_AUTHORS.get(str(role).lower(), Author.MODEL), str(text))

    @shielded(None)
    def log_observation(self, text: str, origin: str, source: str = Source.RESOURCE) -> None:
        """Record a text that came into the model's view, other than as the result of a guarded call.

        Args:
            text: what the model is shown.
            origin: whose words these are: the page's URL, or the name of the document or the tool.
            source: `page`, `tool_result` or `extract`; whatever else counts as a resource.
        """
        if run := self._run():
            run.observe(Seen(source=_SOURCES.get(source, Source.RESOURCE), origin=str(origin), text=str(text)))

    @shielded(None)
    def log_tools(self, tools: Iterable[Mapping[str, Any]], server: str = "") -> None:
        """Record which tools the model is offered: each once, until its definition changes.

        Args:
            tools: each with its name, description and schema, as the model is told of it.
            server: the MCP server or toolset they belong to.
        """
        if run := self._run():
            run.offer(
                Offered(
                    origin="/".join(filter(None, (server, str(tool.get("name", ""))))),
                    definition=json.dumps(dict(tool), ensure_ascii=False, sort_keys=True, default=str),
                )
                for tool in tools
            )

    def _run(self) -> LiveRun | None:
        place = here()
        if place is not None:
            return place.run
        if self._runs:  # a callback in another thread does not carry the context
            return self._runs[-1]
        if not self._settings.disabled:
            _logger.warning("sentric: logged outside of a wrapped run, so it is not recorded")
        return None

    @contextmanager
    def _watch(self, observer: Observer, agent: Any) -> Generator[None, None, None]:
        place = here()
        if place is not None and place.run.is_of(agent):
            yield
            return
        with observer.watch(agent) as run:
            if run is not None:
                self._runs.append(run)
            try:
                yield
            finally:
                if run is not None:
                    self._runs.remove(run)


_AGENT = ("browser_use.agent.service", "Agent")
