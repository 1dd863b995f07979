"""TimeStampResp (RFC 3161 2.4.2): a token, or a rejection that says why."""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from dataclasses import dataclass

from cryptography.hazmat import asn1

from ca.errors import TimestampInvalid, TimestampRefused
from keys import der

MAX_RESPONSE_SIZE = 262_144  # octets; a token with a chain of RSA certificates has 8,000
FAILURE_BITS = {  # RFC 3161 2.4.2 PKIFailureInfo
    "badAlg": 0,
    "badRequest": 2,
    "badDataFormat": 5,
    "timeNotAvailable": 14,
    "unacceptedPolicy": 15,
    "unacceptedExtension": 16,
    "addInfoNotAvailable": 17,
    "systemFailure": 25,
}
_FAILURES = {bit: name for name, bit in FAILURE_BITS.items()}
GRANTED, GRANTED_WITH_MODS, REJECTION = 0, 1, 2  # RFC 3161 2.4.2 PKIStatus
_UTF8_STRING = 0x0C
_BIT_STRING = 0x03
_GRANTED = der.sequence(der.integer(GRANTED))


@asn1.sequence
class _Status:
    status: int
    text: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class _Granted:
    status: _Status
    token: asn1.TLV


@asn1.sequence
class _Rejected:
    status: _Status


@dataclass(frozen=True, slots=True)
class TimestampResponse:
    """A response taken apart: the token (not verified), or None with the reasons of the rejection."""

    status: int
    text: tuple[str, ...]
    failure: str | None
    token: bytes | None


def granted(token: bytes) -> bytes:
    """TimeStampResp with status granted."""
    return der.sequence(_GRANTED, token)


def rejection(refusal: TimestampRefused) -> bytes:
    """TimeStampResp with status rejection, one failure bit and the reason as text."""
    bit = FAILURE_BITS[refusal.failure]
    octets = bytearray(bit // 8 + 1)
    octets[-1] = 0x80 >> bit % 8
    # X.690 11.2.2: a named bit list ends with its last one bit.
    failure = der.wrap(_BIT_STRING, bytes((7 - bit % 8,)) + octets)
    text = der.sequence(der.wrap(_UTF8_STRING, refusal.reason.encode()))
    return der.sequence(der.sequence(der.integer(REJECTION), text, failure))


def parse_response(data: bytes) -> TimestampResponse:
    """A TimeStampResp, strictly; raises `TimestampInvalid`."""
    try:
        kind = der.decode(_Granted, data, limit=MAX_RESPONSE_SIZE)
        status, token = kind.status, der.raw(kind.token)
    except der.DerInvalid:
        try:
            status, token = der.decode(_Rejected, data, limit=MAX_RESPONSE_SIZE).status, b""
        except der.DerInvalid as error:
            raise TimestampInvalid("response", str(error)) from error
    if (status.status in {GRANTED, GRANTED_WITH_MODS}) is not bool(token):
        raise TimestampInvalid("response", f"has status {status.status} and {'a' if token else 'no'} token")
    return TimestampResponse(status.status, tuple(status.text or ()), _failure(status.failure), token or None)


def _failure(found: asn1.BitString | None) -> str | None:
    if found is None:
        return None
    value = found.as_bytes()
    bits = [place for place in range(8 * len(value)) if value[place // 8] & 0x80 >> place % 8]
    return ", ".join(_FAILURES.get(bit, f"bit {bit}") for bit in bits)
