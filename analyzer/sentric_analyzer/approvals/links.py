"""Links at which people answer: what stands in one, and what the page behind it sends back."""

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentric_analyzer.control.links import Links

PATH = "/approve/"
"""Where links lead; the secret follows."""
_SECRET_BYTES = 32
_FORM = b"answer by form:"


def new_link(links: "Links", public_url: str, attempt_id: str, expires: float) -> str:
    """A new link, for one answer of the person whom an attempt is to reach.

    Args:
        links: keeps its digest. The link itself is kept nowhere.
        public_url: where people reach the REST API, without a slash at its end.
        attempt_id: the attempt, which must have been begun.
        expires: Unix seconds until which it is good.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    links.add(digest_of(secret), attempt_id, expires=expires)
    return f"{public_url}{PATH}{secret}"


def digest_of(secret: str) -> str:
    """By what the secret of a link is known: it is random, so that nothing slower than a digest is needed."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def form_token(secret: str) -> str:
    """What the form behind a link sends back: who only has the link must look at the page first."""
    return hmac.digest(secret.encode(errors="surrogatepass"), _FORM, sha256).hex()


def is_from_form(token: str, secret: str) -> bool:
    """Whether a token is that of the form behind a link."""
    return hmac.compare_digest(token.encode(errors="surrogatepass"), form_token(secret).encode())
