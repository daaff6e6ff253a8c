"""Hand-overs: a shop that sends its customer to a payment service, a site that sends its user to a sign-in service.

A secret typed at such a place is where the task's own site wanted it. What counts is who led the agent there: the
task's own site by a form, a link or a redirect, and not a page in between or the agent's own choice. A link may be
anybody's, as in a mail that the task's own site shows: to a service that is not well known it counts only where the
task is about buying or signing in.
"""

from collections import OrderedDict
from collections.abc import Iterable
from enum import IntEnum

from sentric.policy.readers.places.brands import CHEAP_SUFFIXES
from sentric.policy.readers.places.hosts import URL_LIMIT, Place, place
from sentric.policy.readers.words.lexicon import words

LINKS_KEPT = 256
"""Sites remembered as linked from the task's own places."""
SHOWN_KEPT = 512
"""Links remembered unread, until the agent goes somewhere or there are more of them."""
REACHED_KEPT = 64
"""Sites remembered as handed over to."""

_PROVIDERS = words(
    # Payment services.
    "paypal.com paypalobjects.com stripe.com stripe.network adyen.com klarna.com klarna.net braintreegateway.com "
    "braintree-api.com worldpay.com squareup.com square.site checkout.com mollie.com authorize.net cybersource.com "
    "sagepay.com opayo.io affirm.com afterpay.com clearpay.co.uk sezzle.com zip.co shop.app bolt.com "
    "razorpay.com payu.com payu.in paytm.com payfast.co.za paystack.com flutterwave.com mercadopago.com "
    "sofort.com giropay.de ideal.nl bancontact.com trustly.com tink.com wise.com revolut.com paddle.com fastspring.com "
    "2checkout.com verifone.com payone.com computop-paygate.com datatrans.com saferpay.com six-group.com nets.eu "
    "vippsmobilepay.com vipps.no swish.nu alipay.com wechat.com paypay.ne.jp gocardless.com plaid.com recurly.com "
    "chargebee.com cardinalcommerce.com arcot.com rsa3dsauth.com 3dsecure.io mastercard.com visa.com "
    "americanexpress.com amazonpay.com globalpay.com globalpaymentsinc.com elavon.com bluesnap.com "
    # Sign-in services.
    "microsoftonline.com live.com icloud.com github.com gitlab.com facebook.com "
    "linkedin.com amazon.com okta.com oktapreview.com auth0.com onelogin.com pingidentity.com pingone.com "
    "duosecurity.com jumpcloud.com amazoncognito.com b2clogin.com atlassian.com slack.com intuit.com twitter.com "
    "x.com discord.com login.gov id.me account.gov.uk bundid.de stytch.com workos.com descope.com frontegg.com"
)
"""Services that other sites hand people over to, to pay or to sign in."""
_BROAD = words("google.com microsoft.com apple.com yahoo.com salesforce.com zoho.com")
"""Services that also hold what anybody puts there, forms too: only their hosts for signing in and paying count."""
_SHAPES = words(
    "login signin sign-in logon appleid idmsa auth oauth oauth2 sso idp id identity account accounts passport connect "
    "openid saml adfs cas pay payment payments checkout billing secure secure-pay gateway paygate 3ds 3dsecure acs "
    "acs1 mfa verify bank banking wallet"
)
"""Words in the host of a place where people pay or sign in."""


class Handover(IntEnum):
    """How a place was handed over to."""

    NONE = 0
    LIKELY = 1
    """The task's own site led there, and it has the look of a place to pay or to sign in at."""
    KNOWN = 2
    """The task's own site led there, and it is a well-known service."""


def provider(where: Place) -> Handover:
    """What a place is by its own looks: a well-known service, one in the shape of such, or neither."""
    if where.scheme not in {"https", "wss"}:
        return Handover.NONE
    if where.site in _PROVIDERS:
        return Handover.KNOWN
    if where.address or where.userinfo or where.site.rpartition(".")[2] in CHEAP_SUFFIXES:
        return Handover.NONE
    parts = {part for label in where.host.split(".")[:-1] for part in (label, *label.split("-"))}
    if _SHAPES.isdisjoint(parts):
        return Handover.NONE
    return Handover.KNOWN if where.site in _BROAD else Handover.LIKELY


class Handovers:
    """Follows an agent from the task's own places to the services they hand it over to."""

    def __init__(self) -> None:
        self._at = ""
        self._leads = False
        """Whether the place the agent stands at may hand it over: it is the task's own, or was handed over to."""
        self._asked = ""
        """The site the agent chose to go to, until it stands somewhere new."""
        self._asked_leads = False
        self._by_link = False
        """Whether the agent follows a link."""
        self._linked: OrderedDict[str, None] = OrderedDict()
        self._shown: dict[str, None] = {}
        """Links on the task's own pages that nobody has read yet: most are never asked for."""
        self._reached: OrderedDict[str, None] = OrderedDict()

    def asks(self, where: Place, *, own: bool) -> None:
        """The agent goes somewhere of its own choice. A redirect from a place of the task is that place's doing."""
        self._read_links()
        self._asked = where.site
        self._by_link = not own
        self._asked_leads = own or where.site in self._linked

    def presses(self, *, link: bool) -> None:
        """The agent presses something on the page."""
        self._by_link = link

    def stands(self, where: Place, *, own: bool, intended: bool = False) -> None:
        """The agent stands somewhere: on a page it sees, or acts on.

        Args:
            where: the place.
            own: whether it is the task's own.
            intended: whether the task is about buying or signing in.
        """
        if not where.site or where.site == self._at:
            return
        led = self._asked_leads if self._asked else self._leads
        least = Handover.KNOWN if self._by_link and not intended else Handover.LIKELY
        handed = led and not own and provider(where) >= least
        if handed:
            self._reached[where.site] = None
            self._reached.move_to_end(where.site)
            if len(self._reached) > REACHED_KEPT:
                self._reached.popitem(last=False)
        self._at, self._leads, self._asked, self._by_link = where.site, own or handed, "", False

    def links(self, urls: Iterable[str]) -> None:
        """A page of the task's own shows links."""
        self._shown.update(dict.fromkeys([url[:URL_LIMIT] for url in urls]))
        if len(self._shown) > SHOWN_KEPT:
            self._read_links()

    def of(self, where: Place) -> Handover:
        """Whether a place was handed over to by the task's own."""
        return provider(where) if where.site in self._reached else Handover.NONE

    def embedded(self, where: Place) -> Handover:
        """The same for a form's target or a frame on the page the agent stands on."""
        return provider(where) if self._leads else Handover.NONE

    def _read_links(self) -> None:
        for url in self._shown:
            where = place(url)
            if where is not None and where.site and provider(where) is not Handover.NONE:
                self._linked[where.site] = None
        self._shown.clear()
        while len(self._linked) > LINKS_KEPT:
            self._linked.popitem(last=False)
