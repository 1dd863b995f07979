"""Complete a contract that all have signed: what proves it later (B-LT), a timestamp over it (B-LTA)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from ca.timestamp import TstInfo
from evidence.canonical import JSON
from evidence.clock import Clock
from evidence.digest import DigestPair
from evidence.event import Draft, EventType
from keys import cms
from keys.errors import CmsInvalid
from keys.suites import DEFAULT_ALGORITHM, Digest
from signing.assemble import digests_of, gather
from signing.contract import Contract, ContractId, new_identifier
from signing.contract_ports import SigningUnits, TimestampSources
from signing.contract_record import SYSTEM, draft, failure, revision_facts
from signing.document import Buffer, Revision, RevisionKind
from signing.errors import DocumentUnavailable, RevisionConflict, SigningError, StateInvalid
from signing.execute_embed import token_facts
from signing.execute_turn import Turns
from signing.pades.archive import timestamp_document
from signing.pades.message import check_token
from signing.pades.pertinence import tokens, unpadded
from signing.pades.validationdata import add_validation_data, contents_of
from signing.pdf.source import open_source
from signing.ports import BlobStore, TimestampSource, ValidationMaterial, ValidationSource
from signing.revise import next_revision
from signing.transition import ContractState, move_contract

BATCH = 20  # contracts that one look completes: each asks the authorities several times


class Completion:
    """What follows the last signature. Each step is a revision of its own, so that a crash resumes there."""

    def __init__(
        self,
        units: SigningUnits,
        blobs: BlobStore,
        timestamps: TimestampSources,
        validation: ValidationSource,
        turns: Turns,
        clock: Clock,
    ) -> None:
        self._units = units
        self._blobs = blobs
        self._timestamps = timestamps
        self._validation = validation
        self._turns = turns
        self._clock = clock

    def complete(self, contract_id: ContractId) -> Contract:
        """SIGNED → COMPLETED; a contract that is completed already is left as it is.

        Raises `StateInvalid` for one that not all have signed, `ProviderUnavailable`,
        `TimestampUnavailable`; these are recorded, and the contract stays SIGNED until it is tried again.
        """
        with self._units.reading() as unit:
            contract = unit.contracts.get(contract_id)
        if contract.state is ContractState.COMPLETED:
            return contract
        if contract.state is not ContractState.SIGNED:
            raise StateInvalid("contract", contract.state.value, "complete")
        holder = new_identifier(self._clock.now())
        self._turns.take(contract, holder)
        try:
            self._add(contract, holder)
        except SigningError as error:
            self._failed(contract, error)
            raise
        finally:
            self._turns.leave(contract.document_id, holder)
        with self._units.reading() as unit:
            return unit.contracts.get(contract_id)

    def resume(self) -> tuple[ContractId, ...]:
        """Complete what a dead process or an unavailable authority left SIGNED; those it completed.

        Called by a running service now and then. Failures are recorded, and end with the next look.
        """
        with self._units.reading() as unit:
            waiting = unit.contracts.waiting(ContractState.SIGNED, BATCH)
        done = []
        for contract_id in waiting:
            try:
                self.complete(contract_id)
            except SigningError:
                continue
            done.append(contract_id)
        return tuple(done)

    def _add(self, contract: Contract, holder: str) -> None:
        #   1. validation data of every signature and of its timestamp, unless that is in already
        #   2. a document timestamp over all of it, unless that is in already; the contract is COMPLETED
        with self._units.reading() as unit:
            if unit.contracts.get(contract.contract_id).state is ContractState.COMPLETED:
                return  # by another process, while this one waited for its turn
            revisions = unit.documents.revisions(contract.document_id)
        if revisions[-1].kind is RevisionKind.SIGNED:
            data = gather(self._blobs, revisions)
            fields = frozenset(one.field for one in revisions if one.field is not None)
            material = self._validation.material(_signers(data, fields))
            with closing(open_source(data)) as source:
                added = add_validation_data(source, material)
            revision = self._next(revisions[-1], RevisionKind.VALIDATION_DATA, data, added)
            facts = {**revision_facts(revision), **_material_facts(material)}
            drafts = [draft(EventType.DSS_ADDED, contract, SYSTEM, revision.at, facts)]
            self._land(contract, holder, revision, drafts)
            revisions.append(revision)
        if revisions[-1].kind is RevisionKind.VALIDATION_DATA:
            data = gather(self._blobs, revisions)
            digest = DEFAULT_ALGORITHM[contract.suite].digest
            kept = _Kept(self._timestamps(contract.suite))
            with closing(open_source(data)) as source:
                added = timestamp_document(source, kept, digest, at=self._clock.now())
            revision = self._next(revisions[-1], RevisionKind.ARCHIVE_TIMESTAMP, data, added)
            self._land(contract, holder, revision, _extended(contract, revision, kept), completed=True)

    def _next(self, before: Revision, kind: RevisionKind, data: Buffer, added: bytes) -> Revision:
        digests = digests_of((data, added))
        return next_revision(before, kind, added, digests, self._blobs.put(added), self._clock.now())

    def _land(
        self,
        contract: Contract,
        holder: str,
        revision: Revision,
        drafts: list[Draft],
        *,
        completed: bool = False,
    ) -> None:
        with self._units() as unit:
            held = unit.contracts.hold(contract.contract_id)
            if not unit.documents.has_turn(contract.document_id, holder):
                raise RevisionConflict(contract.document_id, revision.number)
            unit.documents.add(revision)
            if completed:
                move_contract(held.state, ContractState.COMPLETED, "complete")
                unit.contracts.move(contract.contract_id, held.state, ContractState.COMPLETED, revision.at)
            unit.log.append(drafts)

    def _failed(self, contract: Contract, error: SigningError) -> None:
        now = self._clock.now()
        event = draft(EventType.LTA_EXTENDED, contract, SYSTEM, now, {}, result=failure(error))
        with self._units() as unit:
            unit.log.append([event])


@dataclass(slots=True)
class _Kept:
    """A `TimestampSource` that keeps what it gave out, for the evidence."""

    source: TimestampSource
    given: list[tuple[bytes, TstInfo]] = field(default_factory=list)

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        token = self.source.token(imprint, digest)
        self.given.append((token, check_token(token, digest, imprint)))
        return token


def _extended(contract: Contract, revision: Revision, kept: _Kept) -> list[Draft]:
    drafts = [
        draft(EventType.TST_OBTAINED, contract, SYSTEM, revision.at, token_facts(token, info))
        for token, info in kept.given
    ]
    facts = revision_facts(revision)
    drafts.append(draft(EventType.LTA_EXTENDED, contract, SYSTEM, revision.at, facts))
    level: dict[str, JSON] = {"document": revision.digests.as_json(), "level": "B-LTA", "size": revision.size}
    drafts.append(draft(EventType.CONTRACT_COMPLETED, contract, SYSTEM, revision.at, level))
    return drafts


def _material_facts(material: ValidationMaterial) -> dict[str, JSON]:
    return {
        "certificates": [DigestPair.of(one).as_json() for one in material.certificates],
        "crls": [DigestPair.of(one).as_json() for one in material.crls],
        "responses": [DigestPair.of(one).as_json() for one in material.responses],
    }


def _signers(data: Buffer, fields: frozenset[str]) -> list[bytes]:
    """Certificates that the contract's own signatures and their timestamps carry.

    Strangers' signatures that an uploaded file came with are not ours to vouch for: no authority of this
    installation knows their certificates. Raises `DocumentUnavailable` for one of ours that is not one.
    """
    with closing(open_source(data)) as source:
        found: dict[bytes, None] = {}
        try:
            for one in source.signatures:
                if one.name in fields:
                    signed = cms.parse(unpadded(contents_of(source, one.number)))
                    for message in (signed, *tokens(signed)):
                        found |= dict.fromkeys(message.certificates)
        except CmsInvalid as error:
            raise DocumentUnavailable("contract", "carries a signature that cannot be read") from error
        return list(found)
