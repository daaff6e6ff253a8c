r"""Secrets known by the name beside them: `password=…`, `"api_key": "…"`, `{\"token\": \"…\"}`, `Cookie: …`.

A pattern finds names with a separator behind them; code finds where the value ends, because a quoted value ends at a
quote of its own escape depth, which no regular expression can tell.
"""

import html
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from sentric.redaction.checks import is_name, is_number, is_placeholder, looks_random
from sentric.redaction.keys import kind_of_key
from sentric.redaction.patterns import START, pattern
from sentric.redaction.quoting import JsonDepth, backslashes, closes, is_json
from sentric.redaction.spans import Certainty, Found

_QUOTE = r"(\\*[\"'`]|&quot;|&#34;|%22)?"
HEAD = (
    r"(?i)(?:\\[nrt])?([A-Za-z0-9_.\-]*(?:passwor[dt]|passwd|passphrase|passcode|pass|pwd|pw|kennwort|contrase(?:n|ñ|Ñ)a"
    r"|mot de passe|senha|wachtwoord|lösenord|hasło|пароль|Пароль"
    r"|ПАРОЛЬ|密码|密碼|パスワード|비밀번호|secret|token|access[_-]?key[_-]?id"
    r"|(?:api|access|secret|signing|encryption|private|account|auth|subscription)[ _.-]?key|credential|cookie"
    r"|sess(?:ion)?id|cvv|cvc|csc|otp|pin|mnemonic|(?:verification|security|mfa|2fa|factor|time|sms|otp)[_.-]?"
    r"(?:pass)?code|seed[_.-]?phrase)[0-9]{0,2}(?:[_.-]?(?:confirmation|confirm|repeat|again))?)"
    rf"{_QUOTE}\]?([ \t]*(?::=|=>|[:=]|%3[ad]|：)[ \t]*){_QUOTE}"
)
"""Groups: the name, the quote that closes it, the separator, the quote that opens the value."""
_BY_TYPE = r"type\s*=\s*\\*[\"']?password"
_BY_NAME = (
    r"name\s*=\s*\\*[\"']?([a-z0-9_.:\[-]*(?:password|passwd|pwd|passphrase|secret|api[_-]?key|csrf|xsrf|token))"
    r"\]?"
)
PASSWORD_FIELD = rf"(?i)<(?:input|meta)\b[^<>]*{START}(?:{_BY_TYPE}\b[^<>]*|{_BY_NAME}(?:[\s\"'/\\][^<>]*)?)>"
"""A password input, or a field or meta element that is named as one, or as the token of a form."""

