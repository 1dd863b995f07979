"""The use cases of contracts, built from what the composition root made."""

from __future__ import annotations

from functools import cached_property

from evidence.clock import Clock
from signing.attend import Attendance
from signing.confirm import Confirmation
from signing.contract_ports import SigningUnits
from signing.identify import Identification
from signing.identity import IdentityProvider
from signing.invite import Invitations
from signing.message import MessageSender
from signing.ports import BlobStore
from signing.replace_party import Replacement
from signing.withdraw import Withdrawal


class Contracting:
    """Each part is made when first asked for, and kept."""

    def __init__(
        self,
        units: SigningUnits,
        blobs: BlobStore,
        clock: Clock,
        *,
        provider: IdentityProvider,
        sender: MessageSender,
    ) -> None:
        self.units = units
        self.blobs = blobs
        self.clock = clock
        self._provider = provider
        self._sender = sender

    @cached_property
    def attendance(self) -> Attendance:
        """Parties in their sessions."""
        return Attendance(self.units, self.blobs, self.clock)

    @cached_property
    def identification(self) -> Identification:
        """Who parties are."""
        return Identification(self.units, self._provider, self.clock)

    @cached_property
    def confirmation(self) -> Confirmation:
        """What parties agree to."""
        return Confirmation(self.units, self._sender, self.clock)

    @cached_property
    def invitations(self) -> Invitations:
        """Starts the signing, reminds."""
        return Invitations(self.units, self._sender, self.clock)

    @cached_property
    def replacement(self) -> Replacement:
        """Puts one party in another's place."""
        return Replacement(self.units, self.invitations, self.clock)

    @cached_property
    def withdrawal(self) -> Withdrawal:
        """Voids, and lets expire."""
        return Withdrawal(self.units, self.clock)
