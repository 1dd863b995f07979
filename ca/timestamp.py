"""Timestamp requests and TSTInfo (RFC 3161 2.4): values, strict parsing, encoding."""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from ca.errors import TimestampInvalid, TimestampRefused
from keys import der
from keys.suites import DIGEST_BY_OID, Digest, digest_identifier

OID_TST_INFO = "1.2.840.113549.1.9.16.1.4"  # RFC 3161 2.4.2: id-ct-TSTInfo

# Octets. No request without extensions is over 250; the rest is room for a client's extensions, so that
# they are refused by their name and not for their size.
MAX_REQUEST_SIZE = 4_096
MAX_NONCE_SIZE = 32  # octets; clients send 8 to 20. A nonce without a bound is work without a bound.
MAX_TST_INFO_SIZE = 16_384  # octets; under 200 without names and extensions
MAX_ACCURACY_PART = 999  # RFC 3161 2.4.2: millis and micros are 1 to 999
VERSION = 1


@asn1.sequence
class _Imprint:
    algorithm: asn1.TLV
    digest: bytes


@asn1.sequence
class _Request:  # RFC 3161 2.4.1
    version: int
    imprint: _Imprint
    policy: ObjectIdentifier | None
    nonce: int | None
    cert_req: Annotated[bool, asn1.Default(value=False)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]


@asn1.sequence
class _Accuracy:
    seconds: int | None
    millis: Annotated[int | None, asn1.Implicit(0)]
    micros: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class _TstInfo:  # RFC 3161 2.4.2
    version: int
    policy: ObjectIdentifier
    imprint: _Imprint
    serial: int
    gen_time: asn1.GeneralizedTime
    accuracy: _Accuracy | None
    ordering: Annotated[bool, asn1.Default(value=False)]
    nonce: int | None
    tsa: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]  # one GeneralName: as EXPLICIT, octet for octet
    extensions: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@dataclass(frozen=True, slots=True)
class Imprint:
    """A MessageImprint: the digest that is to be given a time."""

    digest: Digest
    value: bytes
    identifier: bytes
    """The AlgorithmIdentifier as the requester wrote it, with NULL or without; the token repeats it."""

    @classmethod
    def of(cls, digest: Digest, data: bytes) -> "Imprint":
        """The imprint of data, its algorithm's parameters absent."""
        return cls(digest, digest.of(data), digest_identifier(digest))

    def encoded(self) -> bytes:
        """DER."""
        return _IMPRINT_HEADS[self.identifier] + self.value

    def matches(self, digest: Digest, value: bytes) -> bool:
        """The same digest under the same algorithm, however its parameters are written."""
        return self.digest is digest and self.value == value


_DIGESTS = {
    der.sequence(der.oid(digest.oid), parameters): digest
    for digest in DIGEST_BY_OID.values()
    for parameters in (b"", der.NULL)  # RFC 5754 2: both are in use
}


_IMPRINT_HEADS = {  # a MessageImprint up to the digest, by its AlgorithmIdentifier
    identifier: der.sequence(identifier, der.octets(bytes(digest.size)))[: -digest.size]
    for identifier, digest in _DIGESTS.items()
}


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """A TimeStampReq that is well formed and asks for a digest that is accepted."""

    imprint: Imprint
    policy: str | None
    nonce: int | None
    cert_req: bool

    def encoded(self) -> bytes:
        """TimeStampReq, DER: what a client sends."""
        parts = [_VERSION, self.imprint.encoded()]
        if self.policy is not None:
            parts.append(der.oid(self.policy))
        if self.nonce is not None:
            parts.append(der.integer(self.nonce))
        if self.cert_req:
            parts.append(der.encode(value=True))
        return der.sequence(*parts)


def parse_request(data: bytes) -> TimestampRequest:
    """RFC 3161 2.4.1, strictly; raises `TimestampRefused` with the PKIFailureInfo to answer."""
    try:
        request = der.decode(_Request, data, limit=MAX_REQUEST_SIZE)
    except der.DerInvalid as error:
        raise TimestampRefused("badDataFormat", f"the request {error}") from error
    if request.version != VERSION:
        raise TimestampRefused("badRequest", f"version {request.version} is not 1")
    if request.extensions is not None:
        raise TimestampRefused("unacceptedExtension", "no extension is supported")
    identifier = der.raw(request.imprint.algorithm)
    digest = _DIGESTS.get(identifier)
    if digest is None:
        raise TimestampRefused("badAlg", "the imprint's digest is not SHA-256, SHA-384, SHA-512 or SM3")
    value = request.imprint.digest
    if len(value) != digest.size:
        raise TimestampRefused("badDataFormat", f"a {digest.value} digest has {digest.size} octets")
    nonce = request.nonce
    if nonce is not None and (nonce if nonce >= 0 else ~nonce).bit_length() >= 8 * MAX_NONCE_SIZE:
        raise TimestampRefused("badRequest", f"the nonce is over {MAX_NONCE_SIZE} octets")
    policy = None if request.policy is None else request.policy.dotted_string
    return TimestampRequest(Imprint(digest, value, identifier), policy, nonce, request.cert_req)


