"""The fields of a certificate profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, StringConstraints
from pydantic.dataclasses import dataclass

from ca import oids
from ca.errors import RequestInvalid
from ca.extension import KEY_USAGE_BITS, DigestInfo, Value, ValueType, encode_value, oid_der, parameter_value
from ca.identity import SubjectKind
from ca.name import ATTRIBUTE_BY_TEXT
from ca.registry import AuthorityRole
from keys import der
from keys.key import KeyPurpose
from keys.suites import Algorithm, Digest

MAX_SEQUENCE_DEPTH = 4

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([1-9][0-9]{0,5}|0)([smhd])\Z")
_STRICT = ConfigDict(extra="forbid", strict=True)


def parse_duration(value: object) -> timedelta:
    """`90d`, `24h`, `15m`, `60s`; raises ValueError."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a duration as 90d, 24h, 15m or 60s")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _oid(value: str) -> str:
    oid_der(value)
    return oids.BY_NAME.get(value, value)


def _attribute(value: str) -> str:
    if value not in ATTRIBUTE_BY_TEXT:
        raise ValueError(f"must be one of {', '.join(ATTRIBUTE_BY_TEXT)}")
    return value


def _usage(value: str) -> str:
    if value not in KEY_USAGE_BITS:
        raise ValueError(f"must be one of {', '.join(KEY_USAGE_BITS)}")
    return value


