"""The table of secrets that are known by a form with words around it: keys in armour, headers, cards, codes.

To add one: a row here, and its cases in the tests. Patterns are RE2, on UTF-8 bytes taken as Latin-1, and are run only
where a set of them says that they are in the text. Tokens with a form of their issuer are in `tokens`, what is told in
sentences in `spoken`, what is known by the name beside it in `context`.
"""

from itertools import pairwise
from unicodedata import normalize
from urllib.parse import unquote

from sentric.redaction.checks import is_basic_credential, is_card_number, is_number, is_placeholder, looks_random
from sentric.redaction.detector import Detector
from sentric.redaction.patterns import START, also_escaped
from sentric.redaction.spans import Certainty
from sentric.redaction.tokens import has_digit


def _is_value(value: bytes) -> bool:
    return not is_placeholder(value)


def _is_credential(value: bytes) -> bool:
    mixed = value.lower() != value != value.upper()
    return (has_digit(value) or mixed) and not is_placeholder(value)


def _is_unescaped_password(value: bytes) -> bool:
    """Whether what has a sign that URLs escape is a password all the same, not a port and what is behind it."""
    port, _, _ = value.replace(b"?", b"#").partition(b"#")
    return not port.isdigit() and looks_random(value) and not is_placeholder(value)


def _is_opaque(value: bytes) -> bool:
    return has_digit(value) and not is_number(value) and not is_placeholder(value)


def _is_card(value: bytes) -> bool:
    return is_card_number(_digits(value.decode("utf-8", "surrogatepass")).encode())


def _is_disguised_card(value: bytes) -> bool:
    return not value.isascii() and _is_card(value)


def _is_query_value(value: bytes) -> bool:
    return looks_random(value, 8) and not is_placeholder(value)


def _is_query_code(value: bytes) -> bool:
    """A random code changes more than once between letters and digits; `SUMMER2024` does not."""
    kinds = [48 <= byte <= 57 for byte in value if chr(byte).isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes > 1 and value != value.upper() and _is_query_value(value)


def _is_element_password(value: bytes) -> bool:
    return not value.strip().count(b" ") and not is_placeholder(value)


def _is_spoken_password(value: bytes) -> bool:
    attribute = value.partition(b"=")[0].isalpha() and b"=" in value
    return has_digit(value) and looks_random(value) and not attribute and not is_placeholder(value)


def _digits(value: str) -> str:
    return "".join(char for char in normalize("NFKC", value) if char.isdigit())


def _unbroken(value: str) -> str:
    return "".join(value.replace("\\n", "").replace("\\r", "").replace("\\", "").split())


def _unquoted(value: str) -> str:
    return unquote(value, errors="surrogateescape")


# RFC 7468, with its line breaks as they are or escaped; the last line may have been cut off.
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:-{0,4}\\{0,15}[A-Za-z0-9+/=\s:,.()])*"
    r"(?:-----END[A-Z0-9 ]*(?:-----)?)?"
)
_LINE_END = r"(?:\r?\n|\\{1,8}r\\{1,8}n|\\{1,8}n)"
_KEY_LINES = rf"[A-Za-z0-9+/]*(?:{_LINE_END}[A-Za-z0-9+/]{{20}}[A-Za-z0-9+/]*|{_LINE_END}[A-Za-z0-9+/]+=)*={{0,2}}"
# The body of a key without its armour: "openssh-key-v1" in base64 (PROTOCOL.key of OpenSSH).
_KEY_BODY = rf"b3BlbnNzaC1rZXktdjE{_KEY_LINES}"
_PUTTY_KEY = rf"Private-Lines: [0-9]{{1,4}}{_LINE_END}([A-Za-z0-9+/]{{16}}{_KEY_LINES})"
_AUTHORIZATION = rf"(?i){START}(?:authorization|x-auth)(?:\\*[\"'])?[ \t]*[:=][ \t]*(?:\\*[\"'])?"
_SPOKEN_VALUE = r"(?:[\"'`]|“|‘)*([^\s\"'`<>()\[\]{},;:\\]{5}[^\s\"'`<>()\[\]{},;\\]*[^\s\"'`<>()\[\]{},;:.!?\\])"
_QUERY_VALUE = r"([^\s&#\"'<>\\]{8}[^\s&#\"'<>\\]*)"
_HEADER_VALUE = r"([^\s\"'\\,;{}\[\]()<>]{8}[^\s\"'\\,;{}\[\]()<>]*)"
_CODE_WORDS = (
    rf"{START}(?:otps?|one[- ]?time[- ](?:pass)?(?:code|word|pin)|(?:verification|security|authentication|auth|login"
    r"|log-in|sign-?in|confirmation|access|2fa|mfa|two[- ]factor|sms|[4-8][- ]digit|temporary|activation|authenticator"
    r"|single[- ]use) (?:pass)?code|your code|passcode"
    r"|enter (?:this|the|the following|your) code)\b"
)
_CODE_GAP = (
    r"(?:[^0-9A-Za-z-]|<[^<>]*>|-[ \t]|\b-|\\[nrt]"
    r"|\b(?:is|was|code|here|below|as|strong|b|span|p|to use|for [A-Za-z]+)\b){1,24}"
)
_ACCENTED = r"(?:[^ -~]{1,3}|\\{1,8}u00[0-9a-f]{2})"  # composed or not, or as JSON escapes it
_FOREIGN_CODE = also_escaped(
    rf"(?i:{START}(?:ihr|dein|votre|ton|tu|su|tuo|seu|uw|je) (?:code|codice|codigo|código)"
    r"|codice (?:di (?:verifica|sicurezza|conferma|accesso)|otp|temporaneo)"
    r"|(?:verificatie|bevestigings|beveiligings|inlog)code)"
    r"|[Cc]ódigo de (?:verificação|segurança|confirmação|acesso)|(?:К|к)од (?:подтверждения|доступа)"
    r"|验证码|驗證碼|校验码|認証コード|確認コード|認証番号|인증번호|인증 ?코드"
)
_FOREIGN_GAP = also_escaped(r"(?:[ \t:]|\b(?:lautet|ist|es|est|is)\b|è|é|：|是|为|為|は|、|는|은|—|- )*")
_NUMBER_END = r"(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))"
_CARD_BEFORE = r"(?:^|[^0-9A-Za-z_.-]|\\[nrt]|(?:%|\\u00)[0-9A-Fa-f]{2}|[^\s:,\[]-|(?i:card|cc|pan)[_-]?)"
# Between the groups of a card's number; the blanks that are not ASCII are those of no break and of narrow width.
_CARD_GAP = "(?:[ .-]|  |\u00a0|\u2007|\u2009|\u202f)"
_WIDE_DIGIT = r"(?:[0-9]|\xef\xbc[\x90-\x99])"  # also the full-width ones, as UTF-8
_UNSEEN = "(?:[ -]|\u200b|\u200c|\u200d|\u2060|\ufeff|\u00ad)"
_CODE = r"([0-9]{4,8}|[0-9]{3}[ -][0-9]{3})"

