"""Targets: certificates, certification requests, profiles, trust files, public keys and signatures."""

from __future__ import annotations

from contextlib import suppress

from ca.certificate import Certificate, load_pem
from ca.errors import EncodingInvalid, ProfileInvalid, RequestInvalid
from ca.lint import lint_certificate
from ca.profile import parse_profile, shipped_profiles
from ca.request import build_request, parse_request
from ca.trust import load_trust
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm
from tests.fuzz.target import Target
from tests.support import chains

DATA = b"data"


def _keys() -> tuple[PrivateKey, ...]:
    return tuple(PrivateKey.generate(algorithm) for algorithm in (Algorithm.P256, Algorithm.SM2))


def targets() -> tuple[Target, ...]:
    """Of this module."""
    keys = _keys()
    leaves = [chains.leaf(algorithm, "person-event").certificate for algorithm in chains.DEFAULTS]
    pem = tuple(leaf.pem().encode() for leaf in leaves)

    def signature(data: bytes) -> None:
        for key in keys:
            with suppress(SignatureInvalid):
                key.public.verify(data, DATA)

    def certificate(data: bytes) -> None:
        lint_certificate(data)
        _ = Certificate(data).public

    return (
        Target(
            "certificate",
            certificate,
            (EncodingInvalid,),
            tuple(leaf.data for leaf in leaves),
            ("ca.certificate",),
        ),
        Target("pem", load_pem, (EncodingInvalid,), pem, ("ca.certificate",)),
        Target(
            "trust",
            lambda data: load_trust({"file": data}),
            (EncodingInvalid,),
            (*pem, leaves[0].data),
            ("ca.trust",),
        ),
        Target(
            "csr",
            parse_request,
            (RequestInvalid,),
            tuple(build_request(key) for key in keys),
            ("ca.request",),
        ),
        Target(
            "profile", parse_profile, (ProfileInvalid,), tuple(shipped_profiles().values()), ("ca.profile",)
        ),
        Target(
            "public_key",
            PublicKey.from_spki,
            (KeyEncodingInvalid,),
            tuple(key.public.spki for key in keys),
            ("keys.public",),
        ),
        Target("signature", signature, (), tuple(key.sign(DATA) for key in keys), ("keys.ecsignature",)),
    )
