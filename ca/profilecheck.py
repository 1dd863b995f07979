"""What the fields of a profile must be to each other, beyond each being well-formed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ca import oids
from ca.errors import ProfileInvalid, RequestInvalid
from ca.name import Name
from ca.profileschema import FixedSubject, GivenSubject, IdentitySubject, Profile
from ca.registry import AuthorityRole

MAX_BACKDATE = timedelta(seconds=60)  # one-time certificates prove when a person acted
MAX_RESPONDER_VALIDITY = timedelta(days=30)  # nobody can revoke a responder marked nocheck
MAX_VALIDITY = timedelta(days=9_135)  # 25 years, the longest a root of ours may live
CA_USAGES = frozenset({"keyCertSign", "cRLSign"})

_BUILT_IN = frozenset(
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
        oids.AUTHORITY_INFO_ACCESS,
        oids.OCSP_NO_CHECK,
    }
)

Wrong = tuple[str, str]
"""Path of a field, and what is wrong with it."""


def check_profile(profile: Profile) -> None:
    """Raises `ProfileInvalid` for the first field that contradicts another."""
    for checks in (_authority, _pointers, _usages, _validity, _subject, _extensions):
        for path, reason in checks(profile):
            raise ProfileInvalid(profile.name, f"$.{path}", reason)


def _authority(profile: Profile) -> Iterator[Wrong]:
    constraints = profile.basic_constraints
    if constraints.ca != (profile.authority is not None):
        yield "authority", "must name a role when basic_constraints.ca is true, and only then"
    if constraints.ca and not constraints.critical:
        yield "basic_constraints.critical", "must be true for an authority (RFC 5280 4.2.1.9)"
    if constraints.path_length is not None and not constraints.ca:
        yield "basic_constraints.path_length", "is for authorities alone (RFC 5280 4.2.1.9)"
    if profile.is_root and profile.issued_by != (AuthorityRole.ROOT,):
        yield "issued_by", "must be root alone for a root"
    if profile.name_constraints is not None:
        if not constraints.ca or profile.is_root:
            yield "name_constraints", "are for intermediates alone"
        for place, pairs in enumerate(profile.name_constraints.permitted):
            yield from _name(f"name_constraints.permitted[{place}]", pairs)


def _pointers(profile: Profile) -> Iterator[Wrong]:
    if (profile.pointers is None) != profile.is_root:
        yield "pointers", "must be there, except in a self-signed root"
    if profile.policies is None and not profile.is_root:
        yield "policies", "must be there, except in a self-signed root"
    if profile.pointers is not None:
        if "{authority}" not in profile.pointers.crl or "{shard}" not in profile.pointers.crl:
            yield "pointers.crl", "must tell authorities and shards apart: {authority} and {shard}"
        for name in ("crl", "ocsp", "issuer"):
            try:
                expand(getattr(profile.pointers, name), "http://b", "a", 0)
            except (KeyError, ValueError, IndexError):
                yield f"pointers.{name}", "may hold {base}, {authority} and {shard} alone"


def expand(template: str, base: str, authority: str, shard: int) -> str:
    """A pointer's address."""
    return template.format(base=base.rstrip("/"), authority=authority, shard=f"/{shard}" if shard else "")


def _validity(profile: Profile) -> Iterator[Wrong]:
    validity = profile.validity
    if not timedelta() < validity.minimum <= validity.default <= validity.maximum:
        yield "validity", "must have 0 < minimum <= default <= maximum"
    if validity.maximum > MAX_VALIDITY:
        yield "validity.maximum", f"is more than {MAX_VALIDITY.days} days"
    if validity.backdate > MAX_BACKDATE:
        yield "validity.backdate", f"is more than {MAX_BACKDATE.seconds} s"
    if validity.minimum <= validity.backdate:
        yield "validity.minimum", "must be longer than the backdate"
    if profile.ocsp_no_check and validity.maximum > MAX_RESPONDER_VALIDITY:
        yield "validity.maximum", f"is more than {MAX_RESPONDER_VALIDITY.days} days for an OCSP responder"


def _usages(profile: Profile) -> Iterator[Wrong]:
    usages = frozenset(profile.key_usage.bits)
    if not profile.key_usage.critical:
        yield "key_usage.critical", "must be true (RFC 5280 4.2.1.3)"
    if profile.basic_constraints.ca:
        if not usages >= CA_USAGES:
            yield "key_usage.bits", "must have keyCertSign and cRLSign for an authority"
        if profile.ocsp_no_check:
            yield "ocsp_no_check", "is for responders, not for authorities"
        return
    if usages & CA_USAGES:
        yield "key_usage.bits", "has keyCertSign or cRLSign, which are for authorities alone"
    purposes = () if profile.extended_key_usage is None else profile.extended_key_usage.purposes
    if oids.ANY_EXTENDED_KEY_USAGE in purposes:
        yield "extended_key_usage.purposes", "must say which; anyExtendedKeyUsage undoes the others"
    if oids.EKU_TIME_STAMPING in purposes and (
        purposes != (oids.EKU_TIME_STAMPING,)
        or profile.extended_key_usage is None
        or not profile.extended_key_usage.critical
    ):
        yield "extended_key_usage", "must be timeStamping alone, and critical (RFC 3161 2.3)"
    if (oids.EKU_OCSP_SIGNING in purposes) != profile.ocsp_no_check:
        yield "ocsp_no_check", "must be true with OCSPSigning, and only then (RFC 6960 4.2.2.2.1)"
    if oids.EKU_SERVER_AUTH in purposes and profile.alternative_names is None:
        yield "alternative_names", "must be there for a server (RFC 9525 2)"


def _subject(profile: Profile) -> Iterator[Wrong]:
    match profile.subject:
        case GivenSubject(permitted=permitted, required=required):
            if not set(required) <= set(permitted):
                yield "subject.required", "names attributes that are not permitted"
            if not required:
                yield "subject.required", "must name at least one attribute: no subject may be empty"
        case FixedSubject(attributes=attributes):
            yield from _name("subject.attributes", attributes)
        case IdentitySubject():
            if profile.basic_constraints.ca:
                yield "subject.rule", "must not be identity for an authority"


def _name(path: str, pairs: tuple[tuple[str, str], ...]) -> Iterator[Wrong]:
    try:
        Name.of(pairs)
    except RequestInvalid as error:
        yield path, str(error)


def _extensions(profile: Profile) -> Iterator[Wrong]:
    seen = set(_BUILT_IN)
    for place, extra in enumerate(profile.extensions):
        if extra.oid in seen:
            yield f"extensions[{place}].oid", "is there already, or has a field of its own"
        seen.add(extra.oid)
        try:
            extra.value.check()
        except ValueError as error:
            yield f"extensions[{place}].value", str(error)
