"""The table of secrets that are told as people tell them: in sentences, under headings, on command lines.

Anybody may write such a sentence, so these are claimed, not known. A word of plain letters counts only where an
account stands beside it or quotes around it.
"""

from collections.abc import Callable
from itertools import pairwise

from sentric.redaction.checks import is_placeholder, looks_random
from sentric.redaction.detector import Detector
from sentric.redaction.patterns import START
from sentric.redaction.spans import Certainty
from sentric.redaction.tokens import has_digit, is_mixed

_BLANK = r"[ \t]"
_LINE_END = r"(?:\r?\n|\\r\\n|\\n)"
_VALUE = r"[^\s\"'`<>()\[\]{},;:/\\][^\s\"'`<>()\[\]{},;\\]{7}[^\s\"'`<>()\[\]{},;\\]*"
_ACCOUNT = r"[A-Za-z0-9._+-]+(?:@[A-Za-z0-9.-]+)?"
_LOG_IN = r"(?:log(?:ged|ging)?[ -]?in|sign(?:ed|ing)?[ -]?in|login|credentials?)"
_WORD = r"([A-Za-z\x80-\xff][A-Za-z\x80-\xff-]{4}[A-Za-z\x80-\xff-]*)"
_SENTENCE_ENDS = rf"(?:$|[.,;!)\"']|{_LINE_END}|{_BLANK}(?:and|then|to|on|at|for|before)\b)"
_LONGEST = 256
_PATH_CHANGES = 3
_KEY_NAMES = r"(?:api|access|secret|private|license|auth)[ _-]?(?:key|token)|(?:client )?secret|password|passphrase"
# What stands behind the word "password" in sentences about passwords.
_ABOUT = frozenset(
    b"""
    above access account again alone attached authentication below blank change changed changes compromised correct
    dialog dialogue empty encrypted entry expired field fields forgotten form given hash hashes hidden hint incorrect
    input instead invalid known leaked length link lockout login manager managers missing module never option
    optional page policy prompt protected protection provided recovery required reset resets rotation rules safely
    screen securely security settings shared shown storage stored strength stuff there unknown until update vault
    visible weak wrong
    """.split()
)


def _is_word(value: bytes) -> bool:
    return value.lower() not in _ABOUT and not is_placeholder(value)


def _is_told(value: bytes) -> bool:
    return has_digit(value) and looks_random(value, 8) and not is_placeholder(value)


def _is_token(value: bytes) -> bool:
    return is_mixed(value) and _changes(value) > 1 and _is_told(value)


def _is_mixed_code(value: bytes) -> bool:
    return _changes(value) > 1


def _is_path_token(value: bytes) -> bool:
    return _changes(value) > _PATH_CHANGES and looks_random(value, 16)


def _changes(value: bytes) -> int:
    """How often a value changes between letters and digits: a code more than once, `ERROR404` and `Google2` not."""
    kinds = [48 <= byte <= 57 for byte in value[:_LONGEST] if chr(byte).isalnum()]
    return sum(one != other for one, other in pairwise(kinds))


def _claimed(kind: str, pattern: str, accept: Callable[[bytes], bool], gate: str = "") -> Detector:
    return Detector(kind, pattern, accept, certainty=Certainty.CLAIMED, gate=gate)


