"""How a text speaks of a one-time code that it brings."""

from sentric.policy.readers.words.lexicon import phrase

SPEAKS_OF_CODES = "speaks of codes"
CODE_WORDS = "|".join(
    (
        phrase(
            "one.?time|verification|security|authentication|login|log.?in|sign.?in|confirmation|access|sms"
        ).removesuffix(r"\b")
        + r".{0,12}(?:code|password|pin)\b",
        r"\b(?:otp|2fa|mfa|passcode|two.?factor|tan)\b",
        r"\b(?:your|ihr|dein|votre|tu|su) (?:\w+ ){0,3}(?:code|pin|c[oó]digo)\b",
        r"\b(?:best[äa]tigungs|sicherheits|anmelde|verifizierungs)code\b",
        r"\bcode de (?:v[ée]rification|s[ée]curit[ée])|\bc[óo]digo de (?:verificaci[óo]n|seguridad|acceso)",
        "验证码|認証コード|인증",
    )
)
"""A pattern."""