_head = pattern(HEAD)
_field = pattern(PASSWORD_FIELD)
_by_type = pattern(rf"(?i){START}{_BY_TYPE}\b")
_by_name = pattern(rf"(?i){START}{_BY_NAME}[\s\"'/\\>]")
_button_type = pattern(rf"(?i){START}type\s*=\s*\\*[\"']?(?:submit|button|reset|image|checkbox|radio)\b")
_field_value = pattern(rf"(?i){START}(?:value|content)\s*=\s*(\\*[\"'])?")
# A character that is not ASCII, as JSON may escape it.
_ESCAPED = r"\\+u(?:00[89a-fA-F]|0[1-9a-fA-F][0-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{2})[0-9a-fA-F]"
_bare = pattern(rf"(?:[^\s\"'`<>&(){{}}\[\]\\|,;]|{_ESCAPED})+")
_bare_line = pattern(rf"(?:[^\s\"'`\\]|{_ESCAPED})+")
_next_pair = pattern(r"[,;&][A-Za-z0-9_.-]{0,64}[ \t]*[:=]")
_entity = pattern(r"&(?:&|#[0-9xX]|[A-Za-z]{2,8};)")
_unquoted = pattern(r"[^\s\"'`<>\\]+")
_escaped_end = pattern(r"%(?:26|20|22|27|2[cC]|7[dD]|0[aA])")
_header_break = pattern(r"[\r\n\"'\\]")
_digits = pattern(r"[0-9]+")
_identifier = pattern(r"[A-Za-z_$][A-Za-z0-9_.$\[\]'\"-]*")
_cookie = pattern(r"([^\s=;,]+)=([^;\s]+)")
_COOKIE_ATTRIBUTES = frozenset({b"path", b"domain", b"expires", b"max-age", b"samesite", b"priority"})
_scheme = pattern(r"(?i)\s*(?:bearer|basic|token|api-?key|negotiate|digest|key)[ \t]+")
_SHORTEST_DIGITS = {"password": 4, "pin": 4, "otp": 4, "cvv": 3}
_DEEPEST_ESCAPE = 4
_LONG = 256
"""A longer value beside the name of a secret is never taken for prose or a placeholder."""
_CLOSED_BY = frozenset(b"%c" % byte for byte in b" \t)]},.;>+") | {b""}
_BEFORE_QUERY = frozenset({b"?", b"&", b"%"})
_TIGHT = frozenset({b"=", b"%3D", b"%3d"})
_plain = pattern(r"[A-Za-z\x80-\xff-]*[A-Za-z][A-Za-z\x80-\xff-]*")
_SHORTEST_PLAIN = 5
_ENDS_PLAIN = frozenset(b"%c" % byte for byte in b"\r\n,;.&<)\"'\\") | {b""}
_OPENS_CODE = frozenset({b"(", b"[", b"{"})
# What a form, its hints and its code show beside the label of a password field.
_LABELS = frozenset(
    b"""
    above again below blank cancel change changed characters clear confirm continue create current digits disabled
    encrypted enter enabled forgotten generate hashed here letters login lowercase mandatory maximum minimum numbers
    obligatoire obligatoria obligatorio requerida requerido incorrecta olvidada opcional
    please erforderlich requis save saved secretstr settings signin signup strength
    strong submit symbols toggle unchanged update uppercase varchar weak
    """.split()
)
_LONGEST_DIGITS = {"pin": 8, "otp": 8, "cvv": 4}


