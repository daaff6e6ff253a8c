"""How a page asks for a human: for a proof of one, or for somebody's agreement."""

from sentric.policy.readers.words.lexicon import phrase

SHOWS_CAPTCHA = "shows a CAPTCHA"
ASKS_CONSENT = "asks for consent"
CHALLENGES = "challenges"
"""It asks for a proof of a human now; a notice that a CAPTCHA protects a page does not."""

CAPTCHA = (
    "(?:re|h)?captchas?|human verification|robot (?:check|test)|bot (?:check|detection|protection)|cloudflare challenge"
)
"""What proofs of a human are called."""
ASKING = {
    SHOWS_CAPTCHA: phrase(
        f"{CAPTCHA}|(?:i'?m|i am) not a robot|verify (?:that )?you are (?:a )?human|are you a robot"
        "|select all (?:images|squares) with"
    ),
    ASKS_CONSENT: phrase(
        "(?:i|you) (?:agree|accept|consent) to (?:the|our|all)|accept (?:all |our |the )?(?:cookies|terms)"
        "|terms (?:of service|of use|and conditions)|(?:are you|i am) (?:over|at least) (?:18|21)|verify your age"
        "|we value your privacy"
    ),
    CHALLENGES: phrase(
        "verify (?:that )?you are (?:a )?human|verify you(?:'re| are) not a robot|(?:i'?m|i am) not a robot"
        "|are you a robot|select all (?:images|squares)|press (?:and|&) hold|slide to (?:verify|complete|unlock)"
        "|drag the (?:slider|puzzle|piece)|solve (?:the|this) (?:puzzle|captcha|challenge)|human verification"
        "|(?:enter|type) the (?:characters|letters|text|numbers) (?:you see|shown|in the (?:image|picture|box))"
        "|complete the (?:security check|captcha|challenge)|unusual traffic from your"
    ),
}
"""Patterns of a text that does, by what it does."""
