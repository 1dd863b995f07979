"""The leaf: a fixed binary header that binds an event to the trees and says nothing about people."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from evidence.digest import DIGEST_SIZE, DigestPair, sha256
from evidence.event import CaseId, EventType, TenantId

LEAF_VERSION = 1
PSEUDONYM_SIZE = 16
PRODUCER_SIZE = 8
_LAYOUT = struct.Struct(f">B16sHQ{PSEUDONYM_SIZE}sI32s32s{PRODUCER_SIZE}s")
LEAF_SIZE = _LAYOUT.size  # 119 bytes; the design allows 200
NO_PRODUCER = bytes(PRODUCER_SIZE)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Event id, type, recorded time (µs), case pseudonym, sequence, envelope digests, producer."""

    event_id: bytes
    type: EventType
    recorded_micros: int
    case_pseudonym: bytes
    case_seq: int
    envelope: DigestPair
    producer: bytes

    @classmethod
    def parse(cls, data: bytes) -> Leaf:
        """The inverse of `pack`; raises ValueError for another size, version or type code."""
        if len(data) != LEAF_SIZE or data[0] != LEAF_VERSION:
            raise ValueError("not a leaf of version 1")
        _, event_id, code, micros, case, seq, first, second, producer = _LAYOUT.unpack(data)
        return cls(event_id, EventType(code), micros, case, seq, DigestPair(first, second), producer)


def pack(
    event_id: bytes, code: int, micros: int, case: bytes, seq: int, envelope: DigestPair, producer: bytes
) -> bytes:
    """The leaf's bytes, big-endian."""
    return _LAYOUT.pack(
        LEAF_VERSION, event_id, code, micros, case, seq, envelope.sha256, envelope.sm3, producer
    )


def envelope_digests(packed: bytes) -> DigestPair:
    """The digests of the envelope inside a packed leaf."""
    end = LEAF_SIZE - PRODUCER_SIZE
    return DigestPair(packed[end - 2 * DIGEST_SIZE : end - DIGEST_SIZE], packed[end - DIGEST_SIZE : end])


def case_pseudonym(tenant: TenantId, case_id: CaseId) -> bytes:
    """16 bytes that stand for a case; case ids are random, so the digest cannot be searched."""
    return sha256(b"xinqian/case\x00" + tenant.encode() + b"\x00" + case_id.encode())[:PSEUDONYM_SIZE]


def producer_mark(key_id: str) -> bytes:
    """8 bytes that stand for a producer's key."""
    return sha256(b"xinqian/producer\x00" + key_id.encode())[:PRODUCER_SIZE]
