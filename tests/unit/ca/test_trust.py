"""A verifier hears when what they took for an anchor is none."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from ca.trust import load_trust
from tests.support.clock import NOON


def test_a_self_signed_certificate_of_a_key_we_do_not_take_is_named() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "P-384 root")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(NOON).not_valid_after(NOON + timedelta(days=1))
    data = built.sign(key, SHA384()).public_bytes(Encoding.PEM)
    store = load_trust({"root.pem": data})
    assert (store.anchors, store.intermediates) == ((), ())
    ((file, reason),) = store.unread
    assert file == "root.pem"
    assert "P-256, RSA-3072 or SM2" in reason