SPOKEN = (
    _claimed(
        "password",
        rf"(?i){START}{_LOG_IN}(?:{_BLANK}+(?:with|as|using|is|are))?:?{_BLANK}+{_ACCOUNT}{_BLANK}*[/:|]{_BLANK}*({_VALUE})",
        _is_token,
        gate=rf"(?i){_LOG_IN}",
    ),
    _claimed(
        "password",
        rf"(?i){START}(?:as|user(?:name)?|login|e-?mail(?: address)?|account)(?:{_BLANK}+is|:)?{_BLANK}+{_ACCOUNT}"
        rf"(?:,|;|{_BLANK}+and|{_BLANK}+with|{_BLANK}*/)+{_BLANK}*(?:(?:with|use|the|and|its){_BLANK}+)*password"
        rf"(?:{_BLANK}+is|:)?{_BLANK}+[\"']?{_WORD}{_SENTENCE_ENDS}",
        _is_word,
        gate="(?i)password",
    ),
    _claimed(
        "password",
        rf"(?i){START}(?:with|and|use|using|my|the|is|type|enter){_BLANK}+(?:the{_BLANK}+)?(?:password|passphrase|passcode)"
        rf"(?:{_BLANK}+(?:is|of))?:?{_BLANK}+(?:\\*\"|“|'){_WORD}(?:\\*\"|”|')",
        _is_word,
        gate="(?i)pass(?:word|phrase|code)",
    ),
    _claimed(
        "password",
        rf"(?i){START}(?:passwort|kennwort|contraseña|mot de passe){_BLANK}+(?:ist|lautet|es|est){_BLANK}*:?{_BLANK}+"
        rf"[\"']?({_VALUE})",
        _is_told,
        gate="(?i)passwort|kennwort|contraseña|mot de passe",
    ),
    _claimed(
        "api_key",
        rf"(?i)(?:^|\n|\\n|\"){_BLANK}*(?:your{_BLANK}+)?(?:{_KEY_NAMES}):?{_BLANK}*{_LINE_END}{_BLANK}*({_VALUE}){_BLANK}*"
        rf"(?:$|{_LINE_END}|\"|\\\")",
        _is_token,
        gate=rf"(?i)(?:key|token|secret|password|passphrase):?{_BLANK}*{_LINE_END}",
    ),
    _claimed(
        "password",
        rf"{START}(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\r\n]*?[ \t]-p([^\s\"'\\-][^\s\"'\\]{{3}}[^\s\"'\\]*)",
        lambda value: has_digit(value) and not is_placeholder(value),
        gate="mysql|mariadb",
    ),
    _claimed(
        "password",
        rf"{START}sshpass{_BLANK}+-p{_BLANK}*(?:\\*[\"'])?([^\s\"'\\-][^\s\"'\\]{{3}}[^\s\"'\\]*)",
        lambda value: not is_placeholder(value),
        gate="sshpass",
    ),
    _claimed(
        "password",
        rf"{START}redis-cli\b[^\r\n]*?[ \t](?:-a|--pass)[ \t=]+(?:\\*[\"'])?([^\s\"'\\-][^\s\"'\\]{{3}}[^\s\"'\\]*)",
        lambda value: not is_placeholder(value),
        gate="redis-cli",
    ),
    _claimed(
        "password",
        rf"[A-Za-z0-9._-]:([^\s:\"'\\|]{{4}}[^\s\"'\\|]*)(?:\\*[\"'])?{_BLANK}*\|{_BLANK}*(?:sudo{_BLANK}+)?chpasswd\b",
        lambda value: not is_placeholder(value),
        gate="chpasswd",
    ),
    _claimed(
        "otp",
        rf"(?i){START}(?:(?:verification|security|authentication|login|confirmation|one[- ]time|2fa|mfa) (?:pass)?code)"
        r"(?:[ \t]*(?:\bis\b|[:=]))+[ \t*]*(?-i:([A-Z0-9]{3,4}-[A-Z0-9]{3,4}|[A-Z0-9]{6,8}))(?:$|[^A-Za-z0-9_-])",
        _is_mixed_code,
        gate="(?i)(?:verification|security|authentication|login|confirmation|time|2fa|mfa) (?:pass)?code",
    ),
    _claimed(
        "token",
        r"(?i)/(?:reset|password[_-]?reset|reset[_-]?password|verify|verify[_-]?email|confirm|confirmation|activate|magic"
        r"|magic[_-]?link|invite|invitation|one[_-]?time|passwordless)/([A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*)",
        _is_path_token,
        gate=r"(?i)/(?:reset|password|verify|confirm|activate|magic|invit|one)",
    ),
    _claimed(
        "token",
        r"(?i)[?&#](?:amp;)?(?:key|ticket|jwt|auth_key|magic)=([A-Za-z0-9_-]{16}[A-Za-z0-9_.-]*)",
        _is_token,
        gate=r"(?i)[?&#](?:amp;)?(?:key|ticket|jwt|auth_key|magic)=",
    ),
)
