"""Every attribute and event name Sentric writes or reads, once.

`GEN_AI_*`, `MCP_*`, `ERROR_TYPE` and `URL_*` follow the OpenTelemetry semantic conventions for generative AI
(open-telemetry/semantic-conventions-genai, status Development) and are defined here because the packaged constants
move between releases. `SENTRIC_*` are ours.
"""

from typing import Final

SCHEMA_VERSION: Final = "1"
"""The version of the attributes below that Sentric's own spans carry."""

# --- OpenTelemetry --------------------------------------------------------------------------------------------

SERVICE_NAME: Final = "service.name"
"""Resource: the logical name of the service."""
ERROR_TYPE: Final = "error.type"
"""Class of the error an operation ended with."""
URL_FULL: Final = "url.full"
"""Absolute URL of the page the agent stands on."""
SESSION_ID: Final = "session.id"
"""Session of the user, where an instrumentation has no conversation id."""

GEN_AI_OPERATION_NAME: Final = "gen_ai.operation.name"
"""One of the `OPERATION_*` values."""
GEN_AI_PROVIDER_NAME: Final = "gen_ai.provider.name"
"""The model's provider as the client sees it."""
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
"""Name of the model a request was made to."""
GEN_AI_RESPONSE_MODEL: Final = "gen_ai.response.model"
"""Name of the model that answered."""
GEN_AI_USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
"""Tokens in the prompt."""
GEN_AI_USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
"""Tokens in the answer."""
GEN_AI_AGENT_ID: Final = "gen_ai.agent.id"
"""Id of the agent; risk and strikes are kept under it."""
GEN_AI_AGENT_NAME: Final = "gen_ai.agent.name"
"""Name of the agent, as its developer calls it."""
GEN_AI_CONVERSATION_ID: Final = "gen_ai.conversation.id"
"""Groups the runs of one conversation."""
GEN_AI_TOOL_NAME: Final = "gen_ai.tool.name"
"""Name of the tool an action calls."""
GEN_AI_TOOL_TYPE: Final = "gen_ai.tool.type"
"""function, extension or datastore."""
GEN_AI_TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
"""The tools a model is offered, JSON: a list of objects with name, description, parameters."""
GEN_AI_TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
"""The model's id for a tool call."""
GEN_AI_TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
"""Arguments of a tool call, a JSON object as a string."""
GEN_AI_TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"
"""What a tool gave back."""
GEN_AI_INPUT_MESSAGES: Final = "gen_ai.input.messages"
"""Messages given to a model or an agent, JSON."""
GEN_AI_OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
"""Messages a model or an agent gave back, JSON."""
GEN_AI_SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
"""The operator's system prompt, JSON."""
MCP_METHOD_NAME: Final = "mcp.method.name"
"""Method of an MCP request."""

OPERATION_INVOKE_AGENT: Final = "invoke_agent"
OPERATION_CHAT: Final = "chat"
OPERATION_EXECUTE_TOOL: Final = "execute_tool"
ERROR_REFUSED: Final = "action_refused"
"""Value of `error.type` of an action that was not done."""

# --- Sentric: every span --------------------------------------------------------------------------------------

SENTRIC_SCHEMA_VERSION: Final = "sentric.schema.version"
"""Marks a span or log record as Sentric's own and says which version of these names it uses."""
SENTRIC_PROJECT: Final = "sentric.project"
"""Project the agent belongs to, as it claims."""
SENTRIC_RUN_ID: Final = "sentric.run.id"
"""Id of the run. On every span, because a killed agent never sends its root."""
SENTRIC_SEQUENCE: Final = "sentric.sequence"
"""Position of the event in its run, given when it happened."""
SENTRIC_TRUNCATED: Final = "sentric.truncated"
"""Names of this span's attributes that were cut at a limit."""
SENTRIC_CAPTURE: Final = "sentric.capture"
"""full or metadata: whether content was captured at all."""
SENTRIC_SETTING_CHANGED: Final = "sentric.settings.changed"
"""Names of the settings, on the run's root span, that loosen a default."""

# --- Sentric: a run (invoke_agent) ----------------------------------------------------------------------------

SENTRIC_TASK: Final = "sentric.task"
"""The human's task. On every tool span as well."""
SENTRIC_FRAMEWORK: Final = "sentric.framework"
"""Framework and version the agent runs on."""
SENTRIC_SUCCESS: Final = "sentric.success"
"""Whether the agent says that it reached its goal."""

# --- Sentric: what a span brings along (chat and execute_tool) ------------------------------------------------

SENTRIC_OBSERVATIONS: Final = "sentric.observations"
"""What came into the model's view: a JSON list of objects with sequence, time, source, origin, text, truncated. Without
content: sequence, time and source only."""
SENTRIC_MESSAGES: Final = "sentric.messages"
"""Messages logged by hand since the span before: a JSON list of objects with sequence, time, author, text. Without
content: sequence, time and author only."""
SENTRIC_PURPOSE: Final = "sentric.purpose"
"""What a model call is for: agent, extract, judge."""

