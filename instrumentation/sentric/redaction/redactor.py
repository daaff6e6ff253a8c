"""The one way to redact: text and JSON values in, the same with fingerprints out."""

from collections.abc import Mapping, Sequence
from typing import cast

from sentric.events import JsonValue
from sentric.redaction.checks import is_basic_credential, is_distinctive
from sentric.redaction.context import accepts, accepts_number, cookie_values, credential_start
from sentric.redaction.fingerprint import BEGINNING, Fingerprinter, FormerFingerprints, FormerKey, fingerprint_spans
from sentric.redaction.forms import SHORTEST
from sentric.redaction.keys import context_of_key, kind_of_key
from sentric.redaction.layers import hidden, layers
from sentric.redaction.personal_data import KINDS, is_personal_value, personal_finders, personal_kind_of_key
from sentric.redaction.quoting import JsonDepth
from sentric.redaction.scan import Sign
from sentric.redaction.sieve import CLEAR, ENCODED, RUNS, Bytes, Sieve, Signs, Starts, laid_out, signs_of
from sentric.redaction.spans import Certainty, Found, apart, joined, leaves_site, whole_characters
from sentric.redaction.tracked import Secret, Tracked

DEEPEST = 64
"""Nesting of lists and objects below which everything is replaced by a marker."""
TOO_DEEP = "‹too deep›"
_ROUNDS = 4
"""A replacement can make room for another: a text is redacted until nothing changes, at most so often."""
_LONGEST_NUMBER = 10**19
"""Integers below this are looked at as text: cards and codes have at most 19 digits."""
_SHORTEST_NUMBER = 10**5
_SHORT = 128
"""Texts up to this length, in characters, are remembered as clean."""
_CLEAN_KEPT = 4096
"""Most texts that are remembered as clean; then all are forgotten."""
_SHORTEST_CREDENTIAL = 8
_HEADER_KINDS = frozenset({"authorization", "cookie", "api_key"})
"""Kinds for which a list of two texts is a header's name and its value."""
_FINGERPRINTS = Sieve([BEGINNING.encode()])