def _unique(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or len(set(value)) != len(value):
        raise ValueError("must hold at least one, and none twice")
    return value


Duration = Annotated[timedelta, PlainValidator(parse_duration)]
Oid = Annotated[str, AfterValidator(_oid)]
AttributeText = Annotated[str, AfterValidator(_attribute)]
Oids = Annotated[tuple[Oid, ...], AfterValidator(_unique)]
Uri = Annotated[str, StringConstraints(pattern=r"^(\{base\}|https?://)[!-~]{0,200}$")]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


@dataclass(frozen=True, slots=True, config=_STRICT)
class IdentitySubject:
    """The subject comes from a verified identity record and nothing else."""

    rule: Literal["identity"]
    kind: SubjectKind
    assurance: Literal["substantial", "high"]
    """The least that the record must have."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class GivenSubject:
    """An operator names the subject, with these attributes."""

    rule: Literal["given"]
    permitted: Annotated[tuple[AttributeText, ...], AfterValidator(_unique)]
    required: tuple[AttributeText, ...]


@dataclass(frozen=True, slots=True, config=_STRICT)
class FixedSubject:
    """Always the same subject."""

    rule: Literal["fixed"]
    attributes: tuple[tuple[AttributeText, str], ...]


Subject = Annotated[IdentitySubject | GivenSubject | FixedSubject, Field(discriminator="rule")]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Validity:
    """notAfter - notBefore, both inside: a period of one hour ends one second before the hour."""

    default: Duration
    minimum: Duration
    maximum: Duration
    backdate: Duration
    """notBefore is this much before the time of issuing; nobody chooses it."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class BasicConstraints:
    """RFC 5280 4.2.1.9."""

    critical: bool
    ca: bool
    path_length: Annotated[int, Field(ge=0, le=4)] | None


@dataclass(frozen=True, slots=True, config=_STRICT)
class KeyUsage:
    """RFC 5280 4.2.1.3."""

    critical: bool
    bits: Annotated[tuple[Annotated[str, AfterValidator(_usage)], ...], AfterValidator(_unique)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class ExtendedKeyUsage:
    """RFC 5280 4.2.1.12."""

    critical: bool
    purposes: Oids


@dataclass(frozen=True, slots=True, config=_STRICT)
class Policies:
    """RFC 5280 4.2.1.4."""

    critical: bool
    oids: Oids
    simulated: Oids | None
    """In place of `oids` when the identity was only simulated; None refuses such a record."""
    cps: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,200}$")] | None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Pointers:
    """Addresses with {base}, {authority} and {shard}; {shard} is empty for shard 0, `/n` for another."""

    crl: Uri
    ocsp: Uri
    issuer: Uri


@dataclass(frozen=True, slots=True, config=_STRICT)
class NameConstraints:
    """RFC 5280 4.2.1.10: directory names below one of these; always critical."""

    permitted: Annotated[tuple[tuple[tuple[AttributeText, str], ...], ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class AlternativeNames:
    """RFC 5280 4.2.1.6: host names."""

    critical: bool
    required: bool


@dataclass(frozen=True, slots=True, config=_STRICT)
class TypedValue:
    """A value with its encoder: written in the profile, or a parameter of the request."""

    type: ValueType
    value: str | bool | int | None = None
    parameter: ParameterName | None = None
    items: tuple[TypedValue, ...] | None = None
    digest: Digest | None = None
    """Of a written digest: the algorithm; `value` is then hexadecimal."""

    def parameters(self) -> frozenset[str]:
        """Names of the parameters it takes."""
        inner = frozenset().union(*[item.parameters() for item in self.items or ()])
        return inner | {self.parameter} if self.parameter else inner

    def encode(self, values: Mapping[str, Value]) -> bytes:
        """DER; raises `RequestInvalid` naming the parameter that is missing or of another type."""
        if self.items is not None:
            return der.sequence(*[item.encode(values) for item in self.items])
        if self.parameter is None:
            return encode_value(self.type, self._written())
        try:
            return encode_value(self.type, parameter_value(values, self.parameter))
        except (ValueError, UnicodeError) as error:
            raise RequestInvalid(self.parameter, str(error)) from error

    def _written(self) -> object:
        if self.type is ValueType.DIGEST and self.digest is not None:
            return DigestInfo(self.digest, bytes.fromhex(str(self.value)))
        return self.value

    def check(self, depth: int = 0) -> None:
        """Raises ValueError unless exactly one source is there and a written value can be encoded."""
        sources = (self.value is not None) + (self.parameter is not None) + (self.items is not None)
        if sources != 1:
            raise ValueError("must have exactly one of value, parameter and items")
        if (self.type is ValueType.SEQUENCE) != (self.items is not None):
            raise ValueError("must have items if it is a sequence, and only then")
        if depth > MAX_SEQUENCE_DEPTH:
            raise ValueError(f"is nested deeper than {MAX_SEQUENCE_DEPTH}")
        for item in self.items or ():
            item.check(depth + 1)
        if self.value is not None:
            encode_value(self.type, self._written())


@dataclass(frozen=True, slots=True, config=_STRICT)
class ExtraExtension:
    """An extension of the profile's own."""

    oid: Oid
    critical: bool
    value: TypedValue


@dataclass(frozen=True, slots=True, config=_STRICT, eq=False)
class Profile:
    """What certificates of this name look like. Equal profiles have equal hashes."""

    name: ProfileName
    description: str
    issued_by: Annotated[tuple[AuthorityRole, ...], Field(min_length=1)]
    authority: AuthorityRole | None
    """The role that the certificate's holder plays, when it is an authority."""
    key_purpose: KeyPurpose
    key_reuse: Literal["never", "renewal"]
    """Whether a key may have a second certificate: never, or on renewal for the same subject."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)]
    """Of the subject's key."""
    subject: Subject
    validity: Validity
    basic_constraints: BasicConstraints
    key_usage: KeyUsage
    extended_key_usage: ExtendedKeyUsage | None
    policies: Policies | None
    pointers: Pointers | None
    name_constraints: NameConstraints | None
    alternative_names: AlternativeNames | None
    ocsp_no_check: bool
    extensions: tuple[ExtraExtension, ...]
    profile_hash: str = field(default="", init=False)
    """SHA-256 of the RFC 8785 form of the data, hexadecimal: what requests and records pin."""
    data: bytes = field(default=b"", init=False, repr=False)
    """That form."""

    @property
    def is_root(self) -> bool:
        """The certificate is self-signed."""
        return self.authority is AuthorityRole.ROOT

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Profile) and other.profile_hash == self.profile_hash

    def __hash__(self) -> int:
        return hash(self.profile_hash)
