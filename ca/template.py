"""TBSCertificates (RFC 5280 4.1) from a profile: what never changes is encoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ca.certificate import certificate_der
from ca.errors import Refused, RequestInvalid, ValidityBeyondIssuer
from ca.extension import Value
from ca.fixedparts import fixed_parts
from ca.identity import IdentityRecord
from ca.issuer import IssuerContext
from ca.name import Name, subject_of
from ca.profile import Profile
from ca.profileschema import FixedSubject, GivenSubject, IdentitySubject
from ca.registry import AuthorityId
from ca.serial import SerialNumber
from ca.view import AttributeView, CertificateView, TimeView
from keys import der
from keys.public import PublicKey
from keys.suites import Algorithm

_VERSION_3 = der.explicit(0, der.encode(2))
_UTC_TIME_ENDS = 2050  # RFC 5280 4.1.2.5
_ONE_SECOND = timedelta(seconds=1)
_ASSURANCE = {"substantial": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked of an issuer: a key, a subject by the profile's rule, and no more than it permits."""

    public: PublicKey
    """The requester's proof of possession was checked (`ca.request`)."""
    subject: IdentityRecord | Name | None
    """As the profile's subject rule says; None for a fixed subject."""
    validity: timedelta | None = None
    """None for the profile's default."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Values of the profile's extensions; an event certificate's `intent` is a `DigestInfo`."""
    dns_names: tuple[str, ...] = ()
    crl_shard: int = 0


_SEAL = object()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A certificate that passed every lint and has not been signed. Only `prepare` makes one."""

    profile: str
    profile_hash: str
    authority_id: AuthorityId
    algorithm: Algorithm
    """Of the signature: the issuer's."""
    serial: SerialNumber
    subject: Name
    identity_record: str | None
    public: PublicKey
    spki_fingerprint: str
    """SHA-256 of the SubjectPublicKeyInfo, hexadecimal."""
    not_before: datetime
    not_after: datetime
    crl_shard: int
    tbs: bytes
    """Exactly what the issuer signs."""
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("certificates are prepared by ca.template.prepare alone")

    @property
    def tbs_sha256(self) -> bytes:
        """SHA-256 of `tbs`, recorded before and compared after signing."""
        return hashlib.sha256(self.tbs).digest()

    def finish(self, signature: bytes) -> bytes:
        """The certificate, DER. The caller verifies the signature and compares the bytes."""
        return certificate_der(self.tbs, self.algorithm, signature)


def prepare(
    profile: Profile,
    issuer: IssuerContext,
    request: CertificateRequest,
    *,
    serial: SerialNumber,
    at: datetime,
) -> Prepared:
    """Build and lint a certificate that begins the profile's backdate before `at`.

    Raises `RequestInvalid` naming the field, `Refused` (an identity too weak or out of date, an issuer
    of another role), `ValidityBeyondIssuer`, `LintFailed`.
    """
    now = at.astimezone(UTC).replace(microsecond=0)
    subject, identity, simulated = _subject(profile, request.subject, now)
    parts = fixed_parts(profile, issuer, request.crl_shard, simulated)
    _check_key(profile, issuer, request.public)
    not_before = now - profile.validity.backdate
    not_after = not_before + _lifetime(profile, request.validity) - _ONE_SECOND
    _check_within_issuer(issuer, not_before, not_after)
    subject_der = subject.der
    if issuer.is_self_signed and subject_der != issuer.subject_der:
        raise RequestInvalid("subject", "of a self-signed certificate must be its issuer")
    serial_der = integer(serial)
    times = (encode_time(not_before), encode_time(not_after))
    tbs = der.wrap(
        der.SEQUENCE,
        b"".join(
            (
                _VERSION_3,
                serial_der,
                parts.algorithm_and_issuer,
                der.wrap(der.SEQUENCE, times[0] + times[1]),
                subject_der,
                request.public.spki,
                parts.extensions(request.public, request.parameters, request.dns_names),
            )
        ),
    )
    if parts.is_linted(request.dns_names):
        parts.lint_varying(
            CertificateView(
                2,
                serial_der[2:],
                parts.algorithm,
                parts.algorithm,
                issuer.subject_der,
                subject_der,
                tuple([AttributeView(*attribute.parts) for attribute in subject.attributes]),
                TimeView(times[0][0], times[0][2:], not_before),
                TimeView(times[1][0], times[1][2:], not_after),
                request.public.spki,
                request.public,
                parts.extension_views,
                parts.issuer_view,
            )
        )
    else:
        parts.lint_first(tbs, request.dns_names)
    return Prepared(
        profile.name,
        profile.profile_hash,
        issuer.authority_id,
        issuer.public.algorithm,
        serial,
        subject,
        identity,
        request.public,
        request.public.fingerprint,
        not_before,
        not_after,
        request.crl_shard,
        tbs,
        _SEAL,
    )