class Redactor:
    """Replaces secrets by fingerprints under one key, the same one wherever a secret appears.

    What was found once is found again without anything beside it, also in encodings and encodings of these, as long
    as it is among the last 200 secrets, has six bytes or more, and reads as a secret rather than a word. Safe to use
    from several threads; raises on no input; takes time proportional to the input.
    """

    def __init__(
        self,
        key: bytes,
        key_id: str = "",
        *,
        former: Sequence[FormerKey] = (),
        personal: frozenset[str] = frozenset(),
    ) -> None:
        """Take the key of the fingerprints.

        Args:
            key: any non-empty bytes.
            key_id: written into each fingerprint where it is not empty.
            former: keys that were in use before; their fingerprints of a secret that is seen again become new ones.
            personal: kinds of personal data that are redacted too, see `personal_data.KINDS`.

        Raises:
            SettingError: the key is empty, or its id is not up to 16 of `A-Z a-z 0-9 _ -`.
        """
        self._fingerprint = Fingerprinter(key, key_id)
        self._former = FormerFingerprints(former)
        self._personal = personal & frozenset(KINDS)
        self._find_personal = personal_finders(self._personal)
        self._tracked = Tracked()
        self._clean: dict[str, int] = {}

    @property
    def evicted(self) -> int:
        """How many secrets were seen but are no longer looked for, because newer ones took their place."""
        return self._tracked.evicted

    def add_secret(self, value: str, kind: str = "sensitive") -> None:
        """Name a secret, such as an entry of a framework's sensitive data, to be replaced wherever it appears.

        Values shorter than six bytes would be found in ordinary text and are not looked for.

        Args:
            value: the secret in clear.
            kind: up to 32 lower-case letters, digits and `_`; anything else becomes `sensitive`.
        """
        plain = kind.isascii() and kind.isidentifier() and kind.islower() and kind[0] != "_" and len(kind) <= 32
        kind = kind if plain else "sensitive"
        self._former.learn(value)
        self._tracked.add([Secret(value, kind, Certainty.GIVEN)])

    def fingerprint(self, value: str, kind: str = "sensitive") -> str:
        """What stands for a value that is a secret by who says so, however short or ordinary it is."""
        return self._stand_in(value, kind)

    def text(self, text: str) -> str:
        """A text with every secret in it replaced. JSON text stays JSON text."""
        return self._redact(text)

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value with every secret in it replaced, in keys too; what is not JSON becomes its type's name."""
        known = self._tracked.added
        redacted = self._value(value, "", 0)
        # A secret that was recognised late may stand earlier in the value.
        return redacted if self._tracked.added == known else self._value(redacted, "", 0)

    def suspects(self, data: Bytes, starts: Starts, signs: Signs = signs_of) -> Sequence[int]:
        """Which of many texts may not come out of `text` as they are, in one pass over all of them.

        Args:
            data: the texts as UTF-8, with a line break behind each.
            starts: where they begin in it, and where one more would.
            signs: finds the texts that may hold others in an encoding; there are quicker ways than the one given here.

        Returns:
            Their numbers, in order.
        """
        if self._personal:
            return range(len(starts) - 1)
        sieves = [CLEAR, *self._tracked.sieves(), *([_FINGERPRINTS] if self._former.known else [])]
        found = {hit for sieve in sieves for hit in sieve.hits(data, starts)}
        doubtful = {number: told for number, told in signs(data, starts).items() if number not in found}
        return sorted(found | self._hiding(data, starts, doubtful))

    def _hiding(self, data: Bytes, starts: Starts, doubtful: Mapping[int, Sequence[int]]) -> set[int]:
        """Which of some texts, that may hold others in an encoding, hold one that may not stay as it is."""
        numbers = list(doubtful)
        texts = [bytes(data[starts[number] : starts[number + 1] - 1]) for number in numbers]
        with_runs = [index for index, number in enumerate(numbers) if Sign.BASE64 in doubtful[number]]
        found = {numbers[with_runs[hit]] for hit in RUNS.hits(*laid_out([texts[index] for index in with_runs]))}
        inside = list(hidden(texts, list(doubtful.values()), backwards=self.version > 0))
        laid = laid_out([part for _, part in inside])
        sieves = (CLEAR, ENCODED, *self._tracked.sieves())
        return found | {numbers[inside[hit][0]] for sieve in sieves for hit in sieve.hits(*laid)}

    def is_telling(self, name: str) -> bool:
        """Whether a name by itself says that the value beside it is to be replaced."""
        return bool(self._kind_beside(name)[0])

    @property
    def version(self) -> int:
        """Changes when something more is looked for than before."""
        return self._tracked.version

    def _redact(self, text: str, given: Sequence[Found] = ()) -> str:
        if not given and (len(text) < SHORTEST or self._is_clean(text)):
            return text
        version, first = self._tracked.version, text
        data = text.encode("utf-8", "surrogatepass")
        for _ in range(_ROUNDS):
            read = layers(data, backwards=version > 0)
            found = [*(item for layer in read for item in layer.secrets(self._find_personal)), *given]
            given = ()
            if found:
                found = _replaceable(found, data)
                self._remember(found)
            if hits := [item for layer in read for item in layer.known(self._tracked)]:
                found = _replaceable(hits, data) + found
            if not found:
                break
            data, text = self._replace(data, joined(found)), ""
        text = self._former.renewed(text or data.decode("utf-8", "surrogatepass"), self._renewed)
        if text is first:
            self._keep_clean(text, version)
        return text

    def _renewed(self, value: str) -> str:
        return self._stand_in(value, "sensitive")

    def _is_clean(self, text: str) -> bool:
        return self._clean.get(text) == self._tracked.version

    def _keep_clean(self, text: str, version: int) -> None:
        """Remember a short text without secrets, such as an attribute's name, for as long as no new secret is seen."""
        if len(text) > _SHORT:
            return
        if len(self._clean) >= _CLEAN_KEPT:
            self._clean.clear()
        self._clean[text] = version

    def _replace(self, data: bytes, found: list[Found]) -> bytes:
        parts: list[bytes] = []
        position = 0
        depth = JsonDepth(data)
        for item in found:
            start, end = whole_characters(data, max(position, item.start), item.end)
            value = item.value or data[start:end].decode("utf-8", "surrogatepass")
            stand_in = self._stand_in(value, item.kind).encode()
            quote = depth.quote(start, end)
            parts += [data[position:start], quote, stand_in, quote]
            position = end
        parts.append(data[position:])
        return b"".join(parts)

    def _stand_in(self, value: str, kind: str) -> str:
        known = self._tracked.get(value)
        return self._fingerprint(value, known.kind if known else kind)

    def _remember(self, found: list[Found]) -> None:
        secrets = [item for item in found if item.kind not in KINDS and _is_looked_for(item)]
        for item in secrets:
            self._former.learn(item.value)
        self._tracked.add(Secret(item.value, item.kind, item.certainty) for item in secrets)

    def _value(self, value: object, kind: str, depth: int, *, deep: bool = False) -> JsonValue:
        match value:
            case str():
                return self._string(str.__str__(value), kind)
            case None | bool():
                return value
            case float():
                return self._fraction(value, kind)
            case int():
                return self._number(value, kind)
            case Mapping() | list() | tuple() if depth >= DEEPEST:
                return TOO_DEEP
            case Mapping():
                return self._mapping(cast(Mapping[object, object], value), kind if deep else "", depth)
            case list() | tuple():
                return self._sequence(cast(Sequence[object], value), kind, depth, deep=deep)
            case _:
                return f"‹{type(value).__name__}›"

    def _string(self, text: str, kind: str) -> str:
        if not kind:
            return self._redact(text)
        data = text.encode("utf-8", "surrogatepass")
        if not (is_personal_value(text, kind) if kind in KINDS else accepts(data, kind)):
            return self._redact(text)
        if kind == "cookie" and "=" in text:
            return self._redact(text, cookie_values(data, 0, len(data)))
        start = credential_start(data) if kind == "authorization" else 0
        value = data[start:].decode("utf-8", "surrogatepass")
        if kind == "otp":
            value = value.replace(" ", "").replace("-", "")
        return self._redact(text, [Found(start, len(data), kind, value, Certainty.CLAIMED)])

    def _fraction(self, number: float, kind: str) -> JsonValue:
        """A number that is whole may be a card's, or a code, that was read as a fraction."""
        if not (_SHORTEST_NUMBER <= number < _LONGEST_NUMBER and number.is_integer()):
            return number
        redacted = self._number(int(number), kind)
        return redacted if isinstance(redacted, str) else number

    def _number(self, number: int, kind: str) -> JsonValue:
        if not 0 <= number < _LONGEST_NUMBER:
            return number
        text = str(number)
        if kind and accepts_number(text.encode(), kind):
            return self._string(text, kind)
        redacted = self._redact(text) if number >= _SHORTEST_NUMBER else text
        return number if redacted == text else redacted

    def _mapping(self, mapping: Mapping[object, object], deep_kind: str, depth: int) -> JsonValue:
        out: dict[str, JsonValue] = {}
        value_kind = _kind_of_pair(mapping)
        for key, item in mapping.items():
            name = _name(key)
            kind, deep = (deep_kind, True) if deep_kind and value_kind is None else self._kind_beside(name)
            if name == "auth" and _is_credential(item):
                kind = "authorization"
            if name == "value" and value_kind is not None:
                kind = deep_kind or value_kind
            out[self._redact(name)] = self._value(item, kind, depth + 1, deep=deep)
        return out

    def _kind_beside(self, name: str) -> tuple[str, bool]:
        """What a name says of the value beside it, and whether it says so at every depth."""
        kind, deep = context_of_key(name)
        if not kind and self._personal and (personal := personal_kind_of_key(name)) in self._personal:
            return personal, deep
        return kind, deep

    def _sequence(self, items: Sequence[object], kind: str, depth: int, *, deep: bool) -> JsonValue:
        if len(items) == 2 and isinstance(items[0], str) and isinstance(items[1], str):
            header_kind = kind_of_key(items[0])
            if header_kind in _HEADER_KINDS:
                return [self._string(items[0], ""), self._string(items[1], header_kind)]
        return [self._value(item, kind, depth + 1, deep=deep) for item in items]


