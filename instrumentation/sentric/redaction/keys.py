"""Which names say that the value beside them is a secret."""

from functools import lru_cache

LONGEST_KEY = 128
"""A longer name is data, not a name."""

# The ending of a name, without case and punctuation, and the kind it stands for. The first that fits counts.
_ENDINGS = (
    ("onetimecode", "otp"),
    ("onetimepassword", "otp"),
    ("onetimepasscode", "otp"),
    ("verificationcode", "otp"),
    ("mfacode", "otp"),
    ("2facode", "otp"),
    ("twofactorcode", "otp"),
    ("smscode", "otp"),
    ("otpcode", "otp"),
    ("totpcode", "otp"),
    ("securitycode", "cvv"),
    ("cardverificationvalue", "cvv"),
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passcode", "password"),
    ("passwort", "password"),
    ("kennwort", "password"),
    ("contrasena", "password"),
    ("motdepasse", "password"),
    ("contraseña", "password"),
    ("senha", "password"),
    ("wachtwoord", "password"),
    ("lösenord", "password"),
    ("hasło", "password"),
    ("пароль", "password"),
    ("密码", "password"),
    ("密碼", "password"),
    ("パスワード", "password"),
    ("비밀번호", "password"),
    ("accesskeyid", "api_key"),
    ("secretkeyid", "api_key"),
    ("recoverycode", "secret"),
    ("backupcode", "secret"),
    ("clientsecret", "secret"),
    ("secretaccesskey", "api_key"),
    ("secretkey", "secret"),
    ("signingkey", "secret"),
    ("encryptionkey", "secret"),
    ("mnemonic", "secret"),
    ("seedphrase", "secret"),
    ("privatekey", "private_key"),
    ("apikey", "api_key"),
    ("accesskey", "api_key"),
    ("accountkey", "api_key"),
    ("authkey", "api_key"),
    ("subscriptionkey", "api_key"),
    ("webhookkey", "secret"),
    ("masterkey", "secret"),
    ("secret", "secret"),
    ("credential", "secret"),
    ("authorization", "authorization"),
    ("xauth", "authorization"),
    ("setcookie", "cookie"),
    ("cookie", "cookie"),
    ("sessionid", "cookie"),
    ("sessid", "cookie"),
    ("token", "token"),
)
# These are also the ends of ordinary words, so a word must begin with them: db_pwd, loginPin, not spin.
_WORDS = {
    "pwd": "password",
    "pw": "password",
    "pass": "password",
    "pin": "pin",
    "otp": "otp",
    "totp": "otp",
    "cvv": "cvv",
    "cvc": "cvv",
    "csc": "cvv",
}
_DEEP = {"cookies": "cookie", "sensitivedata": "sensitive"}
_PLURALS = {
    "passwords": "password",
    "secrets": "secret",
    "apikeys": "api_key",
    "credentials": "secret",
    "recoverycodes": "secret",
    "backupcodes": "secret",
}
# Tokens that are text units, positions or layout, and questions about a secret instead of the secret.
_TOKEN_OWNERS = frozenset((
    "max", "min", "total", "num", "count", "input", "output", "prompt", "completion", "cached", "reasoning", "page",
    "next", "prev", "previous", "continuation", "cursor", "sync", "eos", "bos", "pad", "unk", "sep",
    "cls", "mask", "stop", "special", "first", "last", "design", "lexer", "syntax",
))  # fmt: skip
_QUESTIONS = frozenset((
    "is", "has", "no", "show", "hide", "forgot", "forgotten", "require", "requires", "required", "needs", "invalid",
    "wrong", "missing", "incorrect", "allow", "enable", "enabled", "disable", "toggle", "use", "uses", "with",
))  # fmt: skip
_TRAILERS = ("confirmation", "confirm", "repeat", "again")


@lru_cache(maxsize=2048)
def kind_of_key(name: str) -> str:
    """The kind of secret that stands beside a name such as `DB_PASSWORD` or `x-api-key`; "" where none does."""
    if not 1 < len(name) <= LONGEST_KEY:
        return ""
    words = words_of(name)
    while len(words) > 1 and words[-1] in _TRAILERS:
        words.pop()
    if not words or words[0] in _QUESTIONS:
        return ""
    if kind := _WORDS.get(words[-1], ""):
        return "" if words == ["pass"] else kind
    joined = "".join(words)
    kind = next((kind for ending, kind in _ENDINGS if joined.endswith(ending)), "")
    if joined == "sessionid" and len(words) > 1:
        return ""  # session_id names a conversation as often as a login
    return "" if kind == "token" and len(words) > 1 and words[-2] in _TOKEN_OWNERS else kind


@lru_cache(maxsize=2048)
def context_of_key(name: str) -> tuple[str, bool]:
    """What the key of an object says of what stands beside it: the kind, and whether it holds at every depth.

    A kind that does not hold at every depth holds for a text, a number or a list of them: in a schema, the object
    beside `password` describes a password.
    """
    if len(name) > LONGEST_KEY:
        return "", False
    joined = "".join(words_of(name))
    if joined in _DEEP:
        return _DEEP[joined], True
    return next((kind for plural, kind in _PLURALS.items() if joined.endswith(plural)), kind_of_key(name)), False


def words_of(name: str) -> list[str]:
    """Words of a name in any of the usual styles, lower case, without trailing digits."""
    words: list[str] = []
    current = ""
    for before, char in zip(" " + name, name, strict=False):
        if not char.isalnum():
            words.append(current)
            current = ""
            continue
        if char.isupper() and before.islower():
            words.append(current)
            current = ""
        current += char
    words.append(current)
    words = [word.lower() for word in words if word]
    if words:
        words[-1] = words[-1].rstrip("0123456789")
    return [word for word in words if word]
