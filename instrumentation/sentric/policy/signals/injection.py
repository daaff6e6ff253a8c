"""Instructions in texts that nobody asked to be instructed by. Whether the agent follows them: see `obedience`."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import re2

from sentric.events import Action, Kind, Observation, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.words.hidden import hidden_parts
from sentric.policy.readers.words.instructions import Passage, passages
from sentric.policy.readers.words.text import TAGS, excerpt, readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

PASSAGES_KEPT = 256
"""Passages remembered; the one not seen for the longest time is forgotten first."""
CORE_LENGTH = 120
"""Characters of a passage by which it is known again."""
ECHO_LENGTH = 24
"""Characters at the beginning of a passage that count as repeated when something is written down."""
ECHO_WORDS = 5
"""Words in a row that do, anywhere within the passage: what is kept is seldom the phrase that made it one."""
ECHO_REACH = 400
"""Characters of a passage from its first sign on in which such words are looked for."""
WRITTEN_LIMIT = 65_536
"""Characters of what is written down that are read for them."""

# Classes of characters and nothing else: linear, and many times as fast as RE2 where every other character is one.
_INVISIBLE = re.compile("[\U000e0020-\U000e007f]+|[\u200b-\u200d\u2060-\u2064\ufeff]{4,}|[\u202d\u202e]+")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]{1,8}")
_LASTING = frozenset({Kind.MEMORY_WRITE, Kind.FILE_WRITE})
_AGENT_FILE = re2.compile(
    r"(?i)(?:^|[/\\])(?:agents?|claude|gemini|copilot-instructions|\.cursorrules|\.windsurfrules|memory|memories|soul"
    r"|instructions|rules|skills?|system[_-]?prompt)(?:\.[a-z]{2,4})?(?:$|[/\\])"
)
"""Files that agents read as their own instructions or memory."""


@dataclass(frozen=True, slots=True)
class InjectionFacts(Facts):
    """Facts about instructions in untrusted text."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.OBSERVATION,)
    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {"remembers_instruction": (Scope.ACTION,)}
    fields_read: ClassVar[Mapping[str, Reads]] = {
        "remembers_instruction": frozenset({Content.TEXT, Content.RESULTS}),
    }

    instruction_text: bool = False
    """The text holds a passage that tells an agent what to do, not stated before in this run."""
    instruction_excerpt: str = ""
    """Where that passage begins."""
    instruction_signs: tuple[str, ...] = ()
    """What makes it one."""
    hidden_characters: int = 0
    """Characters that no reader sees: tag characters, runs of four and more zero-width ones, forced direction."""
    hidden_instruction: bool = False
    """Such a passage stands where people do not see it: in a comment, off-screen, or in an invisible element."""
    remembers_instruction: str = ""
    """What the action writes to the agent's memory, or to a file of its instructions, of a passage that it read."""


_NOTHING = InjectionFacts()


class Injection(Family[InjectionFacts]):
    """Finds instructions in what the model reads, and in what it writes down for later."""

    facts = InjectionFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._read: OrderedDict[str, frozenset[str]] = OrderedDict()
        """Passages by their first characters, each with its runs of words."""

    def observation(self, observation: Observation) -> InjectionFacts:
        """Find instructions."""
        text = readable(observation.text)
        # What a tool says of itself is meant for the model; the family of tools judges what it asks for.
        found = passages(text) if observation.source is not Source.TOOL_DEFINITION else []
        fresh = [passage for passage in found if self._is_fresh(passage)] if found else []
        hidden = _invisible(observation.text) if text != observation.text else 0
        if not fresh:
            return InjectionFacts(hidden_characters=hidden) if hidden else _NOTHING
        unseen = hidden_parts(text)
        return InjectionFacts(
            instruction_text=True,
            instruction_excerpt=excerpt(fresh[0].text, fresh[0].start),
            instruction_signs=tuple(dict.fromkeys(sign for passage in fresh for sign in passage.signs)),
            hidden_characters=hidden,
            hidden_instruction=any(first <= passage.at < last for passage in fresh for first, last in unseen)
            or (hidden > 0 and bool(passages(_tagged(observation.text)))),
        )

    def action(self, action: Action) -> InjectionFacts:
        """Tell whether the action keeps a passage for later."""
        if action.kind not in _LASTING or not self._read:
            return _NOTHING
        texts = [text for _, text in reading(action).arguments]
        if action.kind is Kind.FILE_WRITE and not any(map(_AGENT_FILE.search, map(readable, texts))):
            return _NOTHING
        written = " ".join(readable("\n".join(texts)).split())
        said = _runs_of_words(written[:WRITTEN_LIMIT])
        kept = next(
            (core for core, runs in reversed(self._read.items()) if core[:ECHO_LENGTH] in written or runs & said), ""
        )
        return InjectionFacts(remembers_instruction=excerpt(kept)) if kept else _NOTHING

    def _is_fresh(self, passage: Passage) -> bool:
        """Remember a passage; whether it was not known."""
        core = " ".join(passage.text[passage.start : passage.start + CORE_LENGTH].split())
        if core in self._read:
            self._read.move_to_end(core)
            return False
        self._read[core] = _runs_of_words(passage.text[passage.start : passage.start + ECHO_REACH])
        if len(self._read) > PASSAGES_KEPT:
            self._read.popitem(last=False)
            self.evict("instructions")
        return True


def _runs_of_words(text: str) -> frozenset[str]:
    """The runs of `ECHO_WORDS` words in a text, in small letters, without the signs around words."""
    spoken = [word.strip(".,;:!?\"'()[]*`") for word in text.lower().split()]
    return frozenset(" ".join(spoken[at : at + ECHO_WORDS]) for at in range(len(spoken) - ECHO_WORDS + 1))


def _tagged(text: str) -> str:
    """What a text says in tag characters."""
    return "".join(chr(ord(char) - 0xE0000) for char in text if TAGS[0] <= ord(char) <= TAGS[1])


def _invisible(text: str) -> int:
    if text.isascii():
        return 0
    return sum(map(len, _INVISIBLE.findall(_FLAG.sub("", text))))
