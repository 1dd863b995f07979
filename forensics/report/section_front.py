"""Sections 0 to 5: the report, its worth, who made it and for whom, the answers, the contract."""

from __future__ import annotations

from forensics.report.finding import (
    Anomaly,
    Block,
    Conclusion,
    Facts,
    Figure,
    Item,
    Note,
    Section,
    Table,
    absent,
    code,
    digits,
    lines,
    moment,
    said,
    text,
)
from forensics.report.law import read_law
from forensics.report.rule import Case
from forensics.report.veil import Variant, Veil
from signing.intent import amount_text, rate_text

LIMITS = (
    "limit-facts",
    "limit-image",
    "limit-intake",
    "limit-clock",
    "limit-keys",
    "limit-chain",
    "limit-law",
)
"""Sentences of the texts on what the report does not say."""


def front(case: Case, veil: Veil) -> Section:
    """0: what this document is."""
    asked = case.commission
    rows: tuple[tuple[str, Item], ...] = (
        ("report-number", text(asked.report_number)),
        ("verification-code", text(asked.code)),
        ("variant", code("variant", veil.variant.value)),
        ("issued-at", moment(asked.issued_at)),
        ("contract-number", text(case.contract.number)),
        ("contract-code", text(case.contract.code)),
        ("contract-state", code("state", case.contract.state.value)),
        ("report-digest", absent("own-digest")),
        ("report-index", absent("own-index")),
    )
    return Section(0, (Facts(rows),))


def declaration(case: Case) -> Section:
    """1: what the report is and is not."""
    interest = case.institution.credit_code in {one.particulars.id_number for one in case.contract.parties}
    interest = interest or bool(
        case.institution.party_codes & {one.particulars.id_number for one in case.contract.parties}
    )
    blocks: list[Block] = [Note(said("declare-kind")), Note(said("declare-basis"))]
    rows = tuple((text(one.law), text(one.version), text(one.articles)) for one in read_law().basis)
    blocks.append(Table("basis", ("law", "version", "articles"), rows, (5, 3, 4)))
    blocks += [Note(said(one)) for one in LIMITS]
    blocks.append(Note(said("interest-yes" if interest else "interest-no")))
    blocks.append(Note(said("own-authority" if case.institution.own_authority else "licensed-authority")))
    blocks.append(Note(said("if-appraised")))
    return Section(1, tuple(blocks))


def issuer(case: Case) -> Section:
    """2: the institution."""
    own = case.institution
    rows: tuple[tuple[str, Item], ...] = (
        ("institution", text(own.name)),
        ("credit-code", text(own.credit_code)),
        ("contact", text(own.contact)),
    )
    licences = tuple(
        (
            text(one.name),
            text(one.number),
            absent("no-end") if one.valid_until is None else moment(one.valid_until),
        )
        for one in own.licences
    )
    staff = tuple(
        (
            text(one.name),
            text(one.role),
            text(one.qualification) if one.qualification else absent("none-stated"),
        )
        for one in own.staff
    )
    return Section(
        2,
        (
            Facts(rows),
            _or(Table("licences", ("licence", "number", "until"), licences, (4, 4, 4)), "no-licences"),
            _or(Table("staff", ("name", "function", "qualification"), staff, (3, 4, 4)), "no-staff"),
        ),
    )


def request(case: Case, veil: Veil) -> Section:
    """3: who asked."""
    asked = case.commission
    rows: tuple[tuple[str, Item], ...] = (
        ("applicant", veil.words(asked.applicant)),
        ("authority", text(asked.authority)),
        ("purpose", text(asked.purpose)),
        ("case-number", absent("no-case-number") if asked.case_number is None else text(asked.case_number)),
        ("requested-at", moment(asked.requested_at)),
        ("approvals", text(", ".join(asked.approvals)) if asked.approvals else _no_approval(veil)),
        ("hold", absent("no-hold") if asked.hold is None else text(asked.hold)),
        ("scope", code("scope", veil.variant.value)),
    )
    return Section(3, (Facts(rows),))


