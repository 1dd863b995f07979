"""The ledger of a seal's uses: dense numbers, each entry's digest over the one before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.canonical import JSON, canonical
from evidence.clock import to_micros
from evidence.digest import DIGEST_SIZE, sha256
from signing.authorisation import AuthorisationId
from signing.errors import DocumentUnavailable
from signing.place import Box
from signing.seal import SealId

USE_DOMAIN = b"xinqian/seal-use/v1\x00"
NO_ENTRY = bytes(DIGEST_SIZE)
"""Stands before the first entry of a ledger."""


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """Where a ledger stands: its last number, 0 for none, and that entry's digest."""

    number: int
    entry: bytes


@dataclass(frozen=True, slots=True)
class SealUse:
    """One use: who set which seal on what, where, by whose leave."""

    seal_id: SealId
    number: int
    """From 1, without gaps."""
    used_at: datetime
    actor: str
    """Pseudonym of who acted."""
    approver: str
    """Who approved this use: an administrator by the authorisation, or the person who signed."""
    authorisation_id: AuthorisationId | None
    """None for an act of the owner's own."""
    contract_id: str
    field: str
    """The signature field."""
    document_sha256: bytes
    """Of the revision that the seal was set on."""
    seal_sha256: bytes
    """Of the drawing."""
    positions: tuple[Box, ...]
    amount: int | None
    """分, of a silent use."""
    previous: bytes
    """Digest of the entry before."""
    entry: bytes = NO_ENTRY
    """Digest of this entry."""

    @property
    def data(self) -> bytes:
        """Canonical JSON of all but `entry`; lengths in thousandths of a point."""
        return canonical(
            {
                "seal": self.seal_id,
                "number": self.number,
                "used_at": to_micros(self.used_at),
                "actor": self.actor,
                "approver": self.approver,
                "authorisation": self.authorisation_id,
                "contract": self.contract_id,
                "field": self.field,
                "document_sha256": self.document_sha256.hex(),
                "seal_sha256": self.seal_sha256.hex(),
                "positions": self.places,
                "amount": self.amount,
                "previous": self.previous.hex(),
            },
            field="use",
        )

    @property
    def places(self) -> list[JSON]:
        """Page, and left, bottom, width, height in thousandths of a point, of each position."""
        return [[one.page, *(round(side * 1000) for side in _sides(one))] for one in self.positions]

    def closed(self) -> SealUse:
        """With its own digest."""
        return replace(self, entry=sha256(USE_DOMAIN + self.data))


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.rect.left, box.rect.bottom, box.rect.width, box.rect.height


def check_ledger(uses: Iterable[SealUse]) -> LedgerHead:
    """The head of a ledger, from its first entry; raises `DocumentUnavailable` where it does not hold."""
    head = LedgerHead(0, NO_ENTRY)
    for use in uses:
        if use.number != head.number + 1 or use.previous != head.entry or use.closed().entry != use.entry:
            raise DocumentUnavailable(
                f"seal/{use.seal_id}", f"has a ledger that does not hold from entry {head.number + 1} on"
            )
        head = LedgerHead(use.number, use.entry)
    return head
