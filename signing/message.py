"""Short messages: one-time codes, invitations, reminders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One message to one mobile number; `reference` is ours and unique, a repeated one is sent once."""

    mobile: str = field(repr=False)
    text: str = field(repr=False)
    reference: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway's word that it took the message, with the very octets received."""

    message_id: str
    accepted_at: datetime
    response: bytes = field(repr=False)


class MessageSender(Protocol):
    """A gateway for short messages."""

    @property
    def name(self) -> str:
        """As it stands in the evidence."""
        ...

    @property
    def simulated(self) -> bool:
        """True for a simulator."""
        ...

    def send(self, message: ShortMessage) -> Receipt:
        """Raises `ProviderUnavailable` when the gateway did not take it."""
        ...
