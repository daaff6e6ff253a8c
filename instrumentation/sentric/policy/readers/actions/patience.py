"""Which actions only wait, look how far something is, or move within a page: they may be done again and again."""

import re

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.effects import name_parts
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.words.lexicon import words

COMMAND_LIMIT = 512
"""Longest command that is looked at: those that only wait and look are short."""

_PATIENT = words(
    "wait sleep poll status progress refresh reload health ping watch monitor await check pause delay scroll swipe"
)
"""Words in the names of tools that wait, ask how far something is, or move a page."""
_KEYS = words("tab arrowdown arrowup arrowleft arrowright pagedown pageup down up left right end home space")
"""Keys that move the focus or the page, and change nothing."""
_KEY_ARGUMENTS = words("key keys text value press")
_IDLE = frozenset({Effect.READ})
_ON_PAGE = frozenset({Kind.CLICK, Kind.INPUT, Kind.SUBMIT})
_STEP = re.compile(r"\s*(?:&&|\|\||;|\||\n)\s*")
_SLEEP = re.compile(r"(?:sleep|timeout|Start-Sleep)\s[\w. -]{1,16}|watch\s.*|wait", re.DOTALL)
_LOOK = re.compile(
    r"(?:kubectl|oc) (?:get|describe|logs|top|rollout status)\b[^>]*|git (?:status|log|diff|fetch)\b[^>]*"
    r"|(?:docker|podman) (?:ps|logs|inspect|compose ps)\b[^>]*|gh (?:run|pr|workflow) (?:view|list|watch|checks)\b[^>]*"
    r"|(?:systemctl|service) status\b[^>]*|curl (?:-[sSfIkL]+ )*[\"']?https?://[^\s>]*"
    r"|(?:ls|ps|cat|tail|head|grep|wc|df|du|jobs|date|pgrep|squeue|qstat|nvidia-smi|stat|test|echo)\b[^>]*"
)


def is_idle(action: Action) -> bool:
    """Whether an action changes nothing: by what its tool does, or because its command only waits and looks."""
    if action.kind is Kind.SHELL:
        return any(map(_only_looks, _commands(action)))
    return action.effects <= _IDLE and action.kind not in _ON_PAGE


def is_patient(action: Action) -> bool:
    """Whether an action waits for something, asks how far it is, or moves within a page."""
    if action.kind is Kind.SHELL:
        return any(_only_looks(command) and _sleeps(command) for command in _commands(action))
    return (is_idle(action) and not _PATIENT.isdisjoint(name_parts(action.tool))) or _moves(action)


def _moves(action: Action) -> bool:
    if action.kind not in {Kind.INPUT, Kind.OTHER} or len(action.arguments) > len(_KEY_ARGUMENTS):
        return False
    given = [text for key, text in reading(action).arguments if key in _KEY_ARGUMENTS]
    return bool(given) and all(text.lower() in _KEYS for text in given)


def _commands(action: Action) -> list[str]:
    return [text for _, text in reading(action).arguments if len(text) <= COMMAND_LIMIT and " " in text.strip()]


def _only_looks(command: str) -> bool:
    return all(_SLEEP.fullmatch(step) or _LOOK.fullmatch(step) for step in _STEP.split(command.strip()))


def _sleeps(command: str) -> bool:
    return any(_SLEEP.fullmatch(step) for step in _STEP.split(command.strip()))