def _is_looked_for(item: Found) -> bool:
    return item.certainty is Certainty.FORM or is_distinctive(item.value.encode("utf-8", "surrogatepass"), item.kind)


def _replaceable(found: list[Found], data: bytes) -> list[Found]:
    return [item for item in apart(found, fingerprint_spans(data), data) if leaves_site(item, data)]


def _is_credential(item: object) -> bool:
    """Whether what stands beside `auth` is user and password in base64, as in Docker's configuration."""
    return (
        isinstance(item, str)
        and len(item) >= _SHORTEST_CREDENTIAL
        and is_basic_credential(item.encode(errors="replace"))
    )


def _name(key: object) -> str:
    match key:
        case str():
            return str.__str__(key)
        case None | bool() | float():
            return str(key)
        case int() if abs(key) < _LONGEST_NUMBER:
            return str(int(key))
        case _:
            return f"‹{type(key).__name__}›"


def _kind_of_pair(mapping: Mapping[object, object]) -> str | None:
    """What the `value` of an object is by the name in it (a header, a cookie, a form field); None for other objects."""
    if "value" not in mapping:
        return None
    if mapping.get("type") == "password":
        return "password"
    name = mapping.get("name") or mapping.get("key")
    return kind_of_key(name) if isinstance(name, str) else None
