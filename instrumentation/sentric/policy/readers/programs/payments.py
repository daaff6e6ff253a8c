"""Interfaces of payment services, and the requests to them that move money."""

from sentric.events import Action, Effect, Kind
from sentric.policy.readers.actions.reading import Reading
from sentric.policy.readers.words.lexicon import words

_PAYMENT_SERVICES = words(
    "api.stripe.com api.paypal.com api-m.paypal.com connect.squareup.com api.wise.com api.transferwise.com "
    "api.mollie.com api.gocardless.com b2b.revolut.com api.razorpay.com api.coinbase.com "
    "api.braintreegateway.com api.checkout.com "
    "api.klarna.com api.plaid.com api.moderntreasury.com api.mercury.com api.qonto.com"
)
_PAYMENT_SITES = words("adyen.com adyenpayments.com braintreegateway.com")
_SENDING_SIGNS = (" -d", "--data", "POST", " -F", "--form", "--json", "PUT", "post(", "put(")
_ONLY_READING = frozenset({Effect.READ})


def pays_by_request(action: Action, read: Reading) -> bool:
    """Whether an action moves money by a request to the interface of a payment service."""
    if action.kind not in {Kind.HTTP, Kind.SHELL} or not read.goes.places or action.effects <= _ONLY_READING:
        return False
    if not any(where.host in _PAYMENT_SERVICES or where.site in _PAYMENT_SITES for where in read.goes.places):
        return False
    return action.kind is Kind.HTTP or any(sign in text for _, text in read.arguments for sign in _SENDING_SIGNS)
