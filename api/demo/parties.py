"""The people and the firm of the demonstration. None of them exists; their identities are simulated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ca.identity import IdentityRecord, SubjectKind

PROVIDER = "simulator"
CASE = "demo"


@dataclass(frozen=True, slots=True)
class Party:
    """One party of the loan."""

    role: str
    kind: SubjectKind
    name: str
    pseudonym: str
    number: str = ""
    """Resident identity number, or unified social credit code."""
    mobile: str = ""

    def identity(self, at: datetime) -> IdentityRecord:
        """A verification that a simulator concluded, and that says so."""
        return IdentityRecord(
            record_id=f"{CASE}-{self.role}",
            kind=self.kind,
            name=self.name,
            pseudonym=self.pseudonym,
            organisation_id=self.number if self.kind is SubjectKind.ORGANISATION else None,
            assurance="substantial",
            methods=("id-document", "face"),
            provider=PROVIDER,
            transaction=f"{CASE}-{self.role}",
            verified_at=at,
            valid_until=at + timedelta(hours=1),
            simulated=True,
        )


BORROWER = Party("borrower", SubjectKind.PERSON, "王小明", "demo-p-0001", "321000198506120010", "13800000001")
GUARANTOR = Party("guarantor", SubjectKind.PERSON, "李喆", "demo-p-0002", "321000197903180020", "13800000002")
WITHDRAWN = Party("withdrawn", SubjectKind.PERSON, "赵堃", "demo-p-0003")
BANK = Party(
    "bank", SubjectKind.ORGANISATION, "信签示范农村商业银行股份有限公司", "demo-o-0001", "91321000123456788K"
)
SEAL_CODE = "3210000000017"
"""Thirteen digits, as the public security organ files seals under; this one is filed nowhere."""
