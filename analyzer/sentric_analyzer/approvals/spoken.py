"""What is said of a question on the phone: what a voice can say, and nothing that others wrote to be said.

On a screen a bar tells whose words are whose; a voice has none. So little of what others wrote is spoken, and nothing
of it that speaks of approving, of keys to press, or of Sentric.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from sentric.events import Kind
from sentric_analyzer.approvals.question import Question, number, said
from sentric_analyzer.visible import visible

MOST_WORDS = 50
"""That is 20 seconds at 150 words a minute. A number counts as many as it has digits."""
_READ = 2048
"""Characters of a text that are made speakable."""
_NAME_WORDS, _VALUE_WORDS, _COMMAND_WORDS, _TITLE_WORDS, _REASON_WORDS = 4, 7, 20, 10, 12
_FEWEST = 5
"""Words for which it is worth to begin with a text."""
_FACTS = 2
_COMMANDS = frozenset({"command", "cmd", "script", "code", "sql", "query", "statement"})
_MONEY = frozenset({"amount", "total", "currency", "price"})
_CURRENCIES = {
    "EUR": "euros",
    "USD": "US dollars",
    "GBP": "pounds",
    "CHF": "Swiss francs",
    "JPY": "yen",
    "SEK": "Swedish kronor",
    "NOK": "Norwegian kroner",
    "DKK": "Danish kroner",
    "PLN": "zloty",
    "INR": "rupees",
    "CAD": "Canadian dollars",
    "AUD": "Australian dollars",
}
_SIGNS = {
    "<": " less than ",
    ">": " greater than ",
    "&": " and ",
    "@": " at ",
    "%": " percent ",
    "/": " slash ",
    "\\": " backslash ",
    "|": " pipe ",
    "*": " star ",
    "€": " euros ",
    "$": " dollars ",
    "£": " pounds ",
    "+": " plus ",
    "=": " equals ",
    "~": " tilde ",
}
_MISLEADING = re.compile(
    r"approv|sentric|\bpress\b(?! at\b)|\bdial|\bkeys?\b|\bdigit|quot|confirm|authori[sz]|\ballow|\bpermi[ts]"
    r"|\bden(y|ied)|\byes\b|\bsafe\b|verified|trusted|\brisk|\bundone|\brules?\b",
    re.IGNORECASE,
)
"""What a voice must not be made to say in somebody else's words: it would pass for ours."""
_SECRET = re.compile(r"‹secret:([\w-]{1,40}):[0-9a-f]*›")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://(?:[^\s/?#@]*@)?([\w.-]+)[^\s\"'<>]*")
_AND_THEN = re.compile(r"\s*(?:\n|&&|;)\s*")
_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")
_OPTION = re.compile(r"(?<!\S)--?(?=\w)")
_DOTTED = re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])")
_UNSPOKEN = re.compile(r"[^\w\s.,'-]|_")
_FULL_STOP = re.compile(r"[.](?=\s|$)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DIGITS_READ, _ID_LENGTH, _ID_ENDING = 9, 10, 4
_MORE = "and more"
_WITHHELD = "words that are not read out"
_PLACE, _FORM, _BUTTON, _REASON = "On", "Sent to", "The page names it", "Its reason"
_LABELS = frozenset(label.lower() for label in (_PLACE, _FORM, _BUTTON, _REASON))
"""What only we begin with."""


class _Part(NamedTuple):
    """Something that is said."""

    label: str
    text: str = ""
    most: int = 0
    """Words of the text."""
    is_theirs: bool = True


def spoken(question: Question, *, name: str, tier: str, most: int = MOST_WORDS) -> str:
    """The summary of a question that is spoken: plain letters, digits and full stops.

    Args:
        question: what is asked.
        name: of the agent.
        tier: severity of the question.
        most: words that it has at most.
    """
    told: list[str] = []
    left = most
    for part in _parts(question, name, tier):
        room = min(part.most, left - words(part.label))
        if room < min(part.most, _FEWEST):
            continue
        text = _theirs(part.text, room) if part.is_theirs and part.text else speakable(part.text, room)
        told.append(f"{part.label} {text}".rstrip() + ".")
        left -= words(told[-1])
    return " ".join(told)


def words(text: str) -> int:
    """How many words a voice needs for a text: a number has as many as it has digits."""
    return sum(max(1, sum(char.isdigit() for char in word)) for word in text.split())


def speakable(text: str, most: int) -> str:
    """Anybody's text as a voice can say it, in up to so many words. No markup, and no URL but its host."""
    read = unicodedata.normalize("NFKC", text[:_READ])
    read = _URL.sub(r" \1 ", _SECRET.sub(r" a secret \1 ", read))
    read = _OPTION.sub(" dash ", _DOTTED.sub(" dot ", _CAMEL.sub(" ", visible(read))))
    for sign, word in _SIGNS.items():
        read = read.replace(sign, word)
    tokens = list(filter(None, map(_token, _UNSPOKEN.sub(" ", read).split())))
    if words(" ".join(tokens)) <= most:
        return " ".join(tokens)
    taken: list[str] = []
    while tokens and words(" ".join([*taken, tokens[0], _MORE])) <= most:
        taken.append(tokens.pop(0))
    return " ".join([*taken, _MORE])


def _parts(question: Question, name: str, tier: str) -> Iterator[_Part]:
    final = " That cannot be undone" if question.is_irreversible else ""
    yield _Part(f"Sentric asks. The agent {_theirs(name, _NAME_WORDS)} wants to {_does(question)}.{final}".rstrip("."))
    yield from _facts(question)
    yield _Part(f"{tier.capitalize()} risk, {question.risk} of 100")
    if score := question.inside("score"):
        yield _Part(f"A model says {number(score, 'risk')}" if said(score, "model") else "No model could rate it")
    if reason := question.said("reasoning").strip():
        yield _Part(f"{_REASON}:", reason, _REASON_WORDS)
    for rule in question.each("rules")[:1]:
        yield _Part("Rule:", said(rule, "title"), _TITLE_WORDS, question.is_of_guard)


def _does(question: Question) -> str:
    paid = question.paid
    if paid is not None and paid.currency:
        amount = paid.text.removesuffix(paid.currency).strip()
        return f"pay {amount} {_CURRENCIES.get(paid.currency, ' '.join(paid.currency))}"
    if question.kind is Kind.OTHER:
        return f"use the tool {_theirs(question.said('tool'), _NAME_WORDS)}"
    return question.does


def _facts(question: Question) -> Iterator[_Part]:
    is_paid = question.paid is not None and question.paid.currency
    stated, is_whole = question.arguments()
    if not is_whole:
        yield _Part("It has more arguments than are known here")
    leaves = [leaf for leaf in stated if leaf.text.strip()]
    leaves = [leaf for leaf in leaves if not (is_paid and leaf.own_name in _MONEY)]
    element = question.inside("element")  # then the other arguments are a framework's, such as its number
    telling = sorted((leaf for leaf in leaves if leaf.is_telling), key=lambda leaf: leaf.rank)
    telling = telling or ([] if element else leaves)
    is_command = bool(telling) and telling[0].own_name in _COMMANDS
    for leaf in telling[: 1 if is_command else _FACTS]:
        label = _theirs(leaf.own_name, _NAME_WORDS)
        text = _AND_THEN.sub(" then ", leaf.text) if is_command else leaf.text
        most = _COMMAND_WORDS if is_command else _VALUE_WORDS
        passes_for_ours = label == _WITHHELD or re.sub(r"\W+", " ", label.lower()) in _LABELS
        yield _Part("An argument:" if passes_for_ours else f"{label.capitalize()}:", text, most)
    if not telling and (text := said(element, "text")):
        yield _Part(_BUTTON, text, _VALUE_WORDS)
    for label, url in ((_PLACE, question.said("url")), (_FORM, said(element, "form_action"))):
        if url:
            yield _Part(label, url, _VALUE_WORDS)


def _theirs(text: str, most: int) -> str:
    """Somebody else's words, unless they would pass for ours."""
    told = speakable(text, most)
    squeezed = re.sub(r"[\W_]+", "", told)
    if _MISLEADING.search(told) or "approv" in squeezed.lower():
        return _WITHHELD
    return _FULL_STOP.sub(",", told).rstrip(",'- ") or _WITHHELD


def _token(word: str) -> str:
    """A word, or how a long number or id ends."""
    word = word.strip("-'")
    if _DATE.fullmatch(word):
        return word
    digits = sum(char.isdigit() for char in word)
    is_amount = digits == sum(char.isalnum() for char in word)
    if (digits > _DIGITS_READ and is_amount) or (digits >= _ID_ENDING and len(word) >= _ID_LENGTH):
        return "ending in " + " ".join([char for char in word if char.isalnum()][-_ID_ENDING:])
    return word.replace(".", " ") if not is_amount and "." in word.strip(".") else word
