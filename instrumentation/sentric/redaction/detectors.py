"""The table of secrets that are known by their own form, wherever they stand.

To add one: a row here, and its cases in the tests. Patterns are RE2, on UTF-8 bytes taken as Latin-1, and are run only
where the set of them all says that they are in the text. What is known by the name beside it is in `context`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from sentric.redaction.checks import is_basic_credential, is_card_number, is_number, is_placeholder, looks_random
from sentric.redaction.patterns import START
from sentric.redaction.spans import Certainty


@dataclass(frozen=True, slots=True)
class Detector:
    """One form of secret."""

    kind: str
    pattern: str
    """Group 1 is the secret where there is a group, the whole match otherwise."""
    accept: Callable[[bytes], bool] = lambda _: True
    clean: Callable[[str], str] = str
    """Takes out what is not part of the secret itself: line breaks, separators, escapes."""
    certainty: Certainty = Certainty.FORM


def _has_digit(value: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in value)


def _is_value(value: bytes) -> bool:
    return not is_placeholder(value)


def _is_credential(value: bytes) -> bool:
    mixed = value.lower() != value != value.upper()
    return (_has_digit(value) or mixed) and not is_placeholder(value)


def _is_opaque(value: bytes) -> bool:
    return _has_digit(value) and not is_number(value) and not is_placeholder(value)


def _is_card(value: bytes) -> bool:
    return is_card_number(value.translate(None, b" -"))


def _is_spoken_password(value: bytes) -> bool:
    attribute = value.partition(b"=")[0].isalpha() and b"=" in value
    return _has_digit(value) and looks_random(value) and not attribute and not is_placeholder(value)


def _digits(value: str) -> str:
    return value.replace(" ", "").replace("-", "")


def _unbroken(value: str) -> str:
    return "".join(value.replace("\\n", "").replace("\\r", "").replace("\\", "").split())


def _unquoted(value: str) -> str:
    return unquote(value, errors="surrogateescape")


def _token(kind: str, form: str, accept: Callable[[bytes], bool] = lambda _: True) -> Detector:
    return Detector(kind, f"{START}({form})", accept)


# RFC 7468, with its line breaks as they are or escaped; the last line may have been cut off.
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:-{0,4}\\{0,15}[A-Za-z0-9+/=\s:,.()])*"
    r"(?:-----END[A-Z0-9 ]*(?:-----)?)?"
)
_AUTHORIZATION = rf"(?i){START}authorization(?:\\*[\"'])?[ \t]*[:=][ \t]*(?:\\*[\"'])?"
_HEADER_VALUE = r"([^\s\"'\\,;{}\[\]()<>]{8}[^\s\"'\\,;{}\[\]()<>]*)"
_CODE_WORDS = (
    rf"{START}(?:otps?|one[- ]?time[- ](?:pass)?(?:code|word|pin)|(?:verification|security|authentication|auth|login"
    r"|log-in|sign-?in|confirmation|access|2fa|mfa|two[- ]factor|sms) (?:pass)?code|your code|passcode)\b"
)
_CODE_GAP = (
    r"(?:[^0-9A-Za-z-]|-[ \t]|\b-|\\[nrt]|\b(?:is|was|code|here|below|as|strong|b|span|p|to use|for [A-Za-z]+)\b){1,24}"
)
_NUMBER_END = r"(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))"
_CODE = r"([0-9]{4,8}|[0-9]{3}[ -][0-9]{3})"

DETECTORS = (
    Detector("private_key", _PRIVATE_KEY, clean=_unbroken),
    _token("aws_access_key", r"(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    _token("github_token", r"(?:gh[pousr]_[A-Za-z0-9]{36}[A-Za-z0-9]*|github_pat_[A-Za-z0-9_]{22}[A-Za-z0-9_]*)"),
    _token("gitlab_token", r"gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|oas|agent)-[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*"),
    _token("slack_token", r"xox[abeoprs]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*", _has_digit),
    _token("slack_token", r"xapp-[0-9]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*"),
    Detector("slack_webhook", r"\bhooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9/]+)"),
    _token("stripe_key", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16}[A-Za-z0-9]*"),
    _token("stripe_key", r"whsec_[A-Za-z0-9+/]{24}[A-Za-z0-9+/]*"),
    _token("anthropic_key", r"sk-ant-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    _token("openai_key", r"sk-(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    _token("openai_key", r"sk-[A-Za-z0-9]{20}[A-Za-z0-9]*", _has_digit),
    _token("google_key", r"AIza[A-Za-z0-9_-]{35}"),
    _token("google_token", r"(?:ya29\.[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*|GOCSPX-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*)"),
    _token("huggingface_token", r"hf_[A-Za-z0-9]{30}[A-Za-z0-9]*"),
    _token("npm_token", r"npm_[A-Za-z0-9]{36}\b"),
    _token("pypi_token", r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]+"),
    _token("sendgrid_key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("jwt", r"eyJ[A-Za-z0-9_-]{8}[A-Za-z0-9_-]*\.eyJ[A-Za-z0-9_-]{4}[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"),
    Detector(
        "authorization",
        rf"(?i){START}bearer(?:[ \t]+|%20)([A-Za-z0-9._~+/-]{{12}}[A-Za-z0-9._~+/-]*=*)",
        _is_opaque,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "authorization",
        rf"(?i){START}basic[ \t]+([A-Za-z0-9+/]{{6}}[A-Za-z0-9+/]*={{0,2}})",
        is_basic_credential,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "authorization",
        rf"{_AUTHORIZATION}(?:bearer|basic|token|api-?key|negotiate|key)[ \t]+{_HEADER_VALUE}",
        _is_credential,
        certainty=Certainty.CLAIMED,
    ),
    Detector("authorization", rf"{_AUTHORIZATION}{_HEADER_VALUE}", _is_opaque, certainty=Certainty.CLAIMED),
    Detector(
        "password",
        r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@?#\"'<>\\]*:([^\s/@?#\"'<>\\]+)@",
        _is_value,
        clean=_unquoted,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "card",
        r"(?:^|[^0-9A-Za-z_.-]|\\[nrt]|[^\s:,\[]-)"
        r"([2-6][0-9]{3}(?:[0-9]{9,15}|[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -][0-9]{3})?"
        r"|[ -][0-9]{6}[ -][0-9]{4,5}))(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))",
        _is_card,
        clean=_digits,
    ),
    Detector("otp", rf"(?i){_CODE_WORDS}{_CODE_GAP}{_CODE}{_NUMBER_END}", clean=_digits, certainty=Certainty.CLAIMED),
    Detector(
        "otp",
        rf"(?i){START}{_CODE} (?:is|as) your (?:[A-Za-z0-9-]+ ){{0,3}}?(?:pass)?(?:code|otp|pin)\b",
        clean=_digits,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "cvv",
        rf"(?i){START}(?:cvv2?|cvc2?)\b(?:[ \t]*(?:code|number|is|:|=|#|-))*[ \t]*([0-9]{{3,4}})\b",
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "password",
        rf"(?i){START}(?:password|passcode|passphrase|passwd|pwd)[ \t]+(?:(?:is|as|of)[ \t]*:?[ \t]*)?"
        r"(?:[\"'`]|“|‘)*([^\s\"'`<>()\[\]{},;:\\]{5}[^\s\"'`<>()\[\]{},;\\]*[^\s\"'`<>()\[\]{},;:.!?\\])",
        _is_spoken_password,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "password",
        r"(?i)--?[a-z-]*(?:password|passphrase|token|secret|api-key)[ \t]+[\"']?([^\s\"'\\-][^\s\"'\\]{3}[^\s\"'\\]*)",
        _is_spoken_password,
        certainty=Certainty.CLAIMED,
    ),
)
