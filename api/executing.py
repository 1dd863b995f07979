"""The use cases that sign, built from what the composition root made."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Protocol

from api.contracting import Contracting
from api.db import Database
from api.sealkeys import OrganisationKeys
from ca.certify import Certifier
from ca.issue import Issuance
from evidence.clock import Clock
from keys.open import OpenSigners
from keys.suites import Suite
from signing.complete import Completion
from signing.execute import Execution
from signing.execute_desk import SigningDesk
from signing.execute_seal import Sealing
from signing.execute_turn import Turns
from signing.outline import Typeface
from signing.ports import BlobStore, TimestampSource, ValidationSource


class Parts(Protocol):
    """What of the composition root is needed here: `api.wiring.Centre`."""

    @property
    def database(self) -> Database:
        """Units of work."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """Documents."""
        ...

    @property
    def contracts(self) -> Contracting:
        """The acts before a signature."""
        ...

    @property
    def issuance(self) -> Issuance:
        """Certificates."""
        ...

    @property
    def certifier(self) -> Certifier:
        """Keys of the system's own."""
        ...

    @property
    def signers(self) -> OpenSigners:
        """Opened keys."""
        ...

    @property
    def validation(self) -> ValidationSource:
        """Chains and revocation status."""
        ...

    def timestamps(self, suite: Suite) -> TimestampSource:
        """The suite's timestamp authority; raises `TimestampUnavailable`."""
        ...

    def typeface(self) -> Typeface:
        """What appearances are drawn with."""
        ...


class Executing:
    """Each part is made when first asked for, and kept."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @cached_property
    def turns(self) -> Turns:
        """Who may append to a document."""
        return Turns(self._parts.database, self._parts.clock, time.sleep)

    @cached_property
    def desk(self) -> SigningDesk:
        """What both kinds of signing need."""
        parts = self._parts
        return SigningDesk(
            units=parts.database,
            blobs=parts.blobs,
            timestamps=parts.timestamps,
            turns=self.turns,
            invitations=parts.contracts.invitations,
            completion=self.completion,
            face=parts.typeface(),
            clock=parts.clock,
        )

    @cached_property
    def execution(self) -> Execution:
        """A party signs."""
        return Execution(self.desk, self._parts.issuance)

    @cached_property
    def organisation_keys(self) -> OrganisationKeys:
        """Keys of organisations' seals."""
        parts = self._parts
        return OrganisationKeys(parts.database, parts.certifier, parts.issuance, parts.signers, parts.clock)

    @cached_property
    def sealing(self) -> Sealing:
        """An organisation signs by its seal."""
        return Sealing(self.desk, self.organisation_keys)

    @cached_property
    def completion(self) -> Completion:
        """What follows the last signature."""
        parts = self._parts
        return Completion(
            parts.database, parts.blobs, parts.timestamps, parts.validation, self.turns, parts.clock
        )
