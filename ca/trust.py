"""Trust as a verifier chooses it: self-signed certificates are anchors, all else only helps.

The bytes come from the verifier's own files, never from what is judged.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ca.certificate import MAX_CERTIFICATE_SIZE, Certificate
from ca.crl import MAX_CRL_SIZE, Crl, load_crl
from ca.errors import CaError, EncodingInvalid
from ca.ocspresponse import MAX_RESPONSE_SIZE, BasicResponse, load_response
from keys.errors import KeysError

MAX_FILE_SIZE = 32_000_000  # octets: a CRL of the largest size in PEM
MAX_OBJECTS = 2_000  # of one trust folder
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"


@dataclass(frozen=True, slots=True)
class RevocationData:
    """CRLs and OCSP answers at hand; none of them is believed before it is verified."""

    crls: tuple[Crl, ...] = ()
    responses: tuple[BasicResponse, ...] = ()

    def __add__(self, other: RevocationData) -> RevocationData:
        return RevocationData(self.crls + other.crls, self.responses + other.responses)


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What a verifier trusts, and what helps to build and check paths."""

    anchors: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()
    revocation: RevocationData = field(default_factory=RevocationData)
    unread: tuple[tuple[str, str], ...] = ()
    """Files that hold none of these, with the reason: said to the verifier, never skipped silently."""


def load_trust(files: Mapping[str, bytes]) -> TrustStore:
    """Sort the objects of files (by name: their bytes) in PEM or DER.

    Raises `EncodingInvalid` for more objects than a trust folder can sensibly hold. A file that holds
    nothing readable is named in `unread`.
    """
    anchors: dict[Certificate, None] = {}
    others: dict[Certificate, None] = {}
    crls: list[Crl] = []
    responses: list[BasicResponse] = []
    unread: list[tuple[str, str]] = []
    for name in sorted(files):
        try:
            found = list(_objects(files[name]))
        except CaError as error:
            unread.append((name, str(error)))
            continue
        for one in found:
            if isinstance(one, Certificate):
                if one.is_self_issued and (reason := _unusable(one)) is not None:
                    unread.append((name, reason))
                    continue
                (anchors if is_self_signed(one) else others)[one] = None
            elif isinstance(one, Crl):
                crls.append(one)
            else:
                responses.append(one)
        if len(anchors) + len(others) + len(crls) + len(responses) > MAX_OBJECTS:
            raise EncodingInvalid("trust", f"holds more than {MAX_OBJECTS} objects")
    revocation = RevocationData(tuple(crls), tuple(responses))
    return TrustStore(tuple(anchors), tuple(others), revocation, tuple(unread))


def is_self_signed(certificate: Certificate) -> bool:
    """Same subject and issuer, and a signature that its own key verifies."""
    if not certificate.is_self_issued:
        return False
    try:
        certificate.check_signed_by(certificate.public)
    except (CaError, KeysError):
        return False
    return True


def _unusable(certificate: Certificate) -> str | None:
    """Why a would-be anchor's key cannot be used; the verifier must hear that their anchor is none."""
    try:
        _ = certificate.public
    except EncodingInvalid as error:
        return str(error)
    return None


def _objects(data: bytes) -> Iterable[Certificate | Crl | BasicResponse]:
    if len(data) > MAX_FILE_SIZE:
        raise EncodingInvalid("trust", f"is over {MAX_FILE_SIZE} bytes")
    if _BEGIN not in data:
        yield _object(data)
        return
    for label, body in _blocks(data):
        if label in (b"CERTIFICATE", b"X509 CRL", b"OCSP RESPONSE"):
            yield _object(body)


def _blocks(text: bytes) -> Iterable[tuple[bytes, bytes]]:
    for part in text.split(_BEGIN)[1:]:
        label, dashes, rest = part.partition(_DASHES)
        body, end, _ = rest.partition(_END + label + _DASHES)
        if not dashes or not end:
            raise EncodingInvalid("trust", "has a PEM block without an end")
        try:
            yield label, b64decode(b"".join(body.split()), validate=True)
        except ValueError as error:
            raise EncodingInvalid("trust", "has a PEM block that is not base64") from error


def _object(data: bytes) -> Certificate | Crl | BasicResponse:
    reasons = []
    for limit, load in (
        (MAX_CERTIFICATE_SIZE, Certificate),
        (MAX_RESPONSE_SIZE, load_response),
        (MAX_CRL_SIZE, load_crl),
    ):
        if len(data) > limit:
            continue
        try:
            return load(data)
        except EncodingInvalid as error:
            reasons.append(str(error))
    raise EncodingInvalid("trust", "; ".join(reasons) or "is too large")
