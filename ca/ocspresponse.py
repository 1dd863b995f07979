"""OCSP answers (RFC 6960 4.2): build the bytes to be signed, and read answers of any make strictly."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.extension import extension
from ca.ocsp import CertId, Element, elements, nonce_extension, nonce_of, one_element, parse_certificate_id
from ca.registry import RevocationReason
from ca.statusextension import (
    OCSP_ARCHIVE_CUTOFF,
    OCSP_NONCE,
    Extension,
    decode_time,
    generalized_time,
    parse_extensions,
)
from keys import der
from keys.suites import ALGORITHM_BY_SIGNATURE_OID, Algorithm

MAX_RESPONSE_SIZE = 65_536  # octets; ours take under 2,000 with the delegate's certificate
MAX_ANSWERS = 16  # certificates in one answer
MAX_CERTIFICATES = 8  # beside one answer
_BASIC = der.oid("1.3.6.1.5.5.7.48.1.1")
_ENUMERATED, _GENERALIZED_TIME = 0x0A, 0x18
_GOOD, _REVOKED, _UNKNOWN = 0x80, 0xA1, 0x82
_BY_NAME, _BY_KEY = 0xA1, 0xA2
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1


class ResponseStatus(enum.Enum):
    """RFC 6960 4.2.1 OCSPResponseStatus."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    SIG_REQUIRED = 5
    UNAUTHORIZED = 6


class CertificateState(enum.StrEnum):
    """RFC 6960 4.2.1 CertStatus."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a certificate at a moment."""

    state: CertificateState
    revoked_at: datetime | None = None
    reason: RevocationReason = RevocationReason.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class SingleAnswer:
    """The answer about one certificate."""

    certificate: CertId
    status: Status
    this_update: datetime
    next_update: datetime | None
    archive_cutoff: datetime | None
    """Of expired certificates: those that expired since then are still answered for."""


@dataclass(frozen=True, slots=True)
class BasicResponse:
    """A signed answer, its signature not yet checked."""

    tbs: bytes
    signature: bytes
    algorithm: Algorithm
    responder_key_hash: bytes | None
    responder_name: bytes | None
    """DER; exactly one of the two is there."""
    produced_at: datetime
    answers: tuple[SingleAnswer, ...]
    nonce: bytes | None
    certificates: tuple[Certificate, ...]
    data: bytes
    """The whole OCSPResponse."""


def error_response(status: ResponseStatus) -> bytes:
    """An unsigned OCSPResponse that says why there is no answer."""
    return der.sequence(bytes((_ENUMERATED, 1, status.value)))


def encode_tbs(
    answer: SingleAnswer, *, responder: Certificate, produced_at: datetime, nonce: bytes | None
) -> bytes:
    """ResponseData of one answer, the responder named by its key (RFC 5019 2.2.1)."""
    after = answer.next_update
    cutoff = answer.archive_cutoff
    archive = b"" if cutoff is None else extension(OCSP_ARCHIVE_CUTOFF, generalized_time(cutoff))
    single = der.sequence(
        answer.certificate.encoded,
        _encode_status(answer.status),
        generalized_time(answer.this_update),
        b"" if after is None else der.explicit(0, generalized_time(after)),
        b"" if cutoff is None else der.explicit(1, der.sequence(archive)),
    )
    return der.sequence(
        der.wrap(_BY_KEY, der.octets(responder.public.key_identifier)),
        generalized_time(produced_at),
        der.sequence(single),
        b"" if nonce is None else der.explicit(1, der.sequence(nonce_extension(nonce))),
    )


def _encode_status(status: Status) -> bytes:
    if status.revoked_at is None:
        return bytes((_GOOD if status.state is CertificateState.GOOD else _UNKNOWN, 0))
    reason = b""
    if status.reason is not RevocationReason.UNSPECIFIED:
        reason = der.explicit(0, bytes((_ENUMERATED, 1, status.reason.value)))
    return der.wrap(_REVOKED, generalized_time(status.revoked_at) + reason)


