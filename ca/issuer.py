"""What a certificate takes from its issuer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography import x509

from ca.certificate import Certificate
from ca.errors import EncodingInvalid, RequestInvalid
from ca.name import Name
from ca.registry import Authority, AuthorityId, AuthorityRole
from keys.public import PublicKey

_BASE_URL = re.compile(r"https?://[A-Za-z0-9._~\[\]:/-]{1,180}\Z")


@dataclass(frozen=True, slots=True, eq=False)
class IssuerContext:
    """An issuer as certificates see it. Keep one an authority: templates are kept by its identity."""

    authority_id: AuthorityId
    role: AuthorityRole
    subject_der: bytes
    """Its Name, byte for byte as in its certificate (RFC 5280 4.1.2.4)."""
    public: PublicKey
    key_identifier: bytes
    """Its subject key identifier."""
    base_url: str
    """What {base} in the profiles' pointers stands for."""
    not_before: datetime | None
    not_after: datetime | None
    """None, both, for a root that is about to sign itself."""
    path_length: int | None
    permitted: tuple[bytes, ...]
    """Encoded Names of its permitted directoryName subtrees; empty for no constraint."""

    def __post_init__(self) -> None:
        if not _BASE_URL.match(self.base_url):
            raise RequestInvalid("base_url", "is not an http or https address")

    @classmethod
    def of(cls, authority: Authority, base_url: str) -> Self:
        """From an authority's certificate; raises `EncodingInvalid` when that is none of an authority."""
        certificate = Certificate(authority.certificate)
        try:
            identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound as error:
            raise EncodingInvalid("issuer certificate", f"is none of an authority: {error}") from error
        if not constraints.ca:
            raise EncodingInvalid("issuer certificate", "is not for an authority")
        return cls(
            authority.authority_id,
            authority.role,
            certificate.subject_der,
            certificate.public,
            identifier.digest,
            base_url,
            certificate.not_before,
            certificate.not_after,
            constraints.path_length,
            permitted_names(certificate),
        )

    @classmethod
    def self_signed(cls, authority_id: AuthorityId, subject: Name, public: PublicKey, base_url: str) -> Self:
        """A root about to be made: issuer and subject are one."""
        identifier = public.key_identifier
        return cls(
            authority_id, AuthorityRole.ROOT, subject.der, public, identifier, base_url, None, None, None, ()
        )

    @property
    def is_self_signed(self) -> bool:
        """It has no certificate yet and will sign its own."""
        return self.not_after is None


def permitted_names(certificate: Certificate) -> tuple[bytes, ...]:
    """Encoded Names of the permitted directoryName subtrees; empty for no constraint."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return ()
    subtrees = constraints.permitted_subtrees or ()
    return tuple(one.value.public_bytes() for one in subtrees if isinstance(one, x509.DirectoryName))