# --- Sentric: an action (execute_tool) ------------------------------------------------------------------------

SENTRIC_ACTION_SERVER: Final = "sentric.action.server"
"""The MCP server or toolset the tool belongs to."""
SENTRIC_ACTION_KIND: Final = "sentric.action.kind"
"""A `Kind`."""
SENTRIC_ACTION_EFFECTS: Final = "sentric.action.effects"
"""`Effect`s of the action, sorted."""
SENTRIC_ACTION_CONTEXT: Final = "sentric.action.context"
"""What the caller asserts about the action, JSON."""
SENTRIC_REASONING_THINKING: Final = "sentric.reasoning.thinking"
"""What the model thought before the action."""
SENTRIC_REASONING_EVALUATION: Final = "sentric.reasoning.evaluation"
"""How the model judged its previous step."""
SENTRIC_REASONING_MEMORY: Final = "sentric.reasoning.memory"
"""What the model wants to remember."""
SENTRIC_REASONING_NEXT_GOAL: Final = "sentric.reasoning.next_goal"
"""What the model wants to reach next."""
SENTRIC_ELEMENT_TAG: Final = "sentric.element.tag"
"""Tag of the page element the action is about."""
SENTRIC_ELEMENT_TYPE: Final = "sentric.element.type"
"""Its type attribute."""
SENTRIC_ELEMENT_NAME: Final = "sentric.element.name"
"""Its name attribute, or its id."""
SENTRIC_ELEMENT_XPATH: Final = "sentric.element.xpath"
"""Its XPath."""
SENTRIC_ELEMENT_TEXT: Final = "sentric.element.text"
"""Its visible text or accessible name."""
SENTRIC_ELEMENT_AUTOCOMPLETE: Final = "sentric.element.autocomplete"
"""Its autocomplete attribute."""
SENTRIC_ELEMENT_FORM_ACTION: Final = "sentric.element.form_action"
"""Absolute URL its form is sent to."""
SENTRIC_ELEMENT_FRAME_ORIGIN: Final = "sentric.element.frame_origin"
"""Absolute URL of the frame it is in, where that is not the page itself."""
SENTRIC_OUTCOME_ERROR: Final = "sentric.outcome.error"
"""Error text of the action."""
SENTRIC_OUTCOME_SEQUENCE: Final = "sentric.outcome.sequence"
"""Position of the action's outcome in its run."""

# --- Sentric: a verdict, on the action's span and as a log record ---------------------------------------------

SENTRIC_GUARDED: Final = "sentric.guarded"
"""True where the guard judged the action before it ran."""
SENTRIC_VERDICT_DECISION: Final = "sentric.verdict.decision"
"""allow, warn, ask or block. A claim: the analyzer recomputes it."""
SENTRIC_VERDICT_RULES: Final = "sentric.verdict.rules"
"""Ids of the rules that matched, in their order in the policy."""
SENTRIC_VERDICT_SEVERITY: Final = "sentric.verdict.severity"
"""The highest severity of the rules that matched."""
SENTRIC_VERDICT_RISK: Final = "sentric.verdict.risk"
"""The largest risk of the rules that matched."""
SENTRIC_POLICY_DIGEST: Final = "sentric.policy.digest"
"""Identifies the policy that gave the verdict."""
SENTRIC_MODE: Final = "sentric.mode"
"""observe or enforce."""
SENTRIC_REFUSED: Final = "sentric.refused"
"""Why the tool was not called: rule, denied, nobody_to_ask, stopped, shut_down, service, changed, withdrawn, undecided,
unverified or unrecorded. Not there where it was."""
SENTRIC_OPENED: Final = "sentric.opened"
"""Why the tool would not have been called, had the setting `fail_mode` not said that such actions are done anyway."""
SENTRIC_DECISION_ID: Final = "sentric.decision.id"
"""Id of the service's decision."""
SENTRIC_APPROVAL_ID: Final = "sentric.approval.id"
"""Id of the approval that was asked for or used."""
SENTRIC_STATE_RISK: Final = "sentric.state.risk"
"""Where verdicts are enforced: the sum of the risks of what the agent had executed before the action."""
SENTRIC_STATE_STRIKES: Final = "sentric.state.strikes"
"""Where verdicts are enforced: how often the agent had been refused before the action."""
SENTRIC_STATE_STOPPED: Final = "sentric.state.stopped"
"""Why an operator had stopped the agent."""

# --- Sentric: metrics ------------------------------------------------------------------------------------------

SENTRIC_REASON: Final = "sentric.reason"
"""Why the guard dropped something, did it again or did without it."""

# --- Sentric: log records -------------------------------------------------------------------------------------

EVENT_RUN_STARTED: Final = "sentric.run.started"
"""Event name: sent at once when a run begins."""
EVENT_RUN_ENDED: Final = "sentric.run.ended"
"""Event name: sent at once when a run ends."""
EVENT_VERDICT: Final = "sentric.verdict"
"""Event name: sent at once for every verdict that is not allow."""
