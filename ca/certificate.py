"""X.509 certificates of both suites as one value: exact bytes, strict parts, signature checks."""

from __future__ import annotations

import hashlib
import warnings
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding

from ca.errors import EncodingInvalid
from ca.serial import SerialNumber
from keys import der
from keys.errors import KeyEncodingInvalid
from keys.public import PublicKey
from keys.suites import ALGORITHM_BY_SIGNATURE_OID, Algorithm, Suite

MAX_CERTIFICATE_SIZE = 16_384  # octets; ours are under 1,500, RSA ones with many pointers under 3,000
PEM_CERTIFICATE = "CERTIFICATE"


# The library counts a commonName's X.520 bound in octets of UTF-8; the bound is in characters, and a
# Chinese one takes three octets. Our own names are bounded by `ca.name`, strangers' are read as they are.
warnings.filterwarnings("ignore", message="Attribute's length must be", category=UserWarning)


@asn1.sequence
class _Certificate:  # RFC 5280 4.1, the outer structure only
    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


class Certificate:
    """A parsed certificate. Equality is equality of bytes."""

    def __init__(self, data: bytes) -> None:
        """Parse DER; raises `EncodingInvalid` for anything that is not one certificate in strict DER."""
        try:
            outer = der.decode(_Certificate, data, limit=MAX_CERTIFICATE_SIZE)
            _check_serial(der.raw(outer.tbs))
            self.x509 = x509.load_der_x509_certificate(data)
            self.serial = SerialNumber(self.x509.serial_number)
            self.subject: x509.Name = self.x509.subject
            self.issuer: x509.Name = self.x509.issuer
            self.extensions: x509.Extensions = self.x509.extensions
        except (
            ValueError,
            TypeError,
            OverflowError,
            IndexError,
            x509.InvalidVersion,
            x509.DuplicateExtension,
            x509.UnsupportedGeneralNameType,
        ) as error:
            raise EncodingInvalid("certificate", f"is not an X.509 certificate in DER ({error})") from error
        self.data = data
        self.tbs = der.raw(outer.tbs)
        """The exact signed bytes."""
        self.signature = outer.signature.as_bytes()
        self.signature_oid = self.x509.signature_algorithm_oid.dotted_string
        self.not_before = self.x509.not_valid_before_utc
        self.not_after = self.x509.not_valid_after_utc
        self._signed_by: set[PublicKey] = set()  # keys under which the signature was found to hold

    @classmethod
    def from_pem(cls, text: bytes) -> Certificate:
        """The first certificate of a PEM text; raises `EncodingInvalid`."""
        certificates = load_pem(text)
        if not certificates:
            raise EncodingInvalid("certificate", "there is no PEM certificate in the text")
        return certificates[0]

    @property
    def algorithm(self) -> Algorithm:
        """The signature's algorithm; raises `EncodingInvalid` for one we do not know."""
        try:
            return ALGORITHM_BY_SIGNATURE_OID[self.signature_oid]
        except KeyError as error:
            raise EncodingInvalid(
                "certificate", f"signature algorithm {self.signature_oid} is not accepted"
            ) from error

    @cached_property
    def public(self) -> PublicKey:
        """The subject's key; raises `EncodingInvalid`."""
        try:
            return PublicKey.from_spki(self.spki)
        except KeyEncodingInvalid as error:
            raise EncodingInvalid("certificate", str(error)) from error

    @cached_property
    def spki(self) -> bytes:
        """The exact SubjectPublicKeyInfo."""
        return _tbs_field(self.tbs, _SPKI_FIELD)

    @cached_property
    def subject_der(self) -> bytes:
        """The exact bytes of the subject's Name."""
        return _tbs_field(self.tbs, _SUBJECT_FIELD)

    @cached_property
    def issuer_der(self) -> bytes:
        """The exact bytes of the issuer's Name."""
        return _tbs_field(self.tbs, _ISSUER_FIELD)

    @property
    def suite(self) -> Suite:
        """The suite of the signature."""
        return self.algorithm.suite

    @property
    def is_self_issued(self) -> bool:
        """Subject and issuer are the same bytes."""
        return self.subject_der == self.issuer_der

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def valid_at(self, moment: datetime) -> bool:
        """RFC 5280 4.1.2.5: both ends are inside."""
        return self.not_before <= moment <= self.not_after

    def check_signed_by(self, issuer: PublicKey) -> None:
        """Raises `keys.errors.SignatureInvalid`, or `EncodingInvalid` when the algorithm is not the key's."""
        if issuer in self._signed_by:
            return
        if self.algorithm is not issuer.algorithm:
            raise EncodingInvalid("certificate", "is signed with another algorithm than its issuer's key")
        issuer.verify(self.signature, self.tbs)
        self._signed_by.add(issuer)

    def pem(self) -> str:
        """PEM text with a final newline (RFC 7468)."""
        return to_pem(PEM_CERTIFICATE, self.data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.data == self.data

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        return f"Certificate({self.subject.rfc4514_string()}, {self.serial:032x})"


_VERSION = b"\xa0"
_SERIAL_FIELD, _ISSUER_FIELD, _SUBJECT_FIELD, _SPKI_FIELD = (
    1,
    3,
    5,
    6,
)  # RFC 5280 4.1, with the version's [0] counted


@asn1.sequence
class _Fields:
    fields: list[asn1.TLV]


def _tbs_field(tbs: bytes, number: int) -> bytes:
    fields = der.decode(_Fields, der.sequence(tbs), limit=2 * MAX_CERTIFICATE_SIZE).fields
    written = bytes(fields[0].tag_bytes) == _VERSION  # absent, as DER wants it, in version 1
    return der.raw(fields[number if written else number - 1])


def _check_serial(tbs: bytes) -> None:
    """RFC 5280 4.1.2.2: positive; raises ValueError where the library only warns."""
    number = _tbs_field(tbs, _SERIAL_FIELD)[2:]
    if number[:1] >= b"\x80" or not any(number):
        raise ValueError("the serial number is not positive")


def certificate_der(tbs: bytes, algorithm: Algorithm, signature: bytes) -> bytes:
    """Certificate ::= SEQUENCE { tbs, algorithm, signature } (also a CertificateList's outer shape)."""
    return der.sequence(tbs, algorithm.info.signature_identifier, der.bits(signature))


def to_pem(label: str, data: bytes) -> str:
    """RFC 7468 text of one object."""
    body = b64encode(data).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


MAX_PEM_SIZE = 1_048_576  # octets; a trust folder's file of several hundred certificates
MAX_PEM_CERTIFICATES = 500


def load_pem(text: bytes) -> tuple[Certificate, ...]:
    """Every certificate of a PEM text, in order; none gives an empty tuple; raises `EncodingInvalid`."""
    if len(text) > MAX_PEM_SIZE:
        raise EncodingInvalid("certificates", f"are more than {MAX_PEM_SIZE} bytes of PEM")
    if b"-----BEGIN CERTIFICATE-----" not in text:
        return ()
    try:
        found = x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise EncodingInvalid("certificates", "are not well-formed PEM") from error
    if len(found) > MAX_PEM_CERTIFICATES:
        raise EncodingInvalid("certificates", f"are more than {MAX_PEM_CERTIFICATES}")
    return tuple(Certificate(one.public_bytes(Encoding.DER)) for one in found)


def pem_bundle(certificates: Iterable[Certificate]) -> str:
    """PEM of several certificates, in order."""
    return "".join(certificate.pem() for certificate in certificates)


def utc(moment: datetime) -> datetime:
    """Whole seconds in UTC, as certificates carry times."""
    return moment.astimezone(UTC).replace(microsecond=0)
