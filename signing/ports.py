"""What contracts need from outside, as far as several modules share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keys.suites import Digest
from signing.document import BlobId, Buffer


class TimestampSource(Protocol):
    """A timestamp authority (RFC 3161): ours in process, or any by HTTP."""

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        """A TimeStampToken (DER) over the digest value, with its certificates, already verified.

        Raises `TimestampUnavailable`; never answers with anything but a token.
        """
        ...


@dataclass(frozen=True, slots=True)
class ValidationMaterial:
    """What a verifier will need when the authorities are gone, each in DER."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    responses: tuple[bytes, ...] = ()
    """OCSPResponse (RFC 6960)."""


class ValidationSource(Protocol):
    """Where chains and revocation status of certificates are to be had."""

    def material(self, certificates: Sequence[bytes]) -> ValidationMaterial:
        """Issuers up to the roots, and current revocation status of each below the root.

        Raises `ProviderUnavailable` when any part cannot be had: half of it proves nothing.
        """
        ...


class BlobStore(Protocol):
    """Immutable bytes by their SHA-256; on stable storage when `put` returns."""

    def put(self, data: Buffer) -> BlobId:
        """Idempotent. Raises `ProviderUnavailable`; nothing half-written is ever found by `read`."""
        ...

    def read(self, blob: BlobId) -> bytes:
        """Raises `DocumentUnavailable` when the bytes are gone or are not those stored."""
        ...

    def read_into(self, blob: BlobId, target: memoryview) -> None:
        """As `read`, into exactly as many octets: nothing of a large document stands in memory twice."""
        ...