def essence(case: Case, veil: Veil) -> tuple[tuple[str, Item], ...]:
    """What the contract is, in a few lines."""
    own = case.contract
    who = tuple(
        said(
            "party-named",
            party=case.label(one),
            name=veil.name(one.particulars, one.kind),
            state=code("party-state", one.state.value),
        )
        for one in own.parties
    )
    amount = own.terms.amount
    return (
        ("contract-title", text(own.title)),
        ("contract-state", code("state", own.state.value)),
        ("amount", absent("no-term") if amount is None else text(amount_text(amount))),
        ("party", lines(*who)),
        ("institution", text(case.institution.name)),
        ("issued-at", moment(case.commission.issued_at)),
    )


def _no_approval(veil: Veil) -> Item:
    return absent("approval-missing" if veil.variant is Variant.FULL else "approval-unneeded")


def summary(conclusions: tuple[Conclusion, ...], found: tuple[Anomaly, ...]) -> Section:
    """4: the six answers with every rule, and what was out of the ordinary."""
    rows = tuple(
        (
            code("question", one.question.value),
            text(rule.rule_id),
            code("answer" if rule.decides else "reserve", rule.answer.value),
            rule.reason,
            code("cite", rule.citation),
        )
        for one in conclusions
        for rule in one.rulings
    )
    listed = tuple(
        (text(number + 1), one.item, absent("no-event") if one.seq is None else text(one.seq))
        for number, one in enumerate(found)
    )
    return Section(
        4,
        (
            Note(said("answers-how")),
            Table("rules", ("question", "rule", "answer", "reason", "citation"), rows, (3, 2, 2, 8, 4)),
            _or(Table("anomalies", ("row", "anomaly", "event-seq"), listed, (1, 9, 2)), "no-anomalies"),
        ),
    )


def contract(case: Case, veil: Veil) -> Section:
    """5: the contract and its document."""
    own = case.contract
    terms = own.terms
    source = own.source
    rows: list[tuple[str, Item]] = [
        ("contract-number", text(own.number)),
        ("contract-title", text(own.title)),
        ("contract-id", text(own.contract_id)),
        ("contract-kind", code("kind", own.kind) if own.kind == "loan" else text(own.kind)),
        ("suite", code("suite", own.suite.value)),
        ("amount", absent("no-term") if terms.amount is None else text(amount_text(terms.amount))),
        ("rate", absent("no-term") if terms.rate_bp is None else text(rate_text(terms.rate_bp) + "%")),
        ("created-at", moment(own.created_at)),
        ("expires-at", moment(own.expires_at)),
        ("ended-at", absent("not-ended") if own.ended_at is None else moment(own.ended_at)),
        ("contract-state", code("state", own.state.value)),
    ]
    if own.template:
        rows.append(("template", text(f"{own.template}@{source.get('template_version', '-')}")))
        rows.append(("engine", text(source.get("engine", "-"))))
    else:
        rows.append(("template", absent("uploaded")))
    revisions = tuple(
        (
            text(one.number),
            code("revision", one.kind.value),
            text(one.field) if one.field else absent("no-field"),
            text(f"{one.offset} + {one.length}"),
            moment(one.at),
            digits(one.digests.sha256.hex()),
            digits(one.digests.sm3.hex()),
        )
        for one in case.file.revisions
    )
    columns = ("revision", "added", "field", "octets", "time", "sha256", "sm3")
    parties = tuple(
        (
            case.label(one),
            veil.name(one.particulars, one.kind),
            code("party-state", one.state.value),
            text(", ".join(one.fields)) if one.fields else absent("no-field"),
        )
        for one in own.parties
    )
    drawn = tuple(
        (text(one.number), code("revision", one.kind.value), text(one.length), text(one.field or ""))
        for one in case.file.revisions
    )
    return Section(
        5,
        (
            Facts(tuple(rows)),
            Table("parties", ("party", "name", "party-state", "field"), parties, (3, 4, 2, 3)),
            Figure("revisions", drawn),
            Table("revisions", columns, revisions, (2, 3, 3, 3, 4, 5, 5)),
        ),
    )


def _or(table: Table, otherwise: str) -> Block:
    return table if table.rows else Note(absent(otherwise))
