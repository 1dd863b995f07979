"""Sign a prepared certificate once, and compare what was signed with what was linted."""

from __future__ import annotations

from cryptography.hazmat import asn1

from ca.certificate import MAX_CERTIFICATE_SIZE
from ca.errors import IssuanceMismatch
from ca.serial import serial_text
from ca.template import Prepared
from keys import der
from keys.errors import SignatureInvalid
from keys.ports import Signer


@asn1.sequence
class _Signed:  # RFC 5280 4.1, the outer structure only
    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


def sign_once(prepared: Prepared, signer: Signer, *, verify: bool = True) -> bytes:
    """The certificate, DER; raises `IssuanceMismatch`, `keys.errors.KeysError`.

    The bytes that leave are taken apart again and compared with those linted. `verify` checks the
    signature too: for the first of a batch this proves that the signer is the issuer's.
    """
    data = prepared.finish(signer.sign(prepared.tbs))
    try:
        parts = der.decode(_Signed, data, limit=MAX_CERTIFICATE_SIZE)
        if der.raw(parts.tbs) != prepared.tbs or signer.public.algorithm is not prepared.algorithm:
            raise IssuanceMismatch(serial_text(prepared.serial))
        if verify:
            signer.public.verify(parts.signature.as_bytes(), prepared.tbs)
    except (der.DerInvalid, SignatureInvalid) as error:
        raise IssuanceMismatch(serial_text(prepared.serial)) from error
    return data
