"""People and firms of the simulator in the parts of a contract, and what a caller sends for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.simulator.population import Person, Population
from tests.support import contracts

PEOPLE = Population()
BORROWER, GUARANTOR, SPOUSE, AGENT = (PEOPLE.person(number) for number in range(4))
BANK = PEOPLE.firm(0)


def values(number: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  (whatever a test changes)
    """Of the template `personal-loan`, for the people of the simulator."""
    made = contracts.loan_values(number=number, months=6, amount=5_000_000, annual=650)
    made["borrower"] = {**made["borrower"], **_of(BORROWER)}
    made["guarantor"] = {**made["guarantor"], **_of(GUARANTOR)}
    made["lender"] = {**made["lender"], "name": BANK.name, "credit_code": BANK.credit_code}
    return {**made, **changes}


def _of(person: Person) -> dict[str, str]:
    return {"name": person.name, "id_number": person.id_number, "mobile": person.mobile}


def party(person: Person, role: str, order: int, **changes: object) -> dict[str, Any]:
    """A person as a party."""
    return {"role": role, **_of(person), "order": order, **changes}


def lender(order: int, **changes: object) -> dict[str, Any]:
    """The bank, by an agent whose power is in force."""
    return {
        "role": "lender",
        "kind": "organisation",
        "name": BANK.name,
        "id_number": BANK.credit_code,
        "representative": BANK.representative.name,
        "agent": {
            **_of(AGENT),
            "power": {
                "reference": "授权2026-001",
                "roles": ["lender"],
                "not_before": "2020-01-01T00:00:00Z",
                "not_after": "2099-01-01T00:00:00Z",
            },
        },
        "order": order,
        **changes,
    }


@dataclass(frozen=True)
class Wanted:
    """A contract of three parties as a caller asks for it."""

    number: str
    suite: str = "intl"

    def document(self, **changes: object) -> dict[str, Any]:
        return {
            "number": self.number,
            "title": "个人借款合同",
            "suite": self.suite,
            "template": {"name": "personal-loan"},
            "values": values(self.number),
            "terms": {"amount": 5_000_000, "rate_bp": 650},
            "parties": [party(BORROWER, "borrower", 1), party(GUARANTOR, "guarantor", 1), lender(2)],
            **changes,
        }
