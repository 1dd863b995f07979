"""Case files of contracts that the product's own machinery made, for tests of the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ca.certificate import Certificate
from ca.trust import TrustStore
from evidence.digest import DigestPair
from forensics.report.casefile import Attachment, CaseFile, Commission, Institution, Licence, Member
from keys.suites import Suite
from signing.assemble import assemble
from signing.contract import Contract
from signing.validity.judge import judge_pdf
from tests.support.signing_contract import Studio

ISSUED = datetime(2026, 12, 1, 2, 3, 4, 567000, tzinfo=UTC)
BANK_CODE = "91330100MA2B2B2B2B"


def institution(**changes: object) -> Institution:
    given: dict[str, object] = {
        "name": "信签示范存证服务中心",
        "credit_code": "91330106MA2XXXXX0X",
        "contact": "0571-88880000，hetong@example.test",
        "licences": (Licence("信息系统安全等级保护备案（三级，示范）", "33010699999-26001"),),
        "staff": (Member("李四", "报告复核", "示范资格"),),
        **changes,
    }
    return Institution(**given)  # type: ignore[arg-type]  # by name


def commission(**changes: object) -> Commission:
    given: dict[str, object] = {
        "report_number": "XQ-2026-000001",
        "code": "AB3D-EF7H-JK2M",
        "applicant": "杭州市西湖区人民法院（示范）",
        "authority": "依当事人申请",
        "purpose": "用于诉讼举证",
        "requested_at": ISSUED,
        "issued_at": ISSUED,
        **changes,
    }
    return Commission(**given)  # type: ignore[arg-type]  # by name


def case_file(studio: Studio, contract: Contract, **changes: object) -> tuple[CaseFile, bytes]:
    """The file of a contract as it stands, and its newest document."""
    centre = studio.centre
    with centre.database() as unit:
        contract = unit.contracts.get(contract.contract_id)
        events = tuple(unit.events.case(centre.settings.tenant, contract.case_id))  # type: ignore[arg-type]
        personal = {one.event_id: opened for one in events if (opened := unit.log.open_payload(one))}
        revisions = tuple(unit.documents.revisions(contract.document_id))
        authorities = [Certificate(one.certificate) for one in unit.authorities.list()]
    data = assemble(centre.blobs, list(revisions))
    mine = [one for one in authorities if one.suite is contract.suite]
    trust = TrustStore(
        anchors=tuple(one for one in mine if one.is_self_issued),
        intermediates=tuple(one for one in mine if not one.is_self_issued),
    )
    signed = any(one.field for one in revisions)
    given: dict[str, object] = {
        "contract": contract,
        "revisions": revisions,
        "events": events,
        "personal": personal,
        "measured": measured(data, [one.size for one in revisions]),
        "judged": judge_pdf(data, trust, now=centre.clock.now()) if signed else None,
        "certificates": tuple(mine),
        "attachments": (Attachment("contract.pdf", "contract", len(data), DigestPair.of(data)),),
        **changes,
    }
    return CaseFile(**given), data  # type: ignore[arg-type]  # by name


def measured(data: bytes, sizes: Sequence[int]) -> tuple[DigestPair, ...]:
    return tuple(DigestPair.of(data[:size]) for size in sizes)


def suites() -> tuple[Suite, ...]:
    return (Suite.INTL, Suite.GUOMI)
