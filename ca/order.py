"""What is ordered of the authority, by whom, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509

from ca.certificate import Certificate
from ca.errors import CaError, RequestInvalid
from ca.name import AttributeType, Name
from ca.registry import AuthorityId, Reservation
from ca.serial import SerialNumber, serial_text
from ca.template import CertificateRequest, Prepared
from evidence.event import Actor, ActorKind, CaseId
from keys.errors import KeysError
from keys.key import KeyId

KIND_BY_OID = {kind.oid: kind for kind in AttributeType}


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: a pseudonym for the evidence, and the profiles it may ask for."""

    pseudonym: str
    kind: ActorKind = ActorKind.APPLICATION
    profiles: frozenset[str] | None = None
    """None for an operator, who may ask for any."""

    def may_ask_for(self, profile: str) -> bool:
        """Whether the right is there."""
        return self.profiles is None or profile in self.profiles

    @property
    def actor(self) -> Actor:
        """As events name it."""
        return Actor(self.kind, self.pseudonym, "requester")


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate to be issued."""

    profile: str
    authority_id: AuthorityId
    request: CertificateRequest
    requester: Requester
    profile_hash: str | None = None
    """The version of the profile that the requester counts on; None for the one in force."""
    case_id: CaseId | None = None
    """The case that the certificate is issued for; None for a case of its own."""
    one_time_key: KeyId | None = None
    """Of the key that we made in memory for this certificate, recorded with it."""
    renews: SerialNumber | None = None
    """The certificate of the same key and subject that this one follows."""


@dataclass(frozen=True)
class Issued:
    """A certificate that is recorded and may leave."""

    serial: SerialNumber
    data: bytes = field(repr=False)
    """DER."""
    authority_id: AuthorityId
    profile: str
    profile_hash: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, prepared: Prepared, data: bytes) -> Issued:
        """What was prepared, signed."""
        return cls(
            prepared.serial,
            data,
            prepared.authority_id,
            prepared.profile,
            prepared.profile_hash,
            prepared.not_before,
            prepared.not_after,
        )

    @cached_property
    def certificate(self) -> Certificate:
        """Parsed."""
        return Certificate(self.data)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order of a batch that was refused, with the reason; recorded too."""

    order: Order
    error: CaError | KeysError


def certificate_case(serial: SerialNumber) -> CaseId:
    """The case of a certificate that belongs to no other."""
    return CaseId(f"certificate/{serial_text(serial)}")


def authority_case(authority_id: AuthorityId) -> CaseId:
    """The case of an authority's own acts."""
    return CaseId(f"authority/{authority_id}")


def reservation_of(prepared: Prepared, order: Order, at: datetime) -> Reservation:
    """The serial's row, before anything is signed."""
    return Reservation(
        prepared.serial,
        prepared.authority_id,
        prepared.profile,
        prepared.profile_hash,
        prepared.spki_fingerprint,
        prepared.subject.rfc4514(),
        prepared.identity_record,
        prepared.not_before,
        prepared.not_after,
        prepared.crl_shard,
        prepared.tbs_sha256,
        at,
        order.requester.pseudonym,
        order.renews,
    )


def subject_of_certificate(certificate: Certificate) -> Name:
    """The subject as a name of ours; raises `RequestInvalid` for attributes that we give nobody."""
    pairs = []
    for attribute in certificate.subject:
        kind = KIND_BY_OID.get(attribute.oid.dotted_string)
        if kind is None:
            raise RequestInvalid("subject", f"holds the attribute {attribute.oid.dotted_string}")
        pairs.append((kind.text, str(attribute.value)))
    return Name.of(pairs)


def renewal_order(
    certificate: Certificate, before: Reservation, requester: Requester, validity: timedelta | None
) -> Order:
    """The same subject, names and key once more; raises `RequestInvalid` for a subject we make none of."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        dns_names = ()
    request = CertificateRequest(
        certificate.public, subject_of_certificate(certificate), validity, dns_names=dns_names
    )
    return Order(before.profile, before.authority_id, request, requester, renews=before.serial)
