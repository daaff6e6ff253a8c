"""The sorts of channels there are. Adding one touches its own file and `KINDS`."""

from collections.abc import Mapping

from sentric_analyzer.approvals.apprise import APPRISE
from sentric_analyzer.approvals.channel import Channel
from sentric_analyzer.approvals.configuration import Kind, Surroundings
from sentric_analyzer.approvals.phone.channel import TELNYX

KINDS: Mapping[str, Kind] = {"apprise": APPRISE, "telnyx": TELNYX}
"""By what is stated as `type`."""


def opened(surroundings: Surroundings, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Channel]:
    """The channels that are stated, by their names.

    Raises:
        SettingError: one cannot be made.
    """
    stated = surroundings.configuration.channels.values()
    return {
        channel.name: channel
        for name, kind in kinds.items()
        if (of_kind := [one for one in stated if one.kind == name])
        for channel in kind.factory(of_kind, surroundings)
    }
