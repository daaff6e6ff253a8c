"""Asking people, put together: the channels, the telling and the dispatcher of a service."""

import logging
from collections.abc import Callable, Mapping
from typing import Self

from sentric_analyzer.approvals.channel import Channel, Ending
from sentric_analyzer.approvals.channels import KINDS, opened
from sentric_analyzer.approvals.configuration import Kind, Surroundings
from sentric_analyzer.approvals.dispatcher import Dispatcher
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.approvals.telling import NewLink, Telling
from sentric_analyzer.control.approval import Approval
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.declaration import OnCount

_logger = logging.getLogger(__name__)


class Asking:
    """Asks people about approvals from entering until leaving, as is stated.

    Args:
        surroundings: what channels may need, and what is stated.
        feed: tells of what happens to approvals; it is told already.
        show: gives what people are shown of an approval.
        new_link: makes the links at which they answer.
        on_count: called with each withdrawal that could not be told.
        kinds: of channels, by their types.

    Raises:
        SettingError: a channel cannot be made.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        feed: Feed,
        *,
        show: Callable[[Approval], Shown],
        new_link: NewLink,
        on_count: OnCount = lambda name, value, amount: None,
        kinds: Mapping[str, Kind] = KINDS,
    ) -> None:
        configuration = surroundings.configuration
        self._surroundings = surroundings
        self.channels: Mapping[str, Channel] = opened(surroundings, kinds)
        """By their names."""
        linked = frozenset(name for name, stated in configuration.channels.items() if kinds[stated.kind].links)
        telling = Telling(
            surroundings.store,
            configuration,
            self.channels,
            linked=linked,
            show=show,
            new_link=new_link,
            on_count=on_count,
        )
        self._dispatcher = Dispatcher(surroundings.store, feed, configuration, telling)

    def __enter__(self) -> Self:
        """Begin. Who could not be asked if it were their turn now is said: they may be added until then.

        Raises:
            ControlError: the database does not answer.
        """
        for stated in self._surroundings.configuration.channels.values():
            if why := self._surroundings.store.attempts.unfit(stated.person):
                _logger.warning("%s.person: %s", stated.where, why)
        self._dispatcher.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._dispatcher.__exit__(*exc_info)
        for channel in self.channels.values():
            if isinstance(channel, Ending):
                channel.end()
