"""Events made by hand, chained as the log chains them, for the rules of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evidence import leaf
from evidence.canonical import JSON
from evidence.clock import ClockState, to_micros
from evidence.digest import NO_DIGEST, DigestPair
from evidence.envelope import EnvelopeWriter
from evidence.event import Actor, ActorKind, Draft, EventType, LogId, Recorded, Result, Source, TenantId
from evidence.log import new_event_id
from evidence.merkle import leaf_hash
from forensics.report.casefile import CaseFile
from forensics.report.rule import Case
from keys.suites import Suite
from signing.contract import Contract, ContractId, Terms
from signing.document import DocumentId
from signing.party import Party, PartyState
from signing.transition import ContractState
from tests.support.report_case import commission, institution
from tests.support.signing_contract import member

AT = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
TENANT = TenantId("xinqian")


def contract(*parties: Party, state: ContractState = ContractState.SIGNING) -> Contract:
    return Contract(
        contract_id=ContractId("contract-1"),
        number="HT-1",
        title="个人借款合同",
        suite=Suite.INTL,
        terms=Terms(5_000_000, 650),
        state=state,
        document_id=DocumentId("document-1"),
        parties=parties or (member(state=PartyState.SIGNED),),
        created_at=AT,
        expires_at=AT + timedelta(days=7),
        source={},
    )


def act(kind: EventType, /, party: str = "party-0", code: str = "ok", **facts: JSON) -> Draft:
    actor = Actor(ActorKind.PERSON, party, "borrower")
    made = Draft(kind, contract().case_id, actor, AT, facts)
    return replace(made, result=Result(code))


def chain(
    drafts: Sequence[Draft], *, offset_ms: int = 0, lag: timedelta = timedelta()
) -> tuple[Recorded, ...]:
    """Recorded a second apart, or as late as `lag` says."""
    made: list[Recorded] = []
    before = NO_DIGEST
    for seq, one in enumerate(drafts):
        at = AT + timedelta(seconds=seq)
        clock = ClockState("ntp", offset_ms, 10)
        writer = EnvelopeWriter(Source("xinqian", "test", "1"), TENANT, clock, at + lag)
        raw, event_id = new_event_id(to_micros(at))
        envelope = writer.write(replace(one, occurred_at=at), event_id, seq, before, None)
        before = DigestPair.of(envelope)
        case = leaf.case_pseudonym(TENANT, one.case_id)
        packed = leaf.pack(raw, one.type.value, to_micros(at), case, seq, before, leaf.NO_PRODUCER)
        made.append(
            Recorded(
                log=LogId("xinqian/2026h2"),
                index=seq,
                event_id=event_id,
                type=one.type,
                tenant=TENANT,
                case_id=one.case_id,
                case_seq=seq,
                recorded_at=at + lag,
                envelope=envelope,
                leaf=packed,
                leaf_hash=leaf_hash(packed),
                sealed=None,
            )
        )
    return tuple(made)


def case_of(events: Sequence[Recorded], own: Contract | None = None, **changes: object) -> Case:
    file = CaseFile(own or contract(), (), tuple(events), {}, (), None)
    return Case(replace(file, **changes), institution(), commission())  # type: ignore[arg-type]  # by name
