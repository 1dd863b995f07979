"""Who signs: the certificate, its key, and what every message of theirs carries, made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from ca.certificate import Certificate
from ca.token import identity_of
from keys.cms import RFC5652, ContentTypes, SignerIdentity
from keys.cms_build import SignedDataBuilder
from keys.public import PublicKey

TOKEN_ROOM = 8_192  # octets: tokens with a chain of RSA certificates have 5,000 to 7,000
SIGNATURE_ROOM = 1_024  # octets: attributes, identifiers, names and an RSA-4096 signature take under 900
SIGNATORIES_KNOWN = 64  # of whom a bank's seals sign again and again; persons' certificates sign once


@dataclass(frozen=True, slots=True)
class Signatory:
    """One signer, as messages name and prove it."""

    certificate: Certificate
    public: PublicKey
    """The certificate's."""
    identity: SignerIdentity
    room: int
    """Octets that a message takes at most, without a token."""
    builder: SignedDataBuilder = field(repr=False)


@lru_cache(maxsize=SIGNATORIES_KNOWN)
def signatory(certificates: tuple[bytes, ...], content_types: ContentTypes = RFC5652) -> Signatory:
    """From the signer's certificate and those above it, in DER.

    Messages carry the chain without its root, which proves nothing to who does not hold it already.
    Raises `ca.errors.EncodingInvalid` for one that cannot be read.
    """
    first, *above = map(Certificate, certificates)
    identity = identity_of(first)
    carried = [first.data, *(one.data for one in above if not one.is_self_issued)]
    builder = SignedDataBuilder(
        identity, first.public.algorithm, content_types=content_types, certificates=carried
    )
    room = SIGNATURE_ROOM + 2 * len(identity.issuer_der) + sum(map(len, carried))
    return Signatory(first, first.public, identity, room, builder)