def encode_response(tbs: bytes, algorithm: Algorithm, signature: bytes, responder: Certificate) -> bytes:
    """A successful OCSPResponse with the responder's certificate in it."""
    certificates = der.explicit(0, der.sequence(responder.data))
    basic = der.sequence(tbs, algorithm.info.signature_identifier, der.bits(signature), certificates)
    body = der.sequence(_BASIC, der.octets(basic))
    return der.sequence(bytes((_ENUMERATED, 1, 0)), der.explicit(0, body))


def load_response(data: bytes) -> BasicResponse:
    """Parse DER of a successful OCSPResponse.

    Raises `EncodingInvalid`, also for an answer that only carries an error status.
    """
    try:
        return _response(data)
    except (ValueError, TypeError, OverflowError) as error:
        raise EncodingInvalid("ocsp response", str(error)) from error


def _response(data: bytes) -> BasicResponse:
    outer = one_element(data, limit=MAX_RESPONSE_SIZE)
    parts = elements(outer.content, limit=MAX_RESPONSE_SIZE)
    if outer.tag != der.SEQUENCE or not parts or parts[0].tag != _ENUMERATED or len(parts[0].content) != 1:
        raise der.DerInvalid("is not an OCSPResponse")
    status = ResponseStatus(parts[0].content[0])
    if status is not ResponseStatus.SUCCESSFUL:
        raise der.DerInvalid(f"carries no answer but the status {status.name.lower().replace('_', ' ')}")
    if [one.tag for one in parts[1:]] != [_CONTEXT_0]:
        raise der.DerInvalid("has no response bytes")
    body = elements(_inside(parts[1], der.SEQUENCE).content, limit=MAX_RESPONSE_SIZE)
    if [one.tag for one in body] != [0x06, der.OCTET_STRING] or body[0].raw != _BASIC:
        raise der.DerInvalid("is not a basic response")
    basic = one_element(body[1].content, limit=MAX_RESPONSE_SIZE)
    fields = elements(basic.content, limit=MAX_RESPONSE_SIZE)
    tags = [one.tag for one in fields]
    if tags[:3] != [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING] or tags[3:] not in ([], [_CONTEXT_0]):
        raise der.DerInvalid("is not a BasicOCSPResponse")
    signature = fields[2].content
    if len(signature) < 2 or signature[0] != 0:  # noqa: PLR2004  (the count of unused bits, and a signature)
        raise der.DerInvalid("has no signature of whole octets")
    return _data(data, fields, _algorithm(fields[1]), signature[1:])


def _algorithm(element: Element) -> Algorithm:
    for algorithm in ALGORITHM_BY_SIGNATURE_OID.values():
        if element.raw == algorithm.info.signature_identifier:
            return algorithm
    raise der.DerInvalid("is signed with an algorithm that is not accepted")


