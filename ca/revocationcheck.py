"""What CRLs and OCSP answers say of one certificate at a moment (RFC 5280 6.3, RFC 6960 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from ca.certificate import Certificate
from ca.crl import Crl
from ca.errors import CaError, EncodingInvalid
from ca.ocspresponse import BasicResponse, CertificateState, Status
from ca.ocspverify import verify_response
from ca.precheck import extension_of, is_authority
from ca.registry import RevocationReason
from ca.trust import RevocationData
from keys.errors import SignatureInvalid

MAX_TRIED = 32  # CRLs or answers about one certificate whose signature is checked


@dataclass(frozen=True, slots=True)
class Finding:
    """What the evidence says: `status` None when no evidence is good enough."""

    status: Status | None
    evidence: Crl | BasicResponse | None
    complaints: tuple[str, ...]
    """Why other evidence was not taken."""

    def revoked_at(self, at: datetime) -> datetime | None:
        """Since when the certificate is revoked, if it was at the moment."""
        since = None if self.status is None else self.status.revoked_at
        return since if since is not None and since <= at else None


@dataclass(frozen=True, slots=True)
class _Said:
    status: Status
    as_of: datetime
    evidence: Crl | BasicResponse


def check_revocation(
    certificate: Certificate, issuer: Certificate, data: RevocationData, at: datetime, now: datetime
) -> Finding:
    """The status of a certificate at `at` by evidence given up to `now`.

    A revocation for good, in any valid evidence, stands; a hold stands until newer evidence says
    otherwise.
    """
    complaints: list[str] = []
    said = [*_by_responses(certificate, issuer, data, (at, now), complaints)]
    said += _by_crls(certificate, issuer, data, (at, now), complaints)
    if not said:
        return Finding(None, None, tuple(complaints))
    final = [one for one in said if one.status.revoked_at is not None and not _hold(one.status)]
    chosen = min(final, key=_since) if final else max(said, key=lambda one: one.as_of)
    return Finding(chosen.status, chosen.evidence, tuple(complaints))


def _since(said: _Said) -> datetime:
    return said.status.revoked_at or said.as_of


def _hold(status: Status) -> bool:
    return status.reason is RevocationReason.CERTIFICATE_HOLD


def _by_responses(
    certificate: Certificate,
    issuer: Certificate,
    data: RevocationData,
    window: tuple[datetime, datetime],
    complaints: list[str],
) -> Iterator[_Said]:
    about = [
        one
        for one in data.responses
        if any(answer.certificate.serial == certificate.serial for answer in one.answers)
    ]
    for response in about[:MAX_TRIED]:
        try:
            answer = verify_response(response, certificate, issuer, window[0], now=window[1])
        except CaError as error:
            complaints.append(f"OCSP: {error}")
            continue
        if answer.status.state is CertificateState.UNKNOWN:
            complaints.append("OCSP: the responder does not know the certificate")
            continue
        yield _Said(answer.status, answer.this_update, response)


def _by_crls(
    certificate: Certificate,
    issuer: Certificate,
    data: RevocationData,
    window: tuple[datetime, datetime],
    complaints: list[str],
) -> Iterator[_Said]:
    usable = []
    for crl in [one for one in data.crls if one.issuer_der == issuer.subject_der][:MAX_TRIED]:
        reason = _unusable(crl, certificate, issuer, window)
        if reason is None:
            usable.append(crl)
        else:
            complaints.append(f"CRL {crl.number}: {reason}")
    for crl in usable:
        if not crl.is_delta:
            newest = max(_deltas(crl, usable), key=lambda one: one.number, default=None)
            yield _said(crl, newest, certificate)


def _deltas(base: Crl, usable: list[Crl]) -> Iterator[Crl]:
    """RFC 5280 5.2.4: deltas that add to this complete CRL, or to an older one."""
    for one in usable:
        same = one.base_number is not None and one.scope == base.scope
        if same and (one.base_number or 0) <= base.number < one.number:
            yield one


def _said(crl: Crl, delta: Crl | None, certificate: Certificate) -> _Said:
    newest = crl if delta is None else delta
    entry = None if delta is None else delta.entry(certificate.serial)
    if entry is not None and entry.reason is RevocationReason.REMOVE_FROM_CRL:
        return _Said(Status(CertificateState.GOOD), newest.this_update, newest)
    if entry is not None:
        crl = newest
    else:
        entry = crl.entry(certificate.serial)
    if entry is None:
        return _Said(Status(CertificateState.GOOD), newest.this_update, newest)
    status = Status(CertificateState.REVOKED, entry.revoked_at, entry.reason)
    return _Said(status, newest.this_update, crl)


def _unusable(
    crl: Crl, certificate: Certificate, issuer: Certificate, window: tuple[datetime, datetime]
) -> str | None:
    """Why a CRL says nothing of the certificate, None when it does (RFC 5280 6.3.3)."""
    return (
        _out_of_time(crl, certificate, window) or _out_of_scope(crl, certificate) or _not_issued(crl, issuer)
    )


def _out_of_time(crl: Crl, certificate: Certificate, window: tuple[datetime, datetime]) -> str | None:
    at, now = window
    expired = certificate.not_after
    if crl.this_update > now:
        return f"is of {crl.this_update:%FT%TZ}, after {now:%FT%TZ}"
    if crl.next_update < at:
        return f"stood until {crl.next_update:%FT%TZ}, before {at:%FT%TZ}"
    if crl.this_update > expired and (crl.expired_from is None or crl.expired_from > expired):
        return "may have dropped the certificate, which had expired"
    return None


def _not_issued(crl: Crl, issuer: Certificate) -> str | None:
    usage = extension_of(issuer, x509.KeyUsage)
    if usage is not None and not usage.value.crl_sign:
        return "was signed by a key that is not for CRLs"
    if crl.key_identifier != subject_key_identifier(issuer):
        return "is signed by another key than the certificate"
    try:
        crl.check_signed_by(issuer.public)
        crl.read_entries()
    except (EncodingInvalid, SignatureInvalid) as error:
        return error.reason
    return None


def _out_of_scope(crl: Crl, certificate: Certificate) -> str | None:
    scope = crl.scope
    if scope.indirect or scope.partial or scope.only_attribute_certificates:
        return "is indirect, partial or for attribute certificates"
    authority = is_authority(certificate)
    if (authority and scope.only_user_certificates) or (not authority and scope.only_ca_certificates):
        return "is for certificates of another kind"
    if scope.distribution_points:
        points = distribution_points(certificate)
        if not points & set(scope.distribution_points):
            return "is for certificates of another distribution point"
    return None


def distribution_points(certificate: Certificate) -> set[str]:
    """URIs of the certificate's CRL distribution points that speak of all reasons."""
    found = extension_of(certificate, x509.CRLDistributionPoints)
    if found is None:
        return set()
    points = [one for one in found.value if one.reasons is None and one.crl_issuer is None]
    names = [name for point in points for name in point.full_name or ()]
    return {name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)}


def subject_key_identifier(certificate: Certificate) -> bytes:
    """As the certificate says, or as RFC 5280 4.2.1.2 computes it."""
    found = extension_of(certificate, x509.SubjectKeyIdentifier)
    return certificate.public.key_identifier if found is None else found.value.digest
