"""The table of secrets that are known by their own form, wherever they stand.

To add one: a row here, and its cases in the tests. Patterns are RE2, on UTF-8 bytes taken as Latin-1, and are run only
where the set of them all says that they are in the text. What is known by the name beside it is in `context`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from sentric.redaction.checks import is_basic_credential, is_card_number, is_number, is_placeholder, looks_random
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


# RFC 7468, with its line breaks as they are or escaped; the last line may have been cut off.
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:-{0,4}\\{0,15}[A-Za-z0-9+/=\s:,.()])*"
    r"(?:-----END[A-Z0-9 ]*(?:-----)?)?"
)
_AUTHORIZATION = r"(?i)\bauthorization\\*[\"']?[ \t]*[:=][ \t]*\\*[\"']?"
_HEADER_VALUE = r"([^\s\"'\\,;}\])]{8}[^\s\"'\\,;}\])]*)"
_CODE_WORDS = (
    r"(?:\botps?\b|\bone[- ]?time[- ](?:pass)?(?:code|word|pin)\b|\b(?:verification|security|authentication|auth|login"
    r"|log-in|sign-?in|confirmation|access|2fa|mfa|two[- ]factor|sms) (?:pass)?code\b|\byour code\b|\bpasscode\b)"
)
_CODE_GAP = r"(?:[^0-9A-Za-z-]|-[ \t]|\b-|\b(?:is|was|code|here|below|as|strong|b|span|p|to use|for [A-Za-z]+)\b){1,24}"
_NUMBER_END = r"(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))"
_CODE = r"([0-9]{4,8}|[0-9]{3}[ -][0-9]{3})"

DETECTORS = (
    Detector("private_key", _PRIVATE_KEY, clean=_unbroken),
    Detector("aws_access_key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    Detector("github_token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}[A-Za-z0-9]*|github_pat_[A-Za-z0-9_]{22}[A-Za-z0-9_]*)"),
    Detector("gitlab_token", r"\bgl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|oas|agent)-[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*"),
    Detector("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*", _has_digit),
    Detector("slack_token", r"\bxapp-[0-9]-[A-Za-z0-9-]{10}[A-Za-z0-9-]*"),
    Detector("slack_webhook", r"\bhooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9/]+)"),
    Detector("stripe_key", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16}[A-Za-z0-9]*"),
    Detector("stripe_key", r"\bwhsec_[A-Za-z0-9+/]{24}[A-Za-z0-9+/]*"),
    Detector("anthropic_key", r"\bsk-ant-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    Detector("openai_key", r"\bsk-(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    Detector("openai_key", r"\bsk-[A-Za-z0-9]{20}[A-Za-z0-9]*", _has_digit),
    Detector("google_key", r"\bAIza[A-Za-z0-9_-]{35}"),
    Detector("google_token", r"\b(?:ya29\.[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*|GOCSPX-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*)"),
    Detector("huggingface_token", r"\bhf_[A-Za-z0-9]{30}[A-Za-z0-9]*"),
    Detector("npm_token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    Detector("pypi_token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]+"),
    Detector("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    Detector("jwt", r"\beyJ[A-Za-z0-9_-]{8}[A-Za-z0-9_-]*\.eyJ[A-Za-z0-9_-]{4}[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"),
    Detector(
        "authorization",
        r"(?i)\bbearer(?:[ \t]+|%20)([A-Za-z0-9._~+/-]{12}[A-Za-z0-9._~+/-]*=*)",
        _is_opaque,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "authorization",
        r"(?i)\bbasic[ \t]+([A-Za-z0-9+/]{6}[A-Za-z0-9+/]*={0,2})",
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
        r"(?:^|[^0-9A-Za-z_.-]|[^\s:,\[]-)"
        r"([2-6][0-9]{3}(?:[0-9]{9,15}|[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -][0-9]{3})?"
        r"|[ -][0-9]{6}[ -][0-9]{4,5}))(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))",
        _is_card,
        clean=_digits,
    ),
    Detector("otp", rf"(?i){_CODE_WORDS}{_CODE_GAP}\b{_CODE}{_NUMBER_END}", clean=_digits, certainty=Certainty.CLAIMED),
    Detector(
        "otp",
        rf"(?i)\b{_CODE} (?:is|as) your (?:[A-Za-z0-9-]+ ){{0,3}}?(?:pass)?(?:code|otp|pin)\b",
        clean=_digits,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "cvv",
        r"(?i)\b(?:cvv2?|cvc2?)\b(?:[ \t]*(?:code|number|is|:|=|#|-))*[ \t]*([0-9]{3,4})\b",
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "password",
        r"(?i)\b(?:password|passcode|passphrase|passwd|pwd)[ \t]+(?:(?:is|as|of)[ \t]*:?[ \t]*)?"
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
