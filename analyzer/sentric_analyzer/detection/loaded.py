"""The policies that a process has loaded: that of the settings, and the last ones that traces had to be judged by."""

from collections import OrderedDict
from collections.abc import Callable

from sentric.errors import SentricError
from sentric.policy.rule import Policy
from sentric_analyzer.policies import OF_SETTINGS, Bundle

KEPT = 8
"""Policies that are kept loaded besides that of the settings; the one not used for longest is given up first."""


class LoadedPolicies:
    """Loads policies when they are first asked for.

    Args:
        of_settings: the policy of the settings.
        ask: gives a bundle by its digest; None where it is not known.
    """

    def __init__(self, of_settings: Policy, ask: Callable[[str], Bundle | None]) -> None:
        self._of_settings = of_settings
        self._ask = ask
        self._loaded: OrderedDict[str, Policy] = OrderedDict()

    def get(self, digest: str, source: str) -> Policy:
        """The policy with a digest, and none other.

        Args:
            digest: of the policy.
            source: digest of the bundle that it is loaded from, or `OF_SETTINGS`.

        Raises:
            SentricError: it cannot be loaded, or what is loaded is not that policy.
        """
        policy = self._of_settings if source == OF_SETTINGS else self._from_bundle(source)
        if policy.digest != digest:
            raise SentricError(
                f"the policy {digest} is {policy.digest} when it is loaded now: Sentric's own packs were changed since "
                "the service has read them: start the service again"
            )
        return policy

    def _from_bundle(self, source: str) -> Policy:
        policy = self._loaded.get(source)
        if policy is None:
            bundle = self._ask(source)
            if bundle is None:
                raise SentricError(f"the files {source} of a policy are not known any more")
            policy = self._loaded[source] = bundle.load()
        self._loaded.move_to_end(source)
        if len(self._loaded) > KEPT:
            self._loaded.popitem(last=False)
        return policy
