"""No gateway for short messages: an installation that was not told of one refuses what needs one."""

from __future__ import annotations

from signing.errors import ProviderUnavailable
from signing.message import Receipt, ShortMessage


class NoMessageSender:
    """`MessageSender` that is never available."""

    name = "none"
    simulated = False

    def send(self, message: ShortMessage) -> Receipt:  # noqa: ARG002  (the port's parameter)
        raise ProviderUnavailable("message", "no gateway for short messages is configured")