DETECTORS = (
    Detector("private_key", _PRIVATE_KEY, clean=_unbroken),
    Detector("private_key", _KEY_BODY, clean=_unbroken, gate="b3BlbnNzaC1rZXktdjE"),
    Detector("private_key", _PUTTY_KEY, clean=_unbroken, gate="Private-Lines: "),
    Detector(
        "authorization",
        r"\"auth\\*\"\s*:\s*\\*\"([A-Za-z0-9+/]{8}[A-Za-z0-9+/]*={0,2})\\*\"",
        is_basic_credential,
        gate=r"\"auth\\*\"\s*:",
    ),
    Detector(
        "token",
        rf"(?i)[?&#](?:amp;)?(?:sig|signature|x-amz-signature|x-goog-signature|auth)={_QUERY_VALUE}",
        _is_query_value,
        clean=_unquoted,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "token",
        rf"(?i)[?&#](?:amp;)?(?:code|sid|session_id)={_QUERY_VALUE}",
        _is_query_code,
        clean=_unquoted,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "api_key",
        rf"(?i){START}(?:api|access|secret|private)[ _-]?(?:key|token)[ \t]+(?:is|was)[ \t]*:?[ \t]*{_SPOKEN_VALUE}",
        _is_spoken_password,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "password",
        r"(?i)<(?:[a-z0-9_]+:)?(?:password|passwd|pwd|passphrase)(?:\s[^<>]*)?>([^<>]+)<\\*/",
        _is_element_password,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "password",
        rf"{START}curl\b[^\r\n]*?[ \t](?:-[A-Za-z]*[uU]|--(?:proxy-)?user)[ \t=]*"
        r"(?:\\*[\"'])?[^\s:\"'\\]+:([^\s\"'\\]+)",
        _is_value,
        certainty=Certainty.CLAIMED,
    ),
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
        "password",
        r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@?#\"'<>\\]*:"
        r"([^\s/@\"'<>\\]*[?#][^\s/@\"'<>\\]*|[^\s/?#\"'<>\\]*@[^\s/?#\"'<>\\]*)@[A-Za-z0-9]",
        _is_unescaped_password,
        certainty=Certainty.CLAIMED,
        gate=r"://[^\s/:@?#\"'<>\\]*:",
    ),
    Detector(
        "card",
        rf"{_CARD_BEFORE}([2-6][0-9]{{3}}(?:[0-9]{{9,15}}|(?:{_CARD_GAP}[0-9]{{4}}){{3}}(?:{_CARD_GAP}[0-9]{{3}})?"
        rf"|{_CARD_GAP}[0-9]{{6}}{_CARD_GAP}[0-9]{{4,5}})){_NUMBER_END}",
        _is_card,
        clean=_digits,
    ),
    Detector(
        "card",
        rf"{_CARD_BEFORE}({_WIDE_DIGIT}(?:{_UNSEEN}{{0,2}}{_WIDE_DIGIT}){{12,18}}){_NUMBER_END}",
        _is_disguised_card,
        clean=_digits,
    ),
    Detector(
        "otp",
        rf"(?i){_CODE_WORDS}{_CODE_GAP}{_CODE}{_NUMBER_END}",
        clean=_digits,
        certainty=Certainty.CLAIMED,
        gate=f"(?i){_CODE_WORDS}",
    ),
    Detector(
        "otp",
        rf"(?i){START}{_CODE}(?:\s*<[^<>]*>)*\s+(?:is|as) your (?:[A-Za-z0-9-]+ ){{0,3}}?(?:pass)?(?:code|otp|pin)\b",
        clean=_digits,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "otp",
        rf"(?i){START}(?:code:?|(?:use|enter|type|input)(?: (?:the )?code)?:?)[ \t]+{_CODE} (?:to|for) "
        r"(?:(?:finish|complete) )?(?:sign|log|verif|confirm|authenticate|reset|activate|unlock)",
        clean=_digits,
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "otp",
        rf"(?i){START}code(?:[ \t]*(?:\bis\b|[:=]))+[ \t]*{_CODE}[^0-9A-Za-z]{{1,6}}(?:please )?(?:it |this code )?"
        r"(?:(?:do not|don.?.?.?t|never) (?:share|give|tell|disclose|forward)"
        r"|(?:is )?(?:valid for|expires? in) [0-9]+ min)",
        clean=_digits,
        certainty=Certainty.CLAIMED,
        gate=r"(?i)\b(?:share|give|tell|disclose|forward|valid for|expires? in)\b",
    ),
    Detector(
        "otp",
        rf"{START}(?:(?:m|sms-?|SMS-?)?TAN|(?:Einmal|Best{_ACCENTED}tigungs|Sicherheits|Verifizierungs|Freigabe)-?(?:code|passwort)"
        rf"|c{_ACCENTED}digo de (?:verificaci{_ACCENTED}n|seguridad|confirmaci{_ACCENTED}n)"
        rf"|code de (?:v{_ACCENTED}rification|s{_ACCENTED}curit{_ACCENTED}|confirmation))"
        rf"(?:[ \t]*(?:\b(?:lautet|ist|es|est|is)\b|:))+[ \t]*{_CODE}{_NUMBER_END}",
        clean=_digits,
        certainty=Certainty.CLAIMED,
        gate="TAN|Einmal|tigungs|Sicherheits|Verifiz|Freigabe|(?:digo|code) de (?:[vs]|confirma)",
    ),
    Detector(
        "otp",
        rf"(?:{_FOREIGN_CODE}){_FOREIGN_GAP}{_CODE}{_NUMBER_END}",
        clean=_digits,
        certainty=Certainty.CLAIMED,
        gate=_FOREIGN_CODE,
    ),
    Detector(
        "recovery_code",
        rf"{START}([0-9]{{6}}(?:-[0-9]{{6}}){{7}}){_NUMBER_END}",  # of BitLocker
        certainty=Certainty.FORM,
        gate=r"[0-9]{6}-[0-9]{6}-[0-9]{6}-",
    ),
    Detector(
        "pin",
        rf"(?i){START}pin(?:[ -]?(?:code|number))?(?:[ ](?:for|of|to)[ ](?:my|your|the|this|our)(?:[ ][a-z]+){{1,3}})?"
        rf"(?:[ \t]*(?:\bis\b|\bwas\b|[:=]))+[ \t]*([0-9]{{4,8}}){_NUMBER_END}",
        certainty=Certainty.CLAIMED,
        gate=rf"(?i){START}pin\b",
    ),
    Detector(
        "pin",
        rf"(?i){START}(?:card|bank|debit|sim|phone|my|your)(?:['’]s)?[ ]pin[ ]([0-9]{{4,8}}){_NUMBER_END}",
        certainty=Certainty.CLAIMED,
        gate=r"(?i)[ ]pin[ ][0-9]",
    ),
    Detector(
        "secret",
        rf"(?i){START}(?:(?:seed|recovery|backup|mnemonic)[ _-]?(?:phrase|words)|mnemonic)"
        r"(?:\\*[\"'])?(?:[ \t]*(?:\bis\b|[:=]))+\s*(?:\\*[\"'])?"
        r"((?-i:[a-z]{3,8})(?:[ ,]+(?-i:[a-z]{3,8})){11,23})(?:$|[^A-Za-z])",
        certainty=Certainty.CLAIMED,
    ),
    Detector(
        "cvv",
        rf"(?i){START}security code(?:[ \t]+|[ \t]*(?:\bis\b|[:=#]))+[ \t]*([0-9]{{3}}){_NUMBER_END}",
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
        rf"{_SPOKEN_VALUE}",
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
