"""What every certificate of a path must be by itself, before any path is judged (RFC 5280 4.1, 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from cryptography import x509

from ca import oids
from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.view import CertificateView
from keys.suites import ALGORITHM_BY_SIGNATURE_OID

MAX_SERIAL_OCTETS = 20  # RFC 5280 4.1.2.2
MAX_EXTENSIONS = 64  # far above any real certificate
VERSION_3 = 2
FORMAT_FAILURE = "FORMAT_FAILURE"
CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"

PROCESSED = frozenset(
    {
        oids.SUBJECT_KEY_IDENTIFIER,
        oids.KEY_USAGE,
        oids.SUBJECT_ALT_NAME,
        oids.BASIC_CONSTRAINTS,
        oids.NAME_CONSTRAINTS,
        oids.CRL_DISTRIBUTION_POINTS,
        oids.CERTIFICATE_POLICIES,
        oids.AUTHORITY_KEY_IDENTIFIER,
        oids.EXTENDED_KEY_USAGE,
    }
)
"""Extensions that this validator heeds; a critical one outside makes the certificate unusable."""
NEVER_CRITICAL = frozenset(
    {oids.AUTHORITY_INFO_ACCESS, oids.SUBJECT_KEY_IDENTIFIER, oids.AUTHORITY_KEY_IDENTIFIER}
)

ExtensionKind = TypeVar("ExtensionKind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a certificate cannot be part of any path."""

    check: str
    sub_indication: str
    reason: str


def extension_of(certificate: Certificate, kind: type[ExtensionKind]) -> x509.Extension[ExtensionKind] | None:
    """The extension of that kind, if any."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def is_authority(certificate: Certificate) -> bool:
    """BasicConstraints say CA:TRUE."""
    found = extension_of(certificate, x509.BasicConstraints)
    return found is not None and found.value.ca


@lru_cache(maxsize=1_024)  # of authorities mostly, which every path has
def defect_of(certificate: Certificate) -> Defect | None:
    """The first thing wrong with the certificate by itself, None when there is none."""
    try:
        view = CertificateView.parse(certificate.data)
    except EncodingInvalid as error:
        return Defect("structure", FORMAT_FAILURE, error.reason)
    for check in (_structure, _cryptography, _extensions, _authority):
        if (defect := check(certificate, view)) is not None:
            return defect
    return None


def _structure(certificate: Certificate, view: CertificateView) -> Defect | None:
    serial = view.serial
    wrong = None
    if view.version != VERSION_3:
        wrong = "is not of version 3"
    elif not serial or len(serial) > MAX_SERIAL_OCTETS or serial[0] & 0x80 or not any(serial):
        wrong = "has a serial number that is not positive, or over 20 octets"
    elif view.inner_algorithm != view.outer_algorithm:
        wrong = "names two signature algorithms"
    elif certificate.not_after < certificate.not_before:
        wrong = "ends before it begins"
    elif certificate.not_after - certificate.not_before > timedelta(days=366 * 50):
        wrong = "is valid for over 50 years"
    elif len(view.extensions) > MAX_EXTENSIONS:
        wrong = "has too many extensions"
    return None if wrong is None else Defect("structure", FORMAT_FAILURE, wrong)


def _cryptography(certificate: Certificate, view: CertificateView) -> Defect | None:
    algorithm = ALGORITHM_BY_SIGNATURE_OID.get(certificate.signature_oid)
    wrong = None
    if algorithm is None:
        wrong = f"is signed with {certificate.signature_oid}, which is not accepted"
    elif view.outer_algorithm != algorithm.info.signature_identifier:
        wrong = "has wrong parameters of its signature algorithm"
    elif view.public is None:
        wrong = "has a public key that is not accepted"
    elif view.public.algorithm.suite is not algorithm.suite:
        wrong = "has a key of one cipher suite and a signature of another"
    return None if wrong is None else Defect("cryptography", CRYPTO_CONSTRAINTS_FAILURE, wrong)


def _extensions(certificate: Certificate, view: CertificateView) -> Defect | None:
    for one in view.extensions:
        if one.critical and one.oid in NEVER_CRITICAL:
            return Defect("extensions", FORMAT_FAILURE, f"marks the extension {one.oid} critical")
        if one.critical and one.oid not in PROCESSED:
            reason = f"has a critical extension {one.oid} that is not understood"
            return Defect("extensions", CHAIN_CONSTRAINTS_FAILURE, reason)
    if not certificate.is_self_issued:
        identifier = extension_of(certificate, x509.AuthorityKeyIdentifier)
        if identifier is None or identifier.value.key_identifier is None:
            return Defect("extensions", FORMAT_FAILURE, "has no authority key identifier")
    names = extension_of(certificate, x509.SubjectAlternativeName)
    if not view.subject and (names is None or not names.critical):
        return Defect("extensions", FORMAT_FAILURE, "names nobody: its subject is empty")
    return None


def _authority(certificate: Certificate, view: CertificateView) -> Defect | None:
    constraints = extension_of(certificate, x509.BasicConstraints)
    usage = extension_of(certificate, x509.KeyUsage)
    signs = usage is not None and usage.value.key_cert_sign
    wrong = None
    if constraints is None or not constraints.value.ca:
        if signs:
            wrong = "may sign certificates but is not an authority's"
        elif extension_of(certificate, x509.NameConstraints) is not None:
            wrong = "has name constraints but is not an authority's"
    elif not constraints.critical:
        wrong = "is an authority's, and its basic constraints are not critical"
    elif not view.subject:
        wrong = "is an authority's, and its subject is empty"
    elif extension_of(certificate, x509.SubjectKeyIdentifier) is None:
        wrong = "is an authority's, and has no subject key identifier"
    elif usage is None:
        wrong = "is an authority's, and has no key usage"
    return None if wrong is None else Defect("authority", CHAIN_CONSTRAINTS_FAILURE, wrong)
