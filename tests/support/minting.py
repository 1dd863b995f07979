"""Certificates with whatever defect a test wants, in either suite; nothing asks whether they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ca import extension as ext
from ca import oids
from ca.certificate import Certificate, certificate_der
from ca.crlbuild import CrlDraft, encode_entry, encode_tbs
from ca.registry import Revocation
from ca.serial import new_serial
from ca.statusextension import encode_time
from keys import der
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON

BEGIN, END = NOON - timedelta(days=30), NOON + timedelta(days=30)
POINT = "http://ca.test/crl"


def name(*pairs: tuple[str, str]) -> bytes:
    """A Name of (attribute OID, text), UTF8String each."""
    rdns = [der.set_of(der.sequence(der.oid(oid), der.wrap(0x0C, text.encode()))) for oid, text in pairs]
    return der.sequence(*rdns)


def common(text: str, *, organisation: str = "Bank") -> bytes:
    return name(("2.5.4.6", "CN"), ("2.5.4.10", organisation), ("2.5.4.3", text))


@dataclass(slots=True)
class Minted:
    """A certificate with its key."""

    certificate: Certificate
    key: PrivateKey

    @property
    def data(self) -> bytes:
        return self.certificate.data


@dataclass(slots=True)
class Recipe:
    """What a certificate says; the defaults make a good one."""

    subject: bytes
    algorithm: Algorithm
    issuer: Minted | None = None
    authority: bool = False
    path_length: int | None = None
    not_before: datetime = BEGIN
    not_after: datetime = END
    serial: int | None = None
    usage: Sequence[str] | None = None
    without: frozenset[str] = frozenset()
    extra: Sequence[bytes] = ()
    replaced: dict[str, bytes] = field(default_factory=dict)
    key: PrivateKey | None = None
    signing_key: PrivateKey | None = None
    signature_identifier: bytes | None = None

    def extensions(self, key: PrivateKey, issuer_key: PrivateKey) -> list[bytes]:
        usage = self.usage or (("keyCertSign", "cRLSign") if self.authority else ("digitalSignature",))
        constraints = ext.basic_constraints(ca=self.authority, path_length=self.path_length)
        made = {
            oids.BASIC_CONSTRAINTS: ext.extension(oids.BASIC_CONSTRAINTS, constraints, critical=True),
            oids.KEY_USAGE: ext.extension(oids.KEY_USAGE, ext.key_usage(usage), critical=True),
            oids.SUBJECT_KEY_IDENTIFIER: ext.extension(
                oids.SUBJECT_KEY_IDENTIFIER, der.octets(key.public.key_identifier)
            ),
            oids.AUTHORITY_KEY_IDENTIFIER: ext.extension(
                oids.AUTHORITY_KEY_IDENTIFIER, ext.authority_key_identifier(issuer_key.public.key_identifier)
            ),
            oids.CRL_DISTRIBUTION_POINTS: ext.extension(
                oids.CRL_DISTRIBUTION_POINTS, ext.crl_distribution_point(POINT)
            ),
        }
        made.update(self.replaced)
        return [one for oid, one in made.items() if oid not in self.without] + list(self.extra)


def tbs_of(recipe: Recipe, key: PrivateKey, issuer_key: PrivateKey) -> bytes:
    issuer_name = recipe.subject if recipe.issuer is None else recipe.issuer.certificate.subject_der
    algorithm = issuer_key.algorithm.info.signature_identifier
    return der.sequence(
        der.explicit(0, der.encode(2)),
        der.encode(int(new_serial()) if recipe.serial is None else recipe.serial),
        algorithm,
        issuer_name,
        der.sequence(encode_time(recipe.not_before), encode_time(recipe.not_after)),
        recipe.subject,
        key.public.spki,
        der.explicit(3, der.sequence(*recipe.extensions(key, issuer_key))),
    )


def mint_bytes(recipe: Recipe) -> tuple[bytes, PrivateKey]:
    """DER, also of what no parser would take."""
    key = recipe.key or PrivateKey.generate(recipe.algorithm)
    issuer_key = key if recipe.issuer is None else recipe.issuer.key
    tbs = tbs_of(recipe, key, issuer_key)
    signer = recipe.signing_key or issuer_key
    return certificate_der(tbs, issuer_key.algorithm, signer.sign(tbs)), key


def mint(subject: str, algorithm: Algorithm, issuer: Minted | None = None, **changes: object) -> Minted:
    data, key = mint_bytes(Recipe(common(subject), algorithm, issuer, **changes))  # type: ignore[arg-type]
    return Minted(Certificate(data), key)


def crl_of(
    issuer: Minted, revoked: Sequence[Revocation] = (), *, at: datetime = NOON, **changes: object
) -> bytes:
    """A CRL of a minted authority."""
    values: dict[str, object] = {
        "issuer": issuer.certificate,
        "number": 1,
        "base_number": None,
        "this_update": at,
        "next_update": at + timedelta(days=7),
        "url": POINT,
        "only_user_certificates": False,
        "expired_from": BEGIN - timedelta(days=1),
    }
    draft = CrlDraft(**{**values, **changes})  # type: ignore[arg-type]
    tbs = encode_tbs(draft, issuer.key.algorithm, b"".join(map(encode_entry, revoked)))
    return certificate_der(tbs, issuer.key.algorithm, issuer.key.sign(tbs))