def integer(value: int) -> bytes:
    """INTEGER, DER, of a number that is not negative."""
    return der.wrap(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encode_time(moment: datetime) -> bytes:
    """Time (RFC 5280 4.1.2.5): UTCTime through 2049, GeneralizedTime from 2050 on; whole seconds, UTC."""
    if moment.year < _UTC_TIME_ENDS:
        return b"\x17\x0d" + moment.strftime("%y%m%d%H%M%SZ").encode()
    return b"\x18\x0f" + moment.strftime("%Y%m%d%H%M%SZ").encode()


def _subject(
    profile: Profile, given: IdentityRecord | Name | None, now: datetime
) -> tuple[Name, str | None, bool]:
    """The subject, the identity record's id, and whether the identity is simulated."""
    rule = profile.subject
    if isinstance(rule, IdentitySubject):
        if not isinstance(given, IdentityRecord) or given.kind is not rule.kind:
            raise RequestInvalid("subject", f"must be the identity record of a {rule.kind.value}")
        if _ASSURANCE.get(given.assurance, 0) < _ASSURANCE[rule.assurance]:
            raise Refused("identity.assurance", f"is {given.assurance}; {rule.assurance} is needed")
        if not given.verified_at <= now + _ONE_SECOND or now > given.valid_until:
            raise Refused("identity.valid_until", f"does not cover {now:%FT%TZ}")
        return subject_of(given), given.record_id, given.simulated
    if isinstance(rule, FixedSubject):
        if given is not None:
            raise RequestInvalid("subject", "is fixed by the profile")
        return Name.of(rule.attributes), None, False
    if not isinstance(given, Name):
        raise RequestInvalid("subject", "must be a name")
    _check_given(rule, given)
    return given, None, False


def _check_given(rule: GivenSubject, name: Name) -> None:
    present = {attribute.kind.text for attribute in name.attributes}
    for text in present.difference(rule.permitted):
        raise RequestInvalid(f"subject.{text}", "is not permitted by the profile")
    for text in rule.required:
        if text not in present:
            raise RequestInvalid(f"subject.{text}", "is required by the profile")


def _check_key(profile: Profile, issuer: IssuerContext, public: PublicKey) -> None:
    if public.algorithm not in profile.algorithms:
        raise RequestInvalid("public_key", f"of {public.algorithm.value} is not allowed by the profile")
    if public.algorithm.suite is not issuer.public.algorithm.suite:
        raise RequestInvalid(
            "public_key", f"is not of the issuer's suite {issuer.public.algorithm.suite.value}"
        )
    if not issuer.is_self_signed and public.spki == issuer.public.spki:
        raise RequestInvalid("public_key", "is the issuer's own")


def _lifetime(profile: Profile, asked: timedelta | None) -> timedelta:
    limits = profile.validity
    if asked is None:
        return limits.default
    if asked.microseconds or not limits.minimum <= asked <= limits.maximum:
        raise RequestInvalid(
            "validity", f"must be whole seconds between {limits.minimum} and {limits.maximum}"
        )
    return asked


def _check_within_issuer(issuer: IssuerContext, not_before: datetime, not_after: datetime) -> None:
    if issuer.not_after is not None and not_after > issuer.not_after:
        raise ValidityBeyondIssuer(not_after, issuer.not_after)
    if issuer.not_before is not None and not_before < issuer.not_before:
        raise Refused("validity", f"would begin {not_before:%FT%TZ}, before its issuer's")
