"""The service's policy over the link to it."""

from urllib.parse import quote
from weakref import ref

from sentric.errors import SettingError
from sentric.guard.link import Link
from sentric.guard.supply.last_good import LARGEST
from sentric.guard.supply.service import Fetch, FromService
from sentric.settings import Settings

_SECONDS = 30.0
"""In which the policy must have come, from connecting to the last byte."""


def from_service(settings: Settings) -> FromService:
    """The policy of the service at `url`: asked for over the link, and at once when that hears of a change."""
    link = Link.of(settings)
    source = FromService(settings, _fetch(link, settings.project))
    if link is not None:
        known = ref(source)  # the link outlives it

        def on_policy() -> None:
            if (one := known()) is not None:
                one.told()

        link.on_policy(on_policy)
    return source


def _fetch(link: Link | None, project: str) -> Fetch:
    path = f"/v1/policies/active?project={quote(project, safe='')}"

    def fetch(etag: str) -> tuple[str, bytes | None]:
        if link is None:
            raise SettingError("the policy is that of the service: set SENTRIC_URL to its address")
        return link.client.get(path, etag, seconds=_SECONDS, limit=LARGEST)

    return fetch
