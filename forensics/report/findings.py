"""Findings: everything that a report says, drawn from a case file by pure rules."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.canonical import JSON
from forensics.errors import ReportInvalid
from forensics.report import (
    rule_custody,
    rule_document,
    rule_person,
    section_front,
    section_party,
    section_proof,
)
from forensics.report.anomaly import anomalies
from forensics.report.casefile import CaseFile, Commission, Institution
from forensics.report.finding import Anomaly, Conclusion, Item, Note, Ruling, Section, absent
from forensics.report.rule import Case, conclude
from forensics.report.veil import Variant, Veil

SCHEMA = "xinqian/report/1"
RULES = (*rule_person.RULES, *rule_document.RULES, *rule_custody.RULES)
SIGNATURE_SECTIONS = frozenset({0, 1, 2, 4, 11, 12, 13, 14, 18})
"""What the edition on signatures alone has."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report says, without a language."""

    variant: Variant
    report_number: str
    code: str
    contract_number: str
    summary: tuple[tuple[str, Item], ...]
    """What the contract is, for the first page."""
    conclusions: tuple[Conclusion, ...]
    anomalies: tuple[Anomaly, ...]
    rulings: tuple[Ruling, ...]
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, JSON]:
        """The machine report: every number of the pages is in it."""
        return {
            "anomalies": [one.as_json() for one in self.anomalies],
            "code": self.code,
            "conclusions": [one.as_json() for one in self.conclusions],
            "contract": self.contract_number,
            "report": self.report_number,
            "rulings": [one.as_json() for one in self.rulings],
            "schema": SCHEMA,
            "summary": {name: one.as_json() for name, one in self.summary},
            "sections": [one.as_json() for one in self.sections],
            "variant": self.variant.value,
        }


def draw_findings(
    file: CaseFile, institution: Institution, commission: Commission, variant: Variant = Variant.MASKED
) -> Findings:
    """Findings on a contract in any state; the same input gives the same findings.

    Raises `ReportInvalid` for events of another case.
    """
    for event in file.events:
        if event.case_id != file.contract.case_id:
            raise ReportInvalid("events", "are of another case than the contract")
    case, veil = Case(file, institution, commission), Veil(variant)
    rulings = tuple(rule.apply(case) for rule in RULES)
    conclusions, odd = tuple(conclude(rulings)), anomalies(case)
    sections: tuple[Section, ...] = (
        section_front.front(case, veil),
        section_front.declaration(case),
        section_front.issuer(case),
        section_front.request(case, veil),
        section_front.summary(conclusions, odd),
        section_front.contract(case, veil),
        section_party.identities(case, veil),
        section_party.notices(case),
        section_party.intents(case, veil),
        section_party.timeline(case),
        section_party.devices(case, veil),
        section_proof.certificates(case, veil),
        section_proof.signatures(case),
        section_proof.timestamps(case),
        section_proof.log(case),
        section_proof.system(case),
        section_proof.custody(case, veil),
        section_proof.performance(case),
        section_proof.methods(case, rulings),
    )
    if variant is Variant.SIGNATURE:
        sections = tuple(
            one
            if one.number in SIGNATURE_SECTIONS
            else Section(one.number, (Note(absent("not-in-edition")),))
            for one in sections
        )
    return Findings(
        variant,
        commission.report_number,
        commission.code,
        file.contract.number,
        section_front.essence(case, veil),
        conclusions,
        odd,
        rulings,
        sections,
    )
