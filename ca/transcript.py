"""A ceremony's transcript: what was planned and made, in canonical JSON, signed by every witness."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ca.ceremonyplan import WITNESSES, Ceremony, read_ceremony
from ca.certificate import Certificate
from ca.errors import EncodingInvalid, RequestInvalid
from evidence.canonical import JSON, canonical
from evidence.digest import DigestPair
from evidence.errors import EventInvalid
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.public import PublicKey

TRANSCRIPT_DOMAIN = b"xinqian/transcript/v1\x00"
MAX_TRANSCRIPT_SIZE = 4_194_304  # octets; two suites take 20,000
FIELD = "transcript"


class Witness(Protocol):
    """An administrator who is present with a key."""

    @property
    def name(self) -> str:
        """As the ceremony's file has it."""
        ...

    @property
    def public(self) -> PublicKey:
        """P-256 or SM2."""
        ...

    def sign(self, data: bytes) -> bytes:
        """A signature over `data`."""
        ...


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript whose signatures verify. `data` is the file: canonical JSON with a final newline."""

    data: bytes
    ceremony: Ceremony
    administrators: Mapping[str, PublicKey]
    digests: tuple[DigestPair, ...]
    """Of every certificate that was made, in order."""


def sign_transcript(document: Mapping[str, JSON], witnesses: Sequence[Witness]) -> Transcript:
    """Have every witness sign, and verify what came of it."""
    message = TRANSCRIPT_DOMAIN + canonical(dict(document), field=FIELD)
    signatures: list[JSON] = [{"name": one.name, "signature": one.sign(message).hex()} for one in witnesses]
    signed = canonical({"signatures": signatures, "transcript": dict(document)}, field=FIELD) + b"\n"
    return verify_transcript(signed)


def verify_transcript(
    data: bytes,
    *,
    administrators: Mapping[str, PublicKey] | None = None,
    certificates: Iterable[Certificate] | None = None,
) -> Transcript:
    """Read a transcript and check its signatures.

    The keys it names itself prove only that it is whole; give `administrators` to prove whose it is,
    and `certificates` to prove that each of them was made in it. Raises `EncodingInvalid`, or
    `keys.errors.SignatureInvalid`.
    """
    #   1. canonical JSON of the expected shape; the plan hashes to the plan hash
    #   2. at least two administrators, those of the plan, each with a key of their own
    #   3. each has signed
    #   4. the administrators and certificates are those the caller knows
    read = _read(data)
    keys = read.administrators
    if read.ceremony.plan_hash != read.plan_hash:
        raise EncodingInvalid(f"{FIELD}.plan_hash", "is another plan's")
    if len({key.fingerprint for key in keys.values()}) < WITNESSES:
        raise EncodingInvalid(f"{FIELD}.administrators", f"are fewer than {WITNESSES}")
    if sorted(keys) != sorted(read.ceremony.administrators):
        raise EncodingInvalid(f"{FIELD}.administrators", "are not those of the plan")
    for name, key in keys.items():
        if name not in read.signatures:
            raise SignatureInvalid(f"{name} has not signed")
        key.verify(read.signatures[name], read.message)
    if administrators is not None and dict(administrators) != keys:
        raise EncodingInvalid(f"{FIELD}.administrators", "have other keys")
    for certificate in certificates or ():
        if DigestPair.of(certificate.data) not in read.digests:
            raise EncodingInvalid(f"{FIELD}.certificates", f"do not hold {certificate.fingerprint}")
    return Transcript(data, read.ceremony, keys, read.digests)


@dataclass(frozen=True, slots=True)
class _Read:
    message: bytes
    ceremony: Ceremony
    plan_hash: str
    administrators: dict[str, PublicKey]
    signatures: dict[str, bytes]
    digests: tuple[DigestPair, ...]


def _read(data: bytes) -> _Read:
    if len(data) > MAX_TRANSCRIPT_SIZE:
        raise EncodingInvalid(FIELD, f"is over {MAX_TRANSCRIPT_SIZE} octets")
    try:
        read = json.loads(data)
        document = read["transcript"]
        if canonical(read, field=FIELD) + b"\n" != data:
            raise EncodingInvalid(FIELD, "is not in canonical form")
        return _Read(
            TRANSCRIPT_DOMAIN + canonical(document, field=FIELD),
            read_ceremony(document["plan"].encode()),
            document["plan_hash"],
            {
                str(one["name"]): PublicKey.from_spki(bytes.fromhex(one["public_key"]))
                for one in document["administrators"]
            },
            {str(one["name"]): bytes.fromhex(one["signature"]) for one in read["signatures"]},
            tuple(
                DigestPair(bytes.fromhex(one["digest"]["sha256"]), bytes.fromhex(one["digest"]["sm3"]))
                for one in document["certificates"]
            ),
        )
    except (EventInvalid, RequestInvalid, KeyEncodingInvalid) as error:
        raise EncodingInvalid(FIELD, str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EncodingInvalid(FIELD, "is not of the expected shape") from error
