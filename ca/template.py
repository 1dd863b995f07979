"""TBSCertificates (RFC 5280 4.1) from a profile: what never changes is encoded once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ca import extension, oids
from ca.certificate import certificate_der
from ca.errors import Refused, RequestInvalid, ValidityBeyondIssuer
from ca.extension import Value
from ca.identity import IdentityRecord
from ca.issuer import IssuerContext
from ca.name import Name, subject_of
from ca.profile import Profile
from ca.profilecheck import expand
from ca.profileschema import FixedSubject, GivenSubject, IdentitySubject
from ca.registry import AuthorityId
from ca.serial import SerialNumber
from keys import der
from keys.public import PublicKey
from keys.suites import Algorithm

TEMPLATES_KEPT = 512  # profiles x issuers x shards in use at once, with room
MAX_DNS_NAMES = 50
MAX_SHARD = 65_535

_VERSION_3 = der.explicit(0, der.encode(2))
_UTC_TIME_ENDS = 2050  # RFC 5280 4.1.2.5
_ONE_SECOND = timedelta(seconds=1)
_ASSURANCE = {"substantial": 1, "high": 2}
_DNS_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)


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
    template = _template(profile, issuer, request.crl_shard, simulated)
    _check_key(profile, issuer, request.public)
    not_before = now - profile.validity.backdate
    not_after = not_before + _lifetime(profile, request.validity) - _ONE_SECOND
    _check_within_issuer(issuer, not_before, not_after)
    subject_der = subject.der
    if issuer.is_self_signed and subject_der != issuer.subject_der:
        raise RequestInvalid("subject", "of a self-signed certificate must be its issuer")
    extensions = template.extensions(request)
    tbs = der.wrap(
        der.SEQUENCE,
        b"".join(
            (
                _VERSION_3,
                integer(serial),
                template.algorithm_and_issuer,
                der.wrap(der.SEQUENCE, encode_time(not_before) + encode_time(not_after)),
                subject_der,
                request.public.spki,
                extensions,
            )
        ),
    )
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


class _Template:
    """The parts of a certificate that profile, issuer and shard decide."""

    __slots__ = ("_alternative_names", "_extras", "_fixed", "_parameters", "algorithm_and_issuer")

    def __init__(self, profile: Profile, issuer: IssuerContext, shard: int, policies: bytes) -> None:
        info = issuer.public.algorithm.info
        self.algorithm_and_issuer = info.signature_identifier + issuer.subject_der
        self._alternative_names = profile.alternative_names
        dynamic = [extra for extra in profile.extensions if extra.value.parameters()]
        self._extras = tuple(dynamic)
        self._parameters = frozenset().union(*[extra.value.parameters() for extra in dynamic])
        self._fixed = b"".join(
            [
                *_constraints(profile),
                policies,
                *_addresses(profile, issuer, shard),
                extension.extension(
                    oids.AUTHORITY_KEY_IDENTIFIER, extension.authority_key_identifier(issuer.key_identifier)
                ),
                *[
                    extension.extension(extra.oid, extra.value.encode({}), critical=extra.critical)
                    for extra in profile.extensions
                    if not extra.value.parameters()
                ],
            ]
        )

    def extensions(self, request: CertificateRequest) -> bytes:
        """[3] EXPLICIT Extensions; raises `RequestInvalid` for a parameter or host name."""
        for name in request.parameters:
            if name not in self._parameters:
                raise RequestInvalid(name, "is no parameter of the profile")
        parts = [self._fixed, _SKI_HEAD, request.public.key_identifier]
        for extra in self._extras:
            value = extra.value.encode(request.parameters)
            parts.append(extension.extension(extra.oid, value, critical=extra.critical))
        if request.dns_names or self._alternative_names is not None:
            parts.append(self._names(request.dns_names))
        return der.explicit(3, der.wrap(der.SEQUENCE, b"".join(parts)))

    def _names(self, names: tuple[str, ...]) -> bytes:
        rule = self._alternative_names
        if rule is None:
            raise RequestInvalid("dns_names", "are not permitted by the profile")
        if not names:
            if rule.required:
                raise RequestInvalid("dns_names", "are required by the profile")
            return b""
        if len(names) > MAX_DNS_NAMES or len(set(names)) != len(names):
            raise RequestInvalid("dns_names", f"are more than {MAX_DNS_NAMES}, or one occurs twice")
        for place, name in enumerate(names):
            if not _DNS_NAME.match(name):
                raise RequestInvalid(f"dns_names[{place}]", "is not a host name in lower case")
        return extension.extension(oids.SUBJECT_ALT_NAME, extension.dns_names(names), critical=rule.critical)


_SKI_SIZE = 20
_SKI_HEAD = extension.extension(oids.SUBJECT_KEY_IDENTIFIER, der.octets(bytes(_SKI_SIZE)))[:-_SKI_SIZE]


@lru_cache(maxsize=TEMPLATES_KEPT)
def _template(profile: Profile, issuer: IssuerContext, shard: int, simulated: bool) -> _Template:  # noqa: FBT001
    if issuer.role not in profile.issued_by or issuer.is_self_signed != profile.is_root:
        raise Refused("profile", f"{profile.name} is not issued by {issuer.authority_id}")
    if profile.basic_constraints.ca and issuer.path_length == 0:
        raise Refused("profile", f"{issuer.authority_id} may issue no authority below itself")
    if not 0 <= shard <= MAX_SHARD:
        raise RequestInvalid("crl_shard", f"is not between 0 and {MAX_SHARD}")
    policies = b""
    if profile.policies is not None:
        chosen = profile.policies.simulated if simulated else profile.policies.oids
        if chosen is None:
            raise Refused("identity.simulated", f"profile {profile.name} takes no simulated identity")
        value = extension.certificate_policies(chosen, profile.policies.cps)
        policies = extension.extension(oids.CERTIFICATE_POLICIES, value, critical=profile.policies.critical)
    return _Template(profile, issuer, shard, policies)


def _constraints(profile: Profile) -> list[bytes]:
    basic, usage, purposes = profile.basic_constraints, profile.key_usage, profile.extended_key_usage
    parts = [
        extension.extension(
            oids.BASIC_CONSTRAINTS,
            extension.basic_constraints(ca=basic.ca, path_length=basic.path_length),
            critical=basic.critical,
        ),
        extension.extension(oids.KEY_USAGE, extension.key_usage(usage.bits), critical=usage.critical),
    ]
    if purposes is not None:
        value = extension.extended_key_usage(purposes.purposes)
        parts.append(extension.extension(oids.EXTENDED_KEY_USAGE, value, critical=purposes.critical))
    if profile.name_constraints is not None:
        value = extension.name_constraints(
            [Name.of(pairs).der for pairs in profile.name_constraints.permitted]
        )
        parts.append(extension.extension(oids.NAME_CONSTRAINTS, value, critical=True))
    if profile.ocsp_no_check:
        parts.append(extension.extension(oids.OCSP_NO_CHECK, der.NULL))
    return parts


def _addresses(profile: Profile, issuer: IssuerContext, shard: int) -> list[bytes]:
    if profile.pointers is None:
        return []
    crl, ocsp, certificate = (
        expand(template, issuer.base_url, issuer.authority_id, shard)
        for template in (profile.pointers.crl, profile.pointers.ocsp, profile.pointers.issuer)
    )
    return [
        extension.extension(oids.CRL_DISTRIBUTION_POINTS, extension.crl_distribution_point(crl)),
        extension.extension(
            oids.AUTHORITY_INFO_ACCESS, extension.authority_info_access(ocsp=ocsp, issuer=certificate)
        ),
    ]
