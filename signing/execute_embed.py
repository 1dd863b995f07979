"""Embed one signature: from the document as it stands to the next revision, self-verified, not yet stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from ca.certificate import Certificate
from ca.serial import SerialNumber, serial_text
from ca.timestamp import TstInfo
from ca.token import identity_of
from evidence.canonical import JSON
from evidence.clock import rfc3339
from evidence.digest import DigestPair
from evidence.event import Actor, Draft, EventType
from keys.ports import Signer
from keys.suites import Digest
from signing.assemble import digests_of, gather
from signing.contract import Contract
from signing.contract_record import draft, revision_facts
from signing.document import Revision, RevisionKind
from signing.pades.message import check_token
from signing.pades.order import SignatureOrder
from signing.pades.sign import begin
from signing.pdf.source import open_source
from signing.ports import BlobStore, TimestampSource
from signing.revise import next_revision


@dataclass(frozen=True, slots=True)
class Embedded:
    """A signature whose octets are on stable storage and whose revision is still to be recorded."""

    before: Revision
    revision: Revision
    serial: SerialNumber
    digest: Digest
    signature: DigestPair
    """Of the signature value."""
    byte_range: tuple[int, int, int, int]
    document_digest: bytes
    token: bytes = field(repr=False)
    info: TstInfo

    def drafts(self, contract: Contract, actor: Actor, at: datetime) -> list[Draft]:
        """TST_OBTAINED, SIGN_VALIDATED, SIGNATURE_CREATED."""
        validated: dict[str, JSON] = {
            "field": self.revision.field,
            "serial": serial_text(self.serial),
            "steps": ["byte-range", "message-digest", "signature-value", "certificate", "timestamp"],
        }
        created: dict[str, JSON] = {
            **revision_facts(self.revision),
            "before": self.before.digests.as_json(),
            "byte_range": list(self.byte_range),
            "byte_range_digest": {self.digest.value: self.document_digest.hex()},
            "serial": serial_text(self.serial),
            "signature": self.signature.as_json(),
        }
        return [
            draft(EventType.TST_OBTAINED, contract, actor, at, token_facts(self.token, self.info)),
            draft(EventType.SIGN_VALIDATED, contract, actor, at, validated),
            draft(EventType.SIGNATURE_CREATED, contract, actor, at, created),
        ]


def embed(
    blobs: BlobStore,
    revisions: Sequence[Revision],
    order: SignatureOrder,
    signer: Signer,
    certificates: Sequence[Certificate],
    timestamps: TimestampSource,
) -> Embedded:
    """The signature on the newest of `revisions`; `certificates` begin with the signer's.

    Raises `DocumentUnavailable`, `FieldInvalid`, `DocumentRefused`, `SignatureMismatch`,
    `TimestampUnavailable`, `ProviderUnavailable`, `keys.errors.KeysError`.
    """
    #   1. the server's own revision, compared with its stored digests
    #   2. everything but the signature, and what is to be signed
    #   3. the signature, and a timestamp over it: without one there is no signature
    #   4. put together, and verified as a stranger would
    #   5. the octets to stable storage
    before = revisions[-1]
    data = gather(blobs, revisions)  # 1
    own, *above = certificates
    algorithm = signer.public.algorithm
    with closing(open_source(data, vetted=True)) as source:  # these very octets were, when they came
        pending = begin(source, order, identity_of(own), algorithm, [one.data for one in above])  # 2
    signature = signer.sign(pending.to_sign)  # 3
    imprint = pending.digest.of(signature)
    token = timestamps.token(imprint, pending.digest)
    added = pending.complete(signature, token)  # 4
    info = check_token(token, pending.digest, imprint)
    digests = digests_of((data, added))
    kind, blob = RevisionKind.SIGNED, blobs.put(added)  # 5
    revision = next_revision(before, kind, added, digests, blob, info.gen_time, field=order.field)
    return Embedded(
        before=before,
        revision=revision,
        serial=SerialNumber(own.serial),
        digest=pending.digest,
        signature=DigestPair.of(signature),
        byte_range=pending.byte_range,
        document_digest=pending.document_digest,
        token=token,
        info=info,
    )


def token_facts(token: bytes, info: TstInfo) -> dict[str, JSON]:
    """A timestamp by what it says and its digests."""
    return {
        "gen_time": rfc3339(info.gen_time),
        "imprint": {info.imprint.digest.value: info.imprint.value.hex()},
        "policy": info.policy,
        "serial": serial_text(SerialNumber(info.serial)),
        "token": DigestPair.of(token).as_json(),
    }
