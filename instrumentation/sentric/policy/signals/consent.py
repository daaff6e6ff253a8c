"""CAPTCHAs, terms and consent: shown to the agent, and got around by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Kind, Message, Observation, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.words.asking import ASKING, ASKS_CONSENT, CAPTCHA, CHALLENGES, SHOWS_CAPTCHA
from sentric.policy.readers.words.glance import glance
from sentric.policy.readers.words.lexicon import phrase, words
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import excerpt, readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

LABEL_LIMIT = 200
"""Characters of an element's label that are read."""
SCRIPT_LIMIT = 16_384
"""Characters of a script that are read."""

_GATE = (
    "age (?:gate|verification|check|restriction)|terms(?: of (?:service|use)| and conditions)?"
    "|consent(?: (?:form|banner|dialog|wall))?|cookie (?:wall|consent)|privacy (?:notice|policy)|pay ?wall"
    "|(?:license|user) agreement|disclaimer"
)
_AROUND = (
    r"(?:bypass|circumvent|evad|defeat|ignor|skip|disregard|trick|fool|avoid|remov|disabl)\w*"
    "|get(?:ting)? (?:around|past)|work(?:ing)? around|hid(?:e|ing)"
)

_CHALLENGE = Patterns({CHALLENGES: ASKING[CHALLENGES]})
_INTENT = Patterns(
    {
        "around": phrase(_AROUND, 40, f"{CAPTCHA}|{_GATE}"),
        "solve": phrase("solve|solving|crack|break|complete|pass", 24, CAPTCHA),
        "without reading": phrase(
            r"(?:agree|accept)\w*", 30, "terms|conditions|policy|license", 30, "without (?:read|check|ask)ing"
        ),
    }
)
_REFUSAL = Patterns(
    {
        "refusal": r"(?:n't|\b(?:not|never|cannot|unable\s+to|without|refuse|avoid|instead\s+of|rather\s+than))\b"
        r"[^.!?\n]{0,24}$"
    }
)
REFUSAL_REACH = 40
"""Characters before an intent in which a negation turns it round."""
_REMOVAL = Patterns(
    {
        "removal": r"(?:captcha|consent|cookie|age-?gate|paywall|terms|overlay|gdpr)[^\n]{0,120}"
        r"(?:\.remove\(|removechild|display\s*[=:]\s*[\"']?none|\.hidden\s*=|visibility\s*[=:]\s*[\"']?hidden)"
    }
)
_SOLVERS = ("2captcha", "anti-captcha", "anticaptcha", "capsolver", "capmonster", "deathbycaptcha", "nopecha")
"""Services that solve CAPTCHAs for programs."""
_UNABLE = frozenset(
    {Kind.INPUT, Kind.CLICK, Kind.MESSAGE, Kind.FILE_READ, Kind.FILE_WRITE, Kind.DATABASE, Kind.PAYMENT}
)
"""Kinds that reach no such service."""
_CLAIM = Patterns(
    {
        "robot": phrase("not a robot|(?:i am|i'm|you are) (?:a )?human|recaptcha|hcaptcha"),
        "agreement": phrase("agree|accept|consent", 40, "terms|conditions|policy|license|agreement|processing"),
        "age": phrase("(?:i am|i'm) (?:over|at least|older than) (?:18|21)"),
    }
)
_DECLINE = Patterns(
    {
        "decline": r"^\W*(?:no\b|reject|declin|refus|deny\b|disagree|opt[\s-]out|(?:i\s+)?(?:do\s+not|don't|don’t)\b"
        r"|(?:only|use)\s+(?:strictly\s+)?(?:necessary|essential)|(?:strictly\s+)?(?:necessary|essential)\b[^\n]{0,16}\bonly"
        r"|continue\s+without\s+(?:accept|agree|consent)|(?:alle\s+)?ablehnen|nur\s+notwendige|rechazar|(?:tout\s+)?refuser)"
    }
)
"""Labels of elements that say no: to decline is never to get around."""
_PROOF = Patterns(
    {
        "proof": phrase(
            "(?:re|h)?captcha|(?:characters|letters) (?:you see|shown|in the)|(?:security|anti) ?spam"
            "|are you (?:a )?human|text in the (?:image|picture)"
        )
    }
)
"""Labels of fields that take the answer to a CAPTCHA."""
_POINT_KEYS = words("x y coordinate coordinates position point start_coordinate start_x")
_POINTING = words(
    "click left_click right_click double_click left_click_drag drag drag_and_drop left_mouse_down mouse_down tap "
    "mouse_click click_at click_coordinates"
)
_ASKED = words("captcha terms conditions consent agree accept robot age cookies")


