"""Sign a container (ETSI EN 319 162-1 A.4, ASiC-E with CAdES): a signature and a timestamp in each suite.

Each lies apart with a manifest of its own, so that a reader who knows one suite fails at the other's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import CaError
from ca.token import identity_of
from evidence.digest import DigestPair
from forensics.errors import ContentsInvalid
from forensics.package.asicmanifest import manifest_over
from forensics.package.container import MIMETYPE
from forensics.package.manifest import META
from keys import cms
from keys.cms import Attribute
from keys.cms_build import SignedDataBuilder
from keys.ports import Signer
from keys.suites import Digest, Suite
from signing.ports import TimestampSource


@dataclass(frozen=True, slots=True)
class Slot:
    """A signature or a timestamp of the container: its file, its manifest, its suite."""

    manifest: str
    proof: str
    suite: Suite

    @property
    def name(self) -> str:
        """As reports call it: `signature001`."""
        return self.proof.removeprefix(META).partition(".")[0]


SIGNATURES = (
    Slot("META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s", Suite.INTL),
    Slot("META-INF/ASiCManifest002.xml", "META-INF/signature002.p7s", Suite.GUOMI),
)
TIMESTAMPS = (
    Slot("META-INF/ASiCManifest003.xml", "META-INF/timestamp001.tst", Suite.INTL),
    Slot("META-INF/ASiCManifest004.xml", "META-INF/timestamp002.tst", Suite.GUOMI),
)
SIGNED_META = tuple(path for slot in SIGNATURES for path in (slot.manifest, slot.proof))
"""What the timestamps are over beside the files themselves: they prove when the signatures existed."""
ALL_META = (*SIGNED_META, *(path for slot in TIMESTAMPS for path in (slot.manifest, slot.proof)))


@dataclass(frozen=True, slots=True)
class Seal:
    """An institution's key of one suite, with its certificate and the authority that stamps for it."""

    signer: Signer
    chain: tuple[bytes, ...]
    """DER, the signer's certificate first; what stands in the message. The root may be left out."""
    timestamps: TimestampSource
    stamp_chain: tuple[bytes, ...]
    """DER, the timestamping unit's certificate first, then those above it up to the root."""

    @property
    def suite(self) -> Suite:
        """Of the key."""
        return self.signer.public.algorithm.suite

    @property
    def digest(self) -> Digest:
        """Beside the key."""
        return self.signer.public.algorithm.digest


def sign_container(
    digests: Mapping[str, DigestPair], seals: Mapping[Suite, Seal], at: datetime
) -> dict[str, bytes]:
    """The files below META-INF/ over all files, given by their digests; `at` is the claimed signing time.

    Raises `ContentsInvalid` for a missing or unfitting seal, and as signers and timestamp sources do.
    """
    made: dict[str, bytes] = {}
    # The type belongs to the container, not to what is signed; manifest.json has its digests all the same.
    digests = {path: one for path, one in digests.items() if path != MIMETYPE}
    for slot in SIGNATURES:
        seal = _seal(seals, slot)
        made[slot.manifest] = manifest_over(slot.proof, digests, sm3=slot.suite is Suite.GUOMI)
        made[slot.proof] = sign_detached(made[slot.manifest], seal, at)
    signed = {**digests, **{path: DigestPair.of(data) for path, data in made.items()}}
    for slot in TIMESTAMPS:
        seal = _seal(seals, slot)
        made[slot.manifest] = manifest_over(slot.proof, signed, sm3=slot.suite is Suite.GUOMI)
        made[slot.proof] = seal.timestamps.token(seal.digest.of(made[slot.manifest]), seal.digest)
    return made


def sign_detached(content: bytes, seal: Seal, at: datetime) -> bytes:
    """A CAdES B-T signature (ETSI EN 319 122-1 6.3) over content that lies outside it, DER."""
    try:
        certificate = Certificate(seal.chain[0])
        fits = certificate.public == seal.signer.public
    except (CaError, IndexError) as error:
        raise ContentsInvalid("seal", "has no certificate that can be read") from error
    if not fits:
        raise ContentsInvalid("seal", "has the certificate of another key")
    algorithm = seal.signer.public.algorithm
    builder = SignedDataBuilder(identity_of(certificate), algorithm, certificates=seal.chain)
    prepared = builder.prepare(algorithm.digest.of(content), [cms.signing_time(at)])
    signature = seal.signer.sign(prepared.to_sign)
    token = seal.timestamps.token(algorithm.digest.of(signature), algorithm.digest)
    return prepared.complete(signature, None, [Attribute(cms.OID_TIMESTAMP_TOKEN, (token,))])


def _seal(seals: Mapping[Suite, Seal], slot: Slot) -> Seal:
    seal = seals.get(slot.suite)
    if seal is None or seal.suite is not slot.suite:
        raise ContentsInvalid(slot.proof, f"needs a seal of the suite {slot.suite.value}")
    return seal
