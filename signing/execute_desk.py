"""What every act of signing needs, and what follows it."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.clock import Clock
from signing.complete import Completion
from signing.contract import Contract
from signing.contract_ports import SigningUnits, TimestampSources
from signing.errors import SigningError
from signing.execute_land import Landed
from signing.execute_turn import Turns
from signing.invite import Invitations
from signing.outline import Typeface
from signing.ports import BlobStore
from signing.transition import ContractState


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """Shared by persons' acts and by seals."""

    units: SigningUnits
    blobs: BlobStore
    timestamps: TimestampSources
    turns: Turns
    invitations: Invitations
    completion: Completion
    face: Typeface
    clock: Clock

    def after(self, landed: Landed) -> Contract:
        """Tell the next, or complete what all have signed; how the contract stands then.

        What fails here is recorded and takes no signature back: a service looks after contracts that
        stay SIGNED, and a reminder tells again.
        """
        self.invitations.tell(landed.contract, landed.invited)
        if landed.contract.state is not ContractState.SIGNED:
            return landed.contract
        try:
            return self.completion.complete(landed.contract.contract_id)
        except SigningError:
            return landed.contract