class _Head:
    """A name with a separator behind it."""

    __slots__ = ("around", "before", "closed", "end", "name", "quote", "separator", "start")

    def __init__(self, data: bytes, match: Any, depth: JsonDepth | None) -> None:
        self.start, name_end = match.span(1)
        self.before = data[max(0, self.start - 1) : self.start]
        if match.start() < self.start:  # a line break that JSON has escaped
            self.before = b"\n"
        separator, separator_end = match.span(3)
        self.end = match.end()
        self.name = data[self.start : name_end]
        self.closed = match.start(2) >= 0
        self.separator = data[separator:separator_end]
        self.quote = data[separator_end : self.end]
        self.around = depth.closer(separator_end) if depth else b""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value behind a name, and how it stands there."""

    start: int
    end: int
    quote: bytes
    loose: bool
    """Whether a plain word counts too: in query strings, form bodies, environment lines and flags."""
    spaced: bool
    """Whether it stands as in prose: behind a colon or a blank."""


def find_assignments(data: bytes) -> list[Found]:
    """Secrets behind a name, in JSON, escaped JSON, query strings, forms, headers, environment files and code."""
    found: list[Found] = []
    position = 0
    depth = JsonDepth(data) if is_json(data) else None
    while match := _head.search(data, position):
        head = _Head(data, match, depth)
        position = match.end(1)
        kind = kind_of_key(head.name.decode("utf-8", "replace"))
        if kind == "cookie" and head.name.lower().endswith(b"cookie"):
            end = _header_end(data, head)
            found += cookie_values(data, head.end, end)
            position = max(position, end)
        elif kind and (value := _value(data, head)) and _accept(data[value.start : value.end], kind, value):
            found.append(Found(value.start, value.end, kind, _clean(data, value), Certainty.CLAIMED))
            position = max(position, value.end)
    return found


def find_password_fields(data: bytes) -> list[Found]:
    """What stands in the value attribute of a password input."""
    found: list[Found] = []
    depth = JsonDepth(data) if is_json(data) else None
    for field in _field.finditer(data):
        if not (head := _field_value.search(data, field.start(), field.end())):
            continue
        start, quote = head.end(), bytes(head.group(1) or b"")
        if quote:
            around = depth.closer(head.start()) if depth else b""
            if _closes_around(quote, around):
                continue
            end = _quoted_end(data, start, quote, field.end(), around)
        else:
            bare = _unquoted.match(data, start, field.end())
            end = start + len(bare[0].rstrip(b"/")) if bare else start
        value = data[start:end]
        if not is_placeholder(value) and (kind := _kind_of_field(data[field.start() : field.end()], value)):
            found.append(Found(start, end, kind, html.unescape(_decode(value)), Certainty.CLAIMED))
    return found


def _kind_of_field(field: bytes, value: bytes) -> str:
    """The kind of secret in a field; "" where it only has the name of one."""
    if _by_type.search(field):
        return "password"
    if _button_type.search(field) or not (match := _by_name.search(field)):
        return ""
    name = match.group(1).decode("latin-1")
    kind = kind_of_key(name) or ("token" if name.lower().endswith(("csrf", "xsrf")) else "")
    plain = kind == "password" and len(value) >= _SHORTEST_PLAIN and bool(_plain.fullmatch(value))
    return kind if plain or looks_random(value) else ""


def cookie_values(data: bytes, start: int, end: int) -> list[Found]:
    """The values in a Cookie or Set-Cookie header, without the attributes."""
    return [
        Found(pair.start(2), pair.end(2), "cookie", _decode(pair.group(2)), Certainty.CLAIMED)
        for pair in _cookie.finditer(data, start, end)
        if pair.group(1).lower() not in _COOKIE_ATTRIBUTES and not is_placeholder(pair.group(2))
    ]


def credential_start(value: bytes) -> int:
    """Where the credential begins in the value of an Authorization header: behind `Bearer`."""
    scheme = _scheme.match(value)
    return scheme.end() if scheme else 0


def accepts(value: bytes, kind: str) -> bool:
    """Whether the whole value beside a key is a secret of its kind, in structured data."""
    if is_placeholder(value):
        return False
    if kind in {"pin", "cvv"}:
        return _fits_digits(value, kind)
    if kind == "otp":
        return len(value) <= 16 and any(48 <= byte <= 57 for byte in value)
    if kind == "token":
        prose = len(value) < 16 or (b" " in value and len(value) <= _LONG)
        return not prose or any(48 <= byte <= 57 for byte in value)
    return kind != "api_key" or len(value) >= 6  # shorter: the HTML attribute `accesskey`


def accepts_number(digits: bytes, kind: str) -> bool:
    """Whether a number beside a key is a secret of its kind."""
    return kind in _SHORTEST_DIGITS and _fits_digits(digits, kind)


def is_label(value: bytes) -> bool:
    """Whether a value is a word about a secret, as forms show them, or a variable that code passes on."""
    return value.lower() in _LABELS or bool(_identifier.fullmatch(value) and kind_of_key(value.decode("latin-1")))


def _fits_digits(value: bytes, kind: str) -> bool:
    shortest, longest = _SHORTEST_DIGITS.get(kind, 8), _LONGEST_DIGITS.get(kind, 4096)
    return bool(_digits.fullmatch(value)) and shortest <= len(value) <= longest


def _value(data: bytes, head: _Head) -> _Value | None:
    value = _quoted_value(data, head) if head.quote else _bare_value(data, head)
    return value if value and value.start < value.end else None


def _quoted_value(data: bytes, head: _Head) -> _Value | None:
    # In `print("Password: ")` the quote closes what stands before it.
    if not head.closed and data[head.end : head.end + 1] in _CLOSED_BY:
        return None
    if _closes_around(head.quote, head.around):
        return None
    end = _quoted_end(data, head.end, head.quote, len(data), head.around)
    return _Value(head.end, end, head.quote, loose=True, spaced=False)


def _bare_value(data: bytes, head: _Head) -> _Value | None:
    tight = head.separator in _TIGHT
    line = tight and head.name.isupper() and head.before in {b"", b"\n", b" "}
    span = _bare_line.match(data, head.end) if line else None
    end = span.end() if span else _bare_end(data, head)
    while end > head.end and data[end - 1] in b".,;:&":
        end -= 1
    after = data[end : end + 1]
    value = data[head.end : end]
    if after == b"(" or (head.closed and is_number(value) and not value.isdigit()):
        return None  # a call, or a fraction in a JSON document
    query = head.before in _BEFORE_QUERY or after == b"&" or data[max(0, head.start - 5) : head.start] == b"&amp;"
    loose = tight and (query or head.name.isupper() or head.name.startswith(b"--"))
    loose = loose or _is_plain_password(head, value, after)
    return _Value(head.end, end, b"", loose=loose, spaced=not tight)


def _is_plain_password(head: _Head, value: bytes, after: bytes) -> bool:
    """Whether one word of letters is a password: behind `password=`, or alone behind `password:`, not in prose."""
    if head.closed or kind_of_key(head.name.decode("utf-8", "replace")) != "password":
        return False
    if len(value) < _SHORTEST_PLAIN or not _plain.fullmatch(value) or is_label(value):
        return False
    if head.separator in _TIGHT:
        return after not in _OPENS_CODE
    return head.separator.rstrip(b" ") == b":" and after in _ENDS_PLAIN


def _bare_end(data: bytes, head: _Head) -> int:
    """Where an unquoted value ends: a comma or `&` in it belongs to it unless another name follows."""
    end = head.end
    query = head.before in _BEFORE_QUERY
    while part := _bare.match(data, end):
        end = int(part.end())
        sign = data[end : end + 1]
        if sign not in {b",", b";", b"&"} or _next_pair.match(data, end):
            break
        if sign == b"&" and (query or head.separator.startswith(b"%") or _entity.match(data, end)):
            break
        end += 1
    stop = _escaped_end.search(data, head.end, end) if head.separator.startswith(b"%") else None
    return int(stop.start()) if stop else end


def _accept(text: bytes, kind: str, value: _Value) -> bool:
    if value.quote:
        return accepts(text, kind)
    if len(text) > _LONG:
        return True
    if is_placeholder(text) or (kind in _LONGEST_DIGITS and not _fits_digits(text, kind)):
        return False
    if _digits.fullmatch(text):
        return _fits_digits(text, kind) and (not value.spaced or kind in _SHORTEST_DIGITS)
    return (value.loose and not is_name(text)) or looks_random(text)


def _closes_around(quote: bytes, around: bytes) -> bool:
    """Whether a quote is the end of the JSON string around it, not the beginning of a value."""
    return bool(around) and quote.endswith(b'"') and closes(len(quote) - 1, len(around) - 1)


def _quoted_end(data: bytes, start: int, quote: bytes, stop: int, around: bytes) -> int:
    """Where a value ends: at its closing quote, a line break, or the end of the JSON string `around` it."""
    end = _closing(data, start, quote, stop)
    if around:
        end = _closing(data, start, around, end)
    line_end = data.find(b"\n", start, end)
    return end if line_end < 0 else line_end


def _closing(data: bytes, start: int, quote: bytes, stop: int) -> int:
    if quote[:1] in b"&%":
        end = data.find(quote, start, stop)
        return stop if end < 0 else end
    opening, position = len(quote) - 1, start
    while (at := data.find(quote[-1:], position, stop)) >= 0:
        run = backslashes(data, start, at)
        if closes(run, opening):
            return at - min(run, opening)
        position = at + 1
    return stop


def _header_end(data: bytes, head: _Head) -> int:
    if head.quote:
        return _quoted_end(data, head.end, head.quote, len(data), head.around)
    end = _header_break.search(data, head.end)
    return end.start() if end else len(data)


def _clean(data: bytes, value: _Value) -> str:
    """The value without the escapes of the place it stands in."""
    text = _decode(data[value.start : value.end])
    if value.quote.startswith(b"&"):
        return html.unescape(text)
    if value.quote and not value.quote.startswith(b"%"):
        return _unescaped(text, len(value.quote).bit_length())
    text = _unescaped(text, _DEEPEST_ESCAPE)
    return unquote(text, errors="surrogateescape") if "%" in text else text


def _unescaped(text: str, depth: int) -> str:
    for _ in range(depth):
        if "\\" not in text:
            break
        try:
            text = str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            break
    return text


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