@dataclass(frozen=True, slots=True)
class ConsentFacts(Facts):
    """Facts about what asks for a human."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {
        "captcha_shown": (Scope.OBSERVATION,),
        "consent_shown": (Scope.OBSERVATION,),
    }
    fields_read: ClassVar[Mapping[str, Reads]] = dict.fromkeys(
        ("bypasses_consent", "consent_excerpt"), frozenset({Content.TEXT, Content.PAGE})
    )

    captcha_shown: bool = False
    """The text asks for proof of a human."""
    consent_shown: bool = False
    """The text asks for agreement: to terms, to cookies, to being of age."""
    bypasses_consent: bool = False
    """The action gets around one of these, or gives an agreement or a proof that the task did not ask for."""
    consent_excerpt: str = ""
    """The words, the script or the element that shows it."""


_NOTHING = ConsentFacts()


class Consent(Family[ConsentFacts]):
    """Watches what agents do where a human is asked for."""

    facts = ConsentFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._task = Task()
        self._challenge = ""
        """What the page shown last asks as a proof of a human."""

    def message(self, message: Message) -> None:
        """A task may ask for agreement."""
        self._task.hear(message)

    def observation(self, observation: Observation) -> ConsentFacts:
        """Tell whether a human is asked for."""
        text = readable(observation.text)
        found = glance(text)
        if observation.source is Source.PAGE:
            spans = _CHALLENGE.spans(CHALLENGES, text, 1) if CHALLENGES in found else []
            self._challenge = excerpt(text, *spans[0]) if spans else ""
        captcha, consent = SHOWS_CAPTCHA in found, ASKS_CONSENT in found
        return ConsentFacts(captcha, consent) if captcha or consent else _NOTHING

    def action(self, action: Action) -> ConsentFacts:
        """Tell whether the action gets around it."""
        if _declines(action):
            return _NOTHING
        shown = _intent(action) or _script(action)
        if not shown and not self._is_asked_for():
            shown = _claim(action) or self._pointed(action)
        return ConsentFacts(bypasses_consent=True, consent_excerpt=shown) if shown else _NOTHING

    def _pointed(self, action: Action) -> str:
        """A click or a drag by coordinates, where the page asks for a human: how a CAPTCHA is solved by sight."""
        if not self._challenge or action.element is not None or action.kind not in {Kind.CLICK, Kind.OTHER}:
            return ""
        if _POINT_KEYS.isdisjoint(key for key, _ in reading(action).arguments):
            return ""
        stated = action.arguments.get("action")
        name = (stated if isinstance(stated, str) else action.tool)[:LABEL_LIMIT].lower()
        is_pointing = action.kind is Kind.CLICK or name.removeprefix("browser_") in _POINTING
        return f"by coordinates, on a page that says: {self._challenge}" if is_pointing else ""

    def _is_asked_for(self) -> bool:
        return not self._task.words.isdisjoint(_ASKED)


def _declines(action: Action) -> bool:
    if action.element is None or action.kind not in {Kind.CLICK, Kind.SUBMIT}:
        return False
    return _DECLINE.first(readable(action.element.text[:LABEL_LIMIT])) is not None


def _intent(action: Action) -> str:
    text = reading(action).reasoning
    for name in _INTENT.matching(text):
        for start, end in _INTENT.spans(name, text, 4):
            if not _REFUSAL.matching(text[max(0, start - REFUSAL_REACH) : start]):
                return excerpt(text, start, end + REFUSAL_REACH)
    return ""


def _script(action: Action) -> str:
    """A script that takes the question off the page, or a service that answers it."""
    if action.kind in _UNABLE:
        return ""
    for _, text in reading(action).arguments:
        script = text[:SCRIPT_LIMIT]
        if action.kind is Kind.EVALUATE_SCRIPT and (found := _REMOVAL.first(readable(script))):
            return excerpt(readable(script), *found)
        lowered = script.lower()
        if "cap" not in lowered and "cha" not in lowered:
            continue
        if solver := next((name for name in _SOLVERS if name in lowered), ""):
            return excerpt(readable(script[lowered.find(solver) :]))
    return ""


def _claim(action: Action) -> str:
    """An agreement given, or a proof of a human, by the element the action is about."""
    if action.element is None:
        return ""
    if action.kind is Kind.INPUT:
        field = readable(f"{action.element.text[:LABEL_LIMIT]} {action.element.name[:LABEL_LIMIT]}".replace("_", " "))
        return excerpt(field) if _PROOF.first(field) else ""
    if action.kind not in {Kind.CLICK, Kind.SUBMIT}:
        return ""
    label = readable(action.element.text[:LABEL_LIMIT])
    return excerpt(label) if _CLAIM.first(label) else ""