def _data(data: bytes, fields: list[Element], algorithm: Algorithm, signature: bytes) -> BasicResponse:
    parts = elements(fields[0].content, limit=MAX_RESPONSE_SIZE)
    if len(parts) not in (3, 4) or parts[1].tag != _GENERALIZED_TIME or parts[2].tag != der.SEQUENCE:
        raise der.DerInvalid("is not a ResponseData of version 1")
    extensions = _extensions(parts[3:])
    if unknown := [oid for oid, one in extensions.items() if one.critical and oid != OCSP_NONCE]:
        raise der.DerInvalid(f"has critical extensions that are not understood: {', '.join(unknown)}")
    answers = elements(parts[2].content, limit=MAX_RESPONSE_SIZE)
    if not 1 <= len(answers) <= MAX_ANSWERS:
        raise der.DerInvalid(f"holds {len(answers)} answers; 1 to {MAX_ANSWERS} are read")
    by_key = parts[0].tag == _BY_KEY
    if parts[0].tag not in (_BY_KEY, _BY_NAME):
        raise der.DerInvalid("does not name its responder")
    named = _inside(parts[0], der.OCTET_STRING if by_key else der.SEQUENCE)
    certificates: list[Element] = []
    if len(fields) > 3:  # noqa: PLR2004  (tbs, algorithm, signature)
        inside = _inside(fields[3], der.SEQUENCE)
        certificates = elements(inside.content, limit=MAX_RESPONSE_SIZE)
    if len(certificates) > MAX_CERTIFICATES:
        raise der.DerInvalid(f"carries more than {MAX_CERTIFICATES} certificates")
    return BasicResponse(
        tbs=fields[0].raw,
        signature=signature,
        algorithm=algorithm,
        responder_key_hash=named.content if by_key else None,
        responder_name=None if by_key else named.raw,
        produced_at=decode_time(parts[1].raw),
        answers=tuple(map(_single, answers)),
        nonce=nonce_of(extensions),
        certificates=tuple(_certificate(one.raw) for one in certificates),
        data=data,
    )


def _certificate(data: bytes) -> Certificate:
    try:
        return Certificate(data)
    except EncodingInvalid as error:
        raise der.DerInvalid(f"carries a certificate that {error.reason}") from error


def _single(element: Element) -> SingleAnswer:
    parts = elements(element.content, limit=MAX_RESPONSE_SIZE)
    if len(parts) < 3 or parts[2].tag != _GENERALIZED_TIME:  # noqa: PLR2004  (certID, status, thisUpdate)
        raise der.DerInvalid("has a malformed answer")
    next_update, rest = None, parts[3:]
    if rest and rest[0].tag == _CONTEXT_0:
        next_update = decode_time(_inside(rest[0], _GENERALIZED_TIME).raw)
        rest = rest[1:]
    extensions = _extensions(rest)
    if unknown := [oid for oid, one in extensions.items() if one.critical]:
        raise der.DerInvalid(f"has critical extensions that are not understood: {', '.join(unknown)}")
    cutoff = extensions.get(OCSP_ARCHIVE_CUTOFF)
    return SingleAnswer(
        certificate=parse_certificate_id(parts[0]),
        status=_status(parts[1]),
        this_update=decode_time(parts[2].raw),
        next_update=next_update,
        archive_cutoff=None if cutoff is None else decode_time(cutoff.value),
    )


def _status(element: Element) -> Status:
    if element.tag in (_GOOD, _UNKNOWN) and not element.content:
        good = element.tag == _GOOD
        return Status(CertificateState.GOOD if good else CertificateState.UNKNOWN)
    if element.tag != _REVOKED:
        raise der.DerInvalid("has a status that is none of good, revoked, unknown")
    parts = elements(element.content, limit=64)
    if [one.tag for one in parts] not in ([_GENERALIZED_TIME], [_GENERALIZED_TIME, _CONTEXT_0]):
        raise der.DerInvalid("has a malformed revocation")
    reason = RevocationReason.UNSPECIFIED
    if len(parts) > 1:
        code = _inside(parts[1], _ENUMERATED).content
        if len(code) != 1:
            raise der.DerInvalid("has a malformed reason")
        reason = RevocationReason(code[0])
    return Status(CertificateState.REVOKED, decode_time(parts[0].raw), reason)


def _extensions(rest: list[Element]) -> dict[str, Extension]:
    if not rest:
        return {}
    if len(rest) != 1 or rest[0].tag != _CONTEXT_1:
        raise der.DerInvalid("has elements that do not belong there")
    return parse_extensions(rest[0].content, limit=MAX_RESPONSE_SIZE)


def _inside(element: Element, tag: int) -> Element:
    found = one_element(element.content, limit=MAX_RESPONSE_SIZE)
    if found.tag != tag:
        raise der.DerInvalid("has a value of the wrong type")
    return found
