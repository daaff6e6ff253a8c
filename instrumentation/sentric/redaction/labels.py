r"""The table of secrets beside a label that markup or code stands between: `**Password:** …`, `<td>Password</td><td>…`.

Also `fill("#password", "…")`, `define('DB_PASSWORD', '…')`, `setPassword("…")`, `password: &str = "…"`. Labels are as
often followed by words about the secret, or by the name of the next field, so only a value that reads as one counts.
"""

from collections.abc import Callable

from sentric.redaction.checks import is_placeholder, looks_random
from sentric.redaction.context import is_label
from sentric.redaction.detector import Detector
from sentric.redaction.patterns import START
from sentric.redaction.spans import Certainty
from sentric.redaction.tokens import has_digit, is_mixed

_NAME = (
    r"(?:passwor[dt]|passwd|passphrase|passcode|pwd|kennwort|api[ _-]?key|(?:access|secret|auth|bearer|api|signing)"
    r"[ _-]?(?:key|token)|client[ _-]?secret|secret|token)"
)
_QUOTED = r"\\*[\"'`]([^\s\"'`\\<>]{5}[^\s\"'`\\<>]+)\\*[\"'`]"
_BLANKS = r"(?:\s|\\[nrt])*"
_SHOWN = r"`?([^\s\"'`<>|\\]{5}[^\s\"'`<>|\\]+)"
_SYMBOLS = frozenset(b"!@#$%^&*+~?=")


def is_value(value: bytes) -> bool:
    """Whether a value reads as a secret: with a digit, and besides small letters something else, or several changes."""
    if not has_digit(value) or not looks_random(value) or is_placeholder(value) or is_label(value):
        return False
    letters = value.rstrip(b"0123456789")
    return is_mixed(value) or has_digit(letters) or not _SYMBOLS.isdisjoint(value)


def _is_cell(value: bytes) -> bool:
    """The same in the row of a table, which may be its head: a word with a number behind it is the next column."""
    word = value.rstrip(b"0123456789")
    return is_value(value) and not (word.isalpha() and word[1:].islower())


def _labelled(form: str, gate: str, accept: Callable[[bytes], bool] = is_value) -> Detector:
    return Detector("password", form, accept, certainty=Certainty.CLAIMED, gate=gate)


LABELLED = (
    _labelled(rf"(?i){_NAME}[ \t]*:?\*\*[ \t]*:?[ \t]*{_SHOWN}", rf"(?i){_NAME}[ \t]*:?\*\*"),
    _labelled(
        rf"(?i){_NAME}[ \t]*:?{_BLANKS}(?:<[^<>]*>{_BLANKS}){{1,6}}:?{_BLANKS}{_SHOWN}",
        rf"(?i){_NAME}[ \t]*:?{_BLANKS}</",
    ),
    _labelled(rf"(?i)\|[ \t]*{_NAME}[ \t]*\|[ \t]*{_SHOWN}[ \t]*\|", rf"(?i){_NAME}[ \t]*\|", _is_cell),
    _labelled(rf"(?i){_NAME}[\"'\]\\]{{1,8}}\s*,\s*{_QUOTED}", rf"(?i){_NAME}\\*[\"'\]]"),
    _labelled(
        rf"(?i){_NAME}[\"'\]\\]*\)\s*\.\s*(?:send_?keys|fill|type|set_?value|press_sequentially)\(\s*{_QUOTED}",
        rf"(?i){_NAME}\\*[\"'\]]",
    ),
    _labelled(rf"(?i)set_?{_NAME}\(\s*{_QUOTED}", rf"(?i)set_?{_NAME}\("),
    _labelled(
        rf"(?i){_NAME}[ \t]*(?::[ \t]*[&A-Za-z_<>\[\]]+[ \t]*)?:?=[ \t]*[@rbfu$]?{_QUOTED}", rf"(?i){_NAME}[ \t]*[:=]"
    ),
    _labelled(
        rf"{START}(?:ENV|ARG|setx)[ \t]+[A-Za-z0-9_]*(?:PASS|PASSWORD|PWD|TOKEN|SECRET|KEY)[ \t]+(?:\\*[\"'])?{_SHOWN}",
        rf"{START}(?:ENV|ARG|setx)[ \t]",
    ),
)