@dataclass(frozen=True, slots=True)
class TstInfo:
    """What a token says: this digest existed at `gen_time`, give or take `accuracy`."""

    policy: str
    imprint: Imprint
    serial: int
    gen_time: datetime
    accuracy: timedelta | None
    """None when the token does not say; ours always do (ETSI EN 319 422 5.2.2)."""
    ordering: bool
    nonce: int | None
    tsa: bytes | None
    """GeneralName, DER."""

    def latest(self) -> datetime:
        """The end of the interval the token vouches for."""
        return self.gen_time + (self.accuracy or timedelta())


def parse_tst_info(data: bytes) -> TstInfo:
    """RFC 3161 2.4.2, strictly; raises `TimestampInvalid` naming the field."""
    try:
        info = der.decode(_TstInfo, data, limit=MAX_TST_INFO_SIZE)
        gen_time = info.gen_time.as_datetime()
    except der.DerInvalid as error:
        raise TimestampInvalid("tstInfo", str(error)) from error
    if info.version != VERSION:
        raise TimestampInvalid("tstInfo.version", f"is {info.version}, not 1")
    if info.extensions is not None:
        raise TimestampInvalid("tstInfo.extensions", "are not supported")
    identifier = der.raw(info.imprint.algorithm)
    digest = _DIGESTS.get(identifier)
    if digest is None:
        raise TimestampInvalid("tstInfo.messageImprint", "uses a digest that is not accepted")
    if len(info.imprint.digest) != digest.size:
        raise TimestampInvalid("tstInfo.messageImprint", f"is not of the size of {digest.value}")
    if info.serial <= 0 or info.serial.bit_length() > MAX_SERIAL_BITS:
        raise TimestampInvalid("tstInfo.serialNumber", "is not positive, or over 160 bits")
    if info.tsa is not None and len(info.tsa) != 1:
        raise TimestampInvalid("tstInfo.tsa", "is not one name")
    return TstInfo(
        policy=info.policy.dotted_string,
        imprint=Imprint(digest, info.imprint.digest, identifier),
        serial=info.serial,
        gen_time=gen_time,
        accuracy=None if info.accuracy is None else _accuracy(info.accuracy),
        ordering=info.ordering,
        nonce=info.nonce,
        tsa=None if info.tsa is None else der.raw(info.tsa[0]),
    )


MAX_SERIAL_BITS = 160  # RFC 3161 2.4.2: users must be ready for integers up to 160 bits
MAX_ACCURACY_SECONDS = 86_400  # a token that may be off by days proves nothing anyone asks for


def _accuracy(accuracy: _Accuracy) -> timedelta:
    seconds = accuracy.seconds or 0
    if not 0 <= seconds <= MAX_ACCURACY_SECONDS:
        raise TimestampInvalid("tstInfo.accuracy", "seconds are out of range")
    for part in (accuracy.millis, accuracy.micros):
        if part is not None and not 1 <= part <= MAX_ACCURACY_PART:
            raise TimestampInvalid("tstInfo.accuracy", "millis or micros are not 1 to 999")
    return timedelta(seconds=seconds, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0)


_VERSION = der.integer(VERSION)
_GENERALIZED_TIME = 0x18
_MILLIS, _MICROS = 0x80, 0x81


def encode_accuracy(accuracy: timedelta) -> bytes:
    """Accuracy, DER: seconds, millis and micros, those that are not zero."""
    seconds, micros = divmod(round(accuracy.total_seconds() * 1_000_000), 1_000_000)
    millis, micros = divmod(micros, 1_000)
    parts = [der.integer(seconds)] if seconds else []
    parts += [
        bytes((tag,)) + der.integer(part)[1:] for tag, part in ((_MILLIS, millis), (_MICROS, micros)) if part
    ]
    return der.sequence(*parts)


def encode_gen_time(moment: datetime) -> bytes:
    """GeneralizedTime in UTC to the millisecond, without trailing zeros (RFC 3161 2.4.2)."""
    utc = moment.astimezone(UTC)
    text = utc.strftime("%Y%m%d%H%M%S")
    if millis := utc.microsecond // 1_000:
        text += f".{millis:03d}".rstrip("0")
    return der.wrap(_GENERALIZED_TIME, f"{text}Z".encode())


def encode_tst_info(
    *,
    policy: bytes,
    request: TimestampRequest,
    serial: int,
    gen_time: bytes,
    accuracy: bytes,
    tsa: bytes = b"",
) -> bytes:
    """TSTInfo, DER, with ordering false (its default); parts that tokens of one batch share come encoded.

    `tsa` is the GeneralName under its explicit tag, or nothing.
    """
    nonce = b"" if request.nonce is None else der.integer(request.nonce)
    imprint = request.imprint.encoded()
    return der.sequence(_VERSION, policy, imprint, der.integer(serial), gen_time, accuracy, nonce, tsa)
