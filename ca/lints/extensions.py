"""Rules of the extensions that every certificate of ours has, or must not have."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat import asn1

from ca import oids
from ca.extension import KEY_USAGE_BITS
from ca.rule import FIRST_ISSUE, RFC_5280, Rule
from ca.view import CertificateView
from keys import der

_LIMIT = 8_192  # octets of one extension
_CERT_SIGN, _CRL_SIGN = 0x04, 0x02  # bits 5 and 6 of KeyUsage


@asn1.sequence
class _BasicConstraints:
    ca: Annotated[bool, asn1.Default(value=False)]
    path_length: int | None


@asn1.sequence
class _Items:
    items: Annotated[list[asn1.TLV], asn1.Size(1, None)]


_READERS: dict[str, type] = {
    oids.SUBJECT_KEY_IDENTIFIER: bytes,
    oids.KEY_USAGE: asn1.BitString,
    oids.SUBJECT_ALT_NAME: _Items,
    oids.BASIC_CONSTRAINTS: _BasicConstraints,
    oids.NAME_CONSTRAINTS: _Items,
    oids.CRL_DISTRIBUTION_POINTS: _Items,
    oids.CERTIFICATE_POLICIES: _Items,
    oids.AUTHORITY_KEY_IDENTIFIER: _Items,
    oids.EXTENDED_KEY_USAGE: _Items,
    oids.AUTHORITY_INFO_ACCESS: _Items,
    oids.OCSP_NO_CHECK: asn1.Null,
}
_NEVER_CRITICAL = (oids.SUBJECT_KEY_IDENTIFIER, oids.AUTHORITY_KEY_IDENTIFIER, oids.AUTHORITY_INFO_ACCESS)
_KEY_IDENTIFIER = b"\x80"  # [0] of AuthorityKeyIdentifier
_URI = b"\x86"  # uniformResourceIdentifier [6] of GeneralName


def is_authority(view: CertificateView) -> bool:
    """BasicConstraints says CA:TRUE; what cannot be read says nothing."""
    return _basic(view)[0]


def _basic(view: CertificateView) -> tuple[bool, int | None]:
    found = view.extension(oids.BASIC_CONSTRAINTS)
    if found is None:
        return False, None
    try:
        value = der.decode(_BasicConstraints, found.value, limit=_LIMIT)
    except der.DerInvalid:
        return False, None
    return value.ca, value.path_length


def _unique(view: CertificateView) -> str | None:
    seen = [one.oid for one in view.extensions]
    twice = sorted({oid for oid in seen if seen.count(oid) > 1})
    return f"{', '.join(twice)} more than once" if twice else None


def _critical_known(view: CertificateView) -> str | None:
    for one in view.extensions:
        if one.critical and one.oid not in _READERS and not one.oid.startswith(oids.ARC + "."):
            return f"{one.oid} is critical and unknown"
    return None


def _not_critical(view: CertificateView) -> str | None:
    for one in view.extensions:
        if one.critical and one.oid in _NEVER_CRITICAL:
            return f"{one.oid} is critical"
    return None


def _decode(view: CertificateView) -> str | None:
    for one in view.extensions:
        kind = _READERS.get(one.oid)
        if kind is not None:
            try:
                # A declared structure of one list is a SEQUENCE around the SEQUENCE OF.
                value = der.sequence(one.value) if kind is _Items else one.value
                der.decode(kind, value, limit=_LIMIT)
            except der.DerInvalid as error:
                return f"{one.oid} {error}"
    return None


def items(view: CertificateView, oid: str) -> list[asn1.TLV]:
    """Members of an extension that is a SEQUENCE OF; empty when it is absent or cannot be read."""
    found = view.extension(oid)
    if found is None:
        return []
    try:
        return der.decode(_Items, der.sequence(found.value), limit=_LIMIT).items
    except der.DerInvalid:
        return []


def _authority_key(view: CertificateView) -> str | None:
    if view.is_self_issued:  # RFC 5280 4.2.1.1: may be absent when issuer and subject are one
        return None
    found = [
        bytes(one.data)
        for one in items(view, oids.AUTHORITY_KEY_IDENTIFIER)
        if bytes(one.tag_bytes) == _KEY_IDENTIFIER
    ]
    if not found:
        return "is absent, or has no keyIdentifier"
    if view.issuer is not None and found[0] != view.issuer.key_identifier:
        return "is not the issuer's subject key identifier"
    return None


def _subject_key(view: CertificateView) -> str | None:
    found = view.extension(oids.SUBJECT_KEY_IDENTIFIER)
    if found is None:
        return "is absent"
    if view.public is not None and found.value != der.octets(view.public.key_identifier):
        return "is not SHA-1 of the key's BIT STRING (method 1), by which responders are found"
    return None


def usages(view: CertificateView) -> frozenset[str]:
    """Names of the KeyUsage bits; empty when it is absent or cannot be read."""
    found = view.extension(oids.KEY_USAGE)
    if found is None:
        return frozenset()
    try:
        content = der.decode(asn1.BitString, found.value, limit=_LIMIT).as_bytes()
    except der.DerInvalid:
        return frozenset()
    first = content[0] if content else 0
    return frozenset(name for number, name in enumerate(KEY_USAGE_BITS) if first & 0x80 >> number)


def _key_usage(view: CertificateView) -> str | None:
    found = view.extension(oids.KEY_USAGE)
    if found is None or not found.critical:
        return "is absent or not critical"
    return None if usages(view) else "has no bits"


def _basic_constraints(view: CertificateView) -> str | None:
    found = view.extension(oids.BASIC_CONSTRAINTS)
    ca, path_length = _basic(view)
    if ca and (found is None or not found.critical):
        return "is not critical in an authority's certificate"
    if not ca and path_length is not None:
        return "has a path length without CA:TRUE"
    if view.is_self_issued:  # RFC 5280 4.2.1.9: not counted in a path
        return None
    if ca and view.issuer is not None and view.issuer.path_length is not None:
        allowed = view.issuer.path_length - 1
        if allowed < 0 or path_length is None or path_length > allowed:
            return f"allows a longer path than its issuer's {view.issuer.path_length}"
    return None


def _cert_sign(view: CertificateView) -> str | None:
    signs = usages(view) & {"keyCertSign", "cRLSign"}
    if is_authority(view):
        return None if len(signs) == 2 else "lacks keyCertSign or cRLSign"  # noqa: PLR2004  (both)
    return f"has {', '.join(sorted(signs))} without CA:TRUE" if signs else None


def _policies(view: CertificateView) -> str | None:
    if view.is_self_issued or items(view, oids.CERTIFICATE_POLICIES):
        return None
    return "are absent"


def _crl_pointer(view: CertificateView) -> str | None:
    if view.is_self_issued:
        return None
    for point in items(view, oids.CRL_DISTRIBUTION_POINTS):
        # DistributionPoint { [0] { [0] fullName { GeneralName … } } }
        for name in _inside(bytes(point.data)):
            for full in _inside(bytes(name.data)):
                if bytes(full.data)[:1] == _URI:
                    return None
    return "is absent, or has no address"


def _inside(content: bytes) -> list[asn1.TLV]:
    try:
        return der.decode(_Items, der.sequence(der.sequence(content)), limit=_LIMIT).items
    except der.DerInvalid:
        return []


def _information_access(view: CertificateView) -> str | None:
    if view.is_self_issued:
        return None
    members = [bytes(one.data) for one in items(view, oids.AUTHORITY_INFO_ACCESS)]
    for method, name in ((oids.AD_OCSP, "OCSP"), (oids.AD_CA_ISSUERS, "caIssuers")):
        prefix = der.oid(method) + _URI
        if not any(member.startswith(prefix) for member in members):
            return f"has no {name} address"
    return None


def _name_constraints(view: CertificateView) -> str | None:
    found = view.extension(oids.NAME_CONSTRAINTS)
    if found is None:
        return None
    if not is_authority(view) or view.is_self_issued:
        return "are in a certificate that is no intermediate's"
    return None if found.critical else "are not critical"


RULES = (
    Rule("extensions-unique", "RFC 5280 4.2", RFC_5280, _unique, varies=False),
    Rule("extensions-readable", "RFC 5280 4.2.1", RFC_5280, _decode, varies=False),
    Rule("critical-known", "RFC 5280 4.2", RFC_5280, _critical_known, varies=False),
    Rule("never-critical", "RFC 5280 4.2.1.1, 4.2.1.2, 4.2.2.1", RFC_5280, _not_critical, varies=False),
    Rule("authority-key-identifier", "RFC 5280 4.2.1.1", RFC_5280, _authority_key, varies=False),
    Rule("subject-key-identifier", "RFC 5280 4.2.1.2", RFC_5280, _subject_key, varies=False),
    Rule("key-usage", "RFC 5280 4.2.1.3", RFC_5280, _key_usage, varies=False),
    Rule("basic-constraints", "RFC 5280 4.2.1.9", RFC_5280, _basic_constraints, varies=False),
    Rule("cert-sign-for-authorities", "RFC 5280 4.2.1.3, 4.2.1.9", RFC_5280, _cert_sign, varies=False),
    Rule("policies-present", "RFC 5280 4.2.1.4, own rule", FIRST_ISSUE, _policies, varies=False),
    Rule("crl-pointer", "RFC 5280 4.2.1.13, own rule", FIRST_ISSUE, _crl_pointer, varies=False),
    Rule("information-access", "RFC 5280 4.2.2.1, own rule", FIRST_ISSUE, _information_access, varies=False),
    Rule("name-constraints", "RFC 5280 4.2.1.10, own rule", FIRST_ISSUE, _name_constraints, varies=False),
)
