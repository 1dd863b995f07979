"""What a certificate is asked to be good for: key usage and extended key usage with their criticality."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from ca import oids
from ca.certificate import Certificate
from ca.precheck import extension_of, is_authority


@dataclass(frozen=True, slots=True)
class Purpose:
    """A use, and what a certificate must say to be fit for it."""

    name: str
    key_usages: tuple[str, ...] = ()
    """One of these bits must be set where there is a keyUsage; as the library spells them."""
    extended: tuple[str, ...] = ()
    """One of these must be in an extKeyUsage; none for any."""
    extended_required: bool = False
    """An absent extKeyUsage, or anyExtendedKeyUsage in its place, is not enough."""
    extended_critical_and_sole: bool = False
    """RFC 3161 2.3: the one purpose there, critical, beside no unknown one."""
    authority: bool = False
    """Whether an authority's certificate may serve."""


ANY_PURPOSE = Purpose("any purpose", authority=True)
DOCUMENT_SIGNING = Purpose(
    "signing documents",
    key_usages=("digital_signature", "content_commitment"),
    extended=(oids.EKU_DOCUMENT_SIGNING,),
)
TIMESTAMPING = Purpose(
    "timestamping",
    key_usages=("digital_signature", "content_commitment"),
    extended=(oids.EKU_TIME_STAMPING,),
    extended_required=True,
    extended_critical_and_sole=True,
)
OCSP_SIGNING = Purpose(
    "OCSP signing",
    key_usages=("digital_signature",),
    extended=(oids.EKU_OCSP_SIGNING,),
    extended_required=True,
)
ISSUING = Purpose("issuing certificates", key_usages=("key_cert_sign",), authority=True)


def purpose_reason(certificate: Certificate, purpose: Purpose) -> str | None:
    """Why the certificate is not fit for the purpose, None when it is."""
    if is_authority(certificate) and not purpose.authority:
        return f"is an authority's certificate, not one for {purpose.name}"
    usage = extension_of(certificate, x509.KeyUsage)
    asked = purpose.key_usages
    if usage is not None and asked and not any(getattr(usage.value, bit) for bit in asked):
        return f"has a key usage other than for {purpose.name}"
    return _extended_reason(certificate, purpose)


def _extended_reason(certificate: Certificate, purpose: Purpose) -> str | None:
    extended = extension_of(certificate, x509.ExtendedKeyUsage)
    if extended is None:
        return f"has no extended key usage for {purpose.name}" if purpose.extended_required else None
    named = [one.dotted_string for one in extended.value]
    if not _covers(named, purpose, any_counts=not purpose.extended_required):
        return f"has an extended key usage other than for {purpose.name}"
    if purpose.extended_critical_and_sole and (len(named) > 1 or not extended.critical):
        return f"has an extended key usage that is not critical, or not for {purpose.name} alone"
    return None


def nested_reason(issuer: Certificate, purpose: Purpose) -> str | None:
    """Why an authority may not issue for the purpose: its extKeyUsage limits what is below it."""
    extended = extension_of(issuer, x509.ExtendedKeyUsage)
    if extended is None or _covers([one.dotted_string for one in extended.value], purpose, any_counts=True):
        return None
    return f"its issuer {issuer.subject.rfc4514_string()} may not issue for {purpose.name}"


def _covers(named: list[str], purpose: Purpose, *, any_counts: bool) -> bool:
    wanted = set(purpose.extended) | ({oids.ANY_EXTENDED_KEY_USAGE} if any_counts else set())
    return not purpose.extended or bool(wanted & set(named))
