"""Sections 11 to 18: certificates, signatures, timestamps, the log, the system, custody, methods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.x509.oid import NameOID

from ca.certificate import Certificate
from ca.serial import SerialNumber, serial_text
from evidence.digest import DigestPair
from evidence.event import EventType
from forensics.report.finding import (
    Block,
    Facts,
    Figure,
    Item,
    Note,
    Ruling,
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
from forensics.report.veil import Veil
from signing.party import Party
from signing.validity.report import Kind, SignatureReport

CUSTODY = (EventType.EXPORTED, EventType.COPY_DELIVERED, EventType.DOC_DOWNLOADED, EventType.NOTICE_SENT)
METHODS = (
    "method-open",
    "method-panel",
    "method-code",
    "method-hash",
    "method-expert",
    "method-log",
    "method-ts",
)
TERMS = (
    "sha256", "sm3", "signature", "certificate", "timestamp", "revision", "byte-range", "log", "leaf",
    "pseudonym", "lta", "ca", "event-seq", "intent", "tsa", "simulated", "suite",
    "indication", "policy", "chain",
)  # fmt: skip


def certificates(case: Case, veil: Veil) -> Section:
    """11: who is certified by whom, and what became of the keys."""
    blocks: list[Block] = []
    known = {one.subject_der: one for one in case.file.certificates}
    nodes: list[tuple[Item, ...]] = []
    for one in _signers(case):
        party = None if one.kind is not Kind.SIGNATURE else case.party_of(one.field)
        if one.signer is not None:
            subject = veil.common_name(_common_name(one.signer), party, stranger=_stranger(one, party))
            nodes.append(tuple(_chain(one.signer, known, subject)))
    for certificate, party, stranger in _distinct(case):
        name = veil.common_name(_common_name(certificate), party, stranger=stranger)
        blocks.append(Facts(_certificate(case, certificate, party, name)))
    if not nodes:
        return Section(11, (Note(absent("no-certificate")), *_keys(case)))
    figure = Figure("chain", tuple(dict.fromkeys(nodes)))
    return Section(11, (figure, *blocks, *_keys(case), Note(said("certificate-how"))))


def _signers(case: Case) -> Sequence[SignatureReport]:
    return () if case.file.judged is None else case.file.judged.signatures


def _stranger(one: SignatureReport, party: Party | None) -> bool:
    """Whether an uploaded file came with it."""
    return one.kind is Kind.SIGNATURE and party is None


def _distinct(case: Case) -> list[tuple[Certificate, Party | None, bool]]:
    found: dict[Certificate, tuple[Party | None, bool]] = {}
    for one in _signers(case):
        if one.signer is not None:
            party = case.party_of(one.field)
            found.setdefault(one.signer, (party, _stranger(one, party)))
    for above in case.file.certificates:
        found.setdefault(above, (None, False))
    return [(one, *whose) for one, whose in found.items()]


def _common_name(certificate: Certificate, *, issuer: bool = False) -> str:
    name = certificate.issuer if issuer else certificate.subject
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _chain(certificate: Certificate, known: dict[bytes, Certificate], subject: Item) -> list[Item]:
    found = [subject]
    at = certificate
    while not at.is_self_issued and len(found) < len(known) + 2:
        above = known.get(at.issuer_der)
        found.append(text(_common_name(at, issuer=True)))
        if above is None:
            break
        at = above
    return found


def _certificate(
    case: Case, one: Certificate, party: Party | None, subject: Item
) -> tuple[tuple[str, Item], ...]:
    return (
        ("subject", subject),
        ("holder", case.label(party) if party is not None else absent("authority-certificate")),
        ("issuer", text(_common_name(one, issuer=True))),
        ("serial", digits(serial_text(SerialNumber(one.serial)))),
        ("not-before", moment(one.x509.not_valid_before_utc)),
        ("not-after", moment(one.x509.not_valid_after_utc)),
        ("algorithm", code("algorithm", one.algorithm.value)),
        ("sha256", digits(DigestPair.of(one.data).sha256.hex())),
        ("sm3", digits(DigestPair.of(one.data).sm3.hex())),
    )


def _keys(case: Case) -> tuple[Block, ...]:
    kinds = (EventType.CERT_ISSUED, EventType.KEY_DESTROYED, EventType.CERT_REFUSED, EventType.CERT_REVOKED)
    rows = tuple(
        (
            text(one.seq),
            code("event", one.type.name),
            moment(one.occurred_at),
            digits(one.fact("serial")) if one.fact("serial") else absent("none-here"),
            text(one.fact("one_time_key") or one.fact("key_id") or one.fact("key")),
            code("result", one.code),
        )
        for one in case.of(*kinds)
    )
    columns = ("event-seq", "event", "time", "serial", "key", "result")
    return (_or(Table("keys", columns, rows, (1, 3, 3, 4, 4, 2)), "no-key"),)


def signatures(case: Case) -> Section:
    """12: each signature by each step, and the file as a whole."""
    judged = case.file.judged
    if judged is None or not judged.signatures:
        return Section(12, (Note(absent("no-signature")),))
    whole = Facts(
        (
            ("indication", code("indication", judged.indication.value)),
            ("sub-indication", _sub(None if judged.sub_indication is None else judged.sub_indication.value)),
            ("revisions", text(judged.revisions)),
            ("pages", absent("none-here") if judged.pages is None else text(judged.pages)),
            ("judged-at", moment(judged.at)),
            ("attacks", _attacks([one.attack.value for one in judged.attacks])),
        )
    )
    blocks: list[Block] = [whole]
    for one in judged.signatures:
        blocks += [Facts(_signature(case, one)), _steps(one)]
    blocks.append(Note(said("signature-how")))
    return Section(12, tuple(blocks))


def _attacks(found: Sequence[str]) -> Item:
    return text(", ".join(found)) if found else absent("no-attack")


def _sub(name: str | None) -> Item:
    return absent("no-sub") if name is None else code("sub", name)


def _signature(case: Case, one: SignatureReport) -> tuple[tuple[str, Item], ...]:
    party = case.party_of(one.field)
    return (
        ("field", text(one.field)),
        ("signature-kind", code("signature-kind", one.kind.value)),
        ("holder", absent("authority-certificate") if party is None else case.label(party)),
        ("indication", code("indication", one.indication.value)),
        ("sub-indication", _sub(None if one.sub_indication is None else one.sub_indication.value)),
        ("algorithm", absent("none-here") if one.algorithm is None else code("algorithm", one.algorithm)),
        ("level", absent("no-level") if one.level is None else code("level", one.level.value)),
        ("claimed-time", absent("none-here") if one.claimed_time is None else moment(one.claimed_time)),
        ("proved-time", absent("not-proved") if one.proved_time is None else moment(one.proved_time)),
        ("proved-by", code("proof", one.proved_by.value)),
        (
            "covered",
            said("covers", revision=text(one.revision), whole=_bool(value=one.covers_whole_revision)),
        ),
        (
            "later-changes",
            said(
                "changes", count=text(len(one.modifications)), worst=code("change", str(one.modified.value))
            ),
        ),
    )


def _bool(*, value: bool) -> Item:
    return code("bool", "true" if value else "false")


def _steps(one: SignatureReport) -> Block:
    rows = tuple(
        (text(number + 1), code("step", step.step_id), code("outcome", step.outcome.value))
        for number, step in enumerate(one.steps)
    )
    return Table("steps", ("row", "step", "outcome"), rows, (1, 8, 2))


def timestamps(case: Case) -> Section:
    """13: each token as the log recorded it, and what it bounds."""
    rows = tuple(
        (
            text(one.seq),
            text(one.fact("policy")),
            digits(one.fact("serial")),
            moment(datetime.fromisoformat(one.fact("gen_time"))),
            text(", ".join(one.inner("imprint"))),
            digits(", ".join(str(value) for value in one.inner("imprint").values())),
            digits(str(one.inner("token").get("sha256", ""))),
        )
        for one in case.of(EventType.TST_OBTAINED, ok=True)
    )
    bounds = tuple(
        (
            text(one.field),
            code("proof", one.proved_by.value),
            absent("not-proved") if one.proved_time is None else moment(one.proved_time),
            _not_before(case, one),
        )
        for one in _signers(case)
    )
    columns = ("event-seq", "policy", "serial", "gen-time", "imprint-algorithm", "imprint", "token")
    between = Table(
        "bounds", ("field", "proved-by", "not-after-time", "not-before-time"), bounds, (3, 3, 4, 4)
    )
    return Section(
        13,
        (
            _or(Table("tokens", columns, rows, (1, 3, 3, 3, 2, 4, 4)), "no-token"),
            _or(between, "no-signature"),
            Note(said("timestamp-how")),
        ),
    )


def _not_before(case: Case, one: SignatureReport) -> Item:
    for event in case.of(EventType.SIGN_REQUESTED, EventType.SEAL_APPLIED):
        if event.fact("field") == one.field:
            return said("asked-at", at=moment(event.occurred_at), seq=text(event.seq))
    return absent("not-recorded")


def log(case: Case) -> Section:
    """14: where the events lie and what binds them."""
    events = case.occurrences
    if not events:
        return Section(14, (Note(absent("no-events")),))
    last = events[-1].recorded
    rows: list[tuple[str, Item]] = [
        ("case", text(last.case_id)),
        ("event-count", text(len(events))),
        ("logs", text(", ".join(sorted({str(one.recorded.log) for one in events})))),
        ("indexes", text(f"{events[0].recorded.index} - {last.index}")),
        ("head-sha256", digits(DigestPair.of(last.envelope).sha256.hex())),
        ("head-sm3", digits(DigestPair.of(last.envelope).sm3.hex())),
    ]
    found = case.file.log
    if found is None:
        return Section(14, (Facts(tuple(rows)), Note(absent("no-log")), Note(said("log-how"))))
    rows += [
        ("origin", text(found.origin)),
        ("tree-size", text(found.size)),
        ("root-sha256", digits(found.roots.sha256.hex())),
        ("root-sm3", digits(found.roots.sm3.hex())),
        ("witnesses", text(", ".join(found.witnesses)) if found.witnesses else absent("no-witness")),
        ("quorum", text(found.quorum)),
        ("included", text(found.included)),
        ("consistent", _bool(value=found.consistent)),
        ("checkpoint", text(found.checkpoint)),
        ("evidence-record", absent("no-record") if found.record is None else digits(found.record)),
    ]
    return Section(14, (Facts(tuple(rows)), Note(said("log-how"))))


def system(case: Case) -> Section:
    """15: builds, clocks, self-checks."""
    builds = sorted({(o.source["system"], o.source["instance"], o.source["build"]) for o in case.occurrences})
    names = ("source", "offset_ms", "uncertainty_ms")
    clocks = sorted({tuple(str(one.clock[name]) for name in names) for one in case.occurrences})
    lags = [one.recorded_at - one.occurred_at for one in case.occurrences]
    longest = max(lags, default=timedelta())
    checks = tuple(
        (moment(one.occurred_at), code("event", one.type.name), code("result", one.code))
        for one in case.system
    )
    sources = tuple(tuple(text(part) for part in one) for one in builds)
    states = tuple(tuple(text(part) for part in one) for one in clocks)
    return Section(
        15,
        (
            _or(Table("builds", ("system", "instance", "build"), sources, (4, 4, 4)), "no-events"),
            _or(Table("clocks", ("clock-source", "offset", "uncertainty"), states, (4, 4, 4)), "no-events"),
            Facts((("latency", text(f"{int(longest.total_seconds() * 1_000)} ms")),)),
            _or(Table("checks", ("time", "event", "result"), checks, (4, 5, 3)), "no-checks"),
        ),
    )


def custody(case: Case, veil: Veil) -> Section:
    """16: who took copies, and how this report was extracted."""
    rows = tuple(
        (
            text(one.seq),
            moment(one.occurred_at),
            code("event", one.type.name),
            code("actor", one.actor["kind"]),
            code("result", one.code),
        )
        for one in case.of(*CUSTODY)
    )
    made = Facts(
        (
            ("extracted-at", moment(case.commission.issued_at)),
            ("extracted-by", text(case.institution.name)),
            ("extracted-how", said("extraction", variant=code("variant", veil.variant.value))),
        )
    )
    columns = ("event-seq", "time", "event", "actor", "result")
    return Section(16, (made, _or(Table("copies", columns, rows, (1, 4, 4, 3, 3)), "no-copy")))


def performance(case: Case) -> Section:
    """17: what followed the signing, which this product does not record."""
    sent = tuple(
        (text(one.seq), moment(one.occurred_at), code("event", one.type.name), code("result", one.code))
        for one in case.of(EventType.NOTICE_SENT, EventType.COPY_DELIVERED)
    )
    table = Table("deliveries", ("event-seq", "time", "event", "result"), sent, (1, 4, 5, 3))
    return Section(17, (Note(absent("no-performance")), _or(table, "no-delivery")))


def methods(case: Case, rulings: Sequence[Ruling]) -> Section:
    """18: how to check all of it, what the law asks and which facts answer, the catalogue, the glossary."""
    by_id = {one.rule_id: one for one in rulings}
    mapped = tuple(
        (
            said("article", law=code("law", item.law), article=text(item.article)),
            text(item.text),
            lines(*(_ruled(by_id[rule]) for rule in item.rules)),
        )
        for item in read_law().items
    )
    columns = ("articles", "law-text", "facts")
    files = tuple(
        (
            text(number + 1),
            text(one.name),
            code("exhibit", one.role),
            said("exhibit-source", institution=text(case.institution.name)),
            code("proves", one.role),
            text(one.size),
            digits(one.digests.sha256.hex()),
            digits(one.digests.sm3.hex()),
        )
        for number, one in enumerate(case.file.attachments)
    )
    heads = ("row", "file", "content", "source", "object", "size", "sha256", "sm3")
    glossary = tuple((code("term", one), code("means", one)) for one in TERMS)
    return Section(
        18,
        (
            *(Note(said(one)) for one in METHODS),
            Table("mapping", columns, mapped, (3, 5, 7)),
            _or(Table("exhibits", heads, files, (1, 3, 3, 3, 3, 2, 4, 4)), "no-exhibit"),
            Table("glossary", ("term", "meaning"), glossary, (3, 9)),
            Note(said("pledge", institution=text(case.institution.name))),
        ),
    )


def _ruled(one: Ruling) -> Item:
    return said("ruled", answer=code("answer", one.answer.value), reason=one.reason, rule=text(one.rule_id))


def _or(table: Table, otherwise: str) -> Block:
    return table if table.rows else Note(absent(otherwise))
