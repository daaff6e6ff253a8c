"""The table of passwords that programs are given by an option or at a place of their own, and statements give users."""

from collections.abc import Callable

from sentric.redaction.checks import is_placeholder
from sentric.redaction.detector import Detector
from sentric.redaction.labels import is_value
from sentric.redaction.patterns import START
from sentric.redaction.spans import Certainty

_BLANK = r"[ \t]"
_LINE = r"[^\r\n]*?"
_VALUE = r"(?:\\*[\"'])?([^\s\"'\\-][^\s\"'\\]{3}[^\s\"'\\]*)"
_WORD = r"[^\s\"'\\]+"


def _is_given(value: bytes) -> bool:
    return not is_placeholder(value)


def _command(form: str, gate: str, accept: Callable[[bytes], bool] = _is_given) -> Detector:
    return Detector("password", START + form, accept, certainty=Certainty.CLAIMED, gate=gate)


COMMAND_LINES = (
    _command(
        rf"(?:docker|podman|nerdctl|buildah|skopeo|helm|oc|az)\b{_LINE}{_BLANK}login\b{_LINE}{_BLANK}-p(?:{_BLANK}+|=){_VALUE}",
        r"\blogin\b",
        is_value,
    ),
    _command(rf"ldap(?:search|modify|add|delete|passwd|whoami)\b{_LINE}{_BLANK}-w{_BLANK}*{_VALUE}", "ldap[smadpw]"),
    _command(rf"(?:zip|unzip|mosquitto_pub|mosquitto_sub){_BLANK}{_LINE}-P{_BLANK}*{_VALUE}", "zip|mosquitto"),
    _command(rf"(?:7za?|7zz|unrar|rar){_BLANK}{_LINE}{_BLANK}-h?p{_VALUE}", r"\b(?:7z|(?:un)?rar[^a-z])", is_value),
    _command(rf"openssl\b{_LINE}{_BLANK}-k{_BLANK}+{_VALUE}", "openssl"),
    _command(rf"openssl\b{_LINE}{_BLANK}-pass(?:in|out)?{_BLANK}+pass:{_VALUE}", "pass:"),
    _command(rf"(?:smbclient|rpcclient|smbmap|net)\b{_LINE}{_BLANK}-U{_BLANK}*\\*[\"']?[^\s%\"']+%{_VALUE}", "-U"),
    _command(rf"net{_BLANK}+use\b{_LINE}/user:{_WORD}{_BLANK}+{_VALUE}", "/user:", is_value),
    _command(rf"net{_BLANK}+user{_BLANK}+{_WORD}{_BLANK}+{_VALUE}", "net user", is_value),
    _command(rf"htpasswd{_BLANK}+-[A-Za-z]*b[A-Za-z]*{_BLANK}+{_WORD}{_BLANK}+{_WORD}{_BLANK}+{_VALUE}", "htpasswd"),
    _command(rf"ConvertTo-SecureString{_BLANK}+(?:-String{_BLANK}+)?{_VALUE}", "ConvertTo-SecureString"),
    _command(
        rf"(?i:identified{_BLANK}+by{_BLANK}+(?:password{_BLANK}+)?)\\*'([^\s'\\]{{4}}[^\s'\\]*)\\*'", "(?i)identified"
    ),
    _command(r"USER[ \t]+[^\s\"'\\]+(?:\s|\\r|\\n)+PASS[ \t]+([^\s\"'\\]{4}[^\s\"'\\]*)", rf"{START}PASS "),
    _command(r"AUTH[ \t]+([^\s\"'\\]{6}[^\s\"'\\]*)(?:[\s\"']|$|\\[rn])", rf"{START}AUTH ", is_value),
    _command(
        r"[A-Za-z0-9.*-]+:(?:543[0-9]|6432|\*):[A-Za-z0-9_*-]+:[A-Za-z0-9_-]+:([^\s:\"'\\]{4}[^\s:\"'\\]*)",
        ":(?:543|6432)",
    ),
    _command(
        r"(?i:user(?:name)?|login|e-?mail|account)\b[^\r\n]*?(?:[\r\n,;/|]|\\[rn])+[ \t]*(?i:pass)[ \t]*[:=][ \t]*"
        rf"{_VALUE}",
        rf"(?i){START}pass[ \t]*[:=]",
        is_value,
    ),
)
