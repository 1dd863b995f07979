"""What every `Custody` keeps to: in this process, and on a token."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from keys.adapters.pkcs11 import Pkcs11Custody
from keys.adapters.software import SoftwareCustody
from keys.adapters.token import Token
from keys.adapters.token_master import TokenMasterKeys
from keys.errors import (
    AlgorithmNotAllowed,
    CustodyUnavailable,
    KeyUnsealFailed,
    MasterKeyDiffers,
    MasterKeyInvalid,
    SignatureInvalid,
)
from keys.key import KeyPurpose, new_key_id
from keys.ports import Custody
from keys.suites import Algorithm
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.keys import generated
from tests.support.softhsm import PIN, SoftHsm

ON_TOKENS = (Algorithm.P256, Algorithm.RSA3072)


@pytest.fixture(params=["software", "pkcs11"])
def custody(request: pytest.FixtureRequest) -> Custody:
    if request.param == "software":
        return SoftwareCustody(MasterKeyRing(MasterKey(secrets.token_bytes(32))))
    device: SoftHsm = request.getfixturevalue("softhsm")
    return Pkcs11Custody.on(device.library, device.make_token(), PIN)


@pytest.mark.parametrize("algorithm", ON_TOKENS)
def test_a_generated_key_signs_what_its_public_half_verifies(custody: Custody, algorithm: Algorithm) -> None:
    record = generated(custody, algorithm)
    signer = custody.open(record)
    assert signer.key_id == record.key_id
    assert signer.public == record.public
    for message in (b"", b"a", secrets.token_bytes(10_000)):
        signature = signer.sign(message)
        record.public.verify(signature, message)
        with pytest.raises(SignatureInvalid):
            record.public.verify(signature, message + b".")


def test_every_key_is_another(custody: Custody) -> None:
    assert generated(custody, Algorithm.P256).public != generated(custody, Algorithm.P256).public


def test_the_handle_of_one_key_does_not_open_another(custody: Custody) -> None:
    first, second = generated(custody, Algorithm.P256), generated(custody, Algorithm.P256)
    with pytest.raises(KeyUnsealFailed) as caught:
        custody.open(replace(first, handle=second.handle))
    assert caught.value.subject == first.key_id


def test_a_record_with_another_public_key_does_not_open(custody: Custody) -> None:
    first, second = generated(custody, Algorithm.P256), generated(custody, Algorithm.P256)
    with pytest.raises(KeyUnsealFailed):
        custody.open(replace(first, public=second.public))


@pytest.mark.parametrize("handle", [b"", b"\x01", b"no such key", bytes(200)])
def test_a_handle_that_is_none_does_not_open(custody: Custody, handle: bytes) -> None:
    with pytest.raises(KeyUnsealFailed):
        custody.open(replace(generated(custody, Algorithm.P256), handle=handle))


def test_a_destroyed_key_does_not_open_and_is_destroyed_twice_without_harm(custody: Custody) -> None:
    record, neighbour = generated(custody, Algorithm.P256), generated(custody, Algorithm.P256)
    custody.destroy(record)
    custody.destroy(record)
    emptied = replace(record, handle=b"")
    custody.destroy(emptied)
    with pytest.raises(KeyUnsealFailed):
        custody.open(emptied)
    custody.open(neighbour).sign(b"still here")


def test_threads_sign_at_once(custody: Custody) -> None:
    record = generated(custody, Algorithm.P256)
    signer = custody.open(record)
    messages = [secrets.token_bytes(20) for _ in range(100)]
    with ThreadPoolExecutor(4) as pool:
        for message, signature in zip(messages, pool.map(signer.sign, messages), strict=True):
            record.public.verify(signature, message)


# The software custody alone.


@pytest.fixture
def ring() -> MasterKeyRing:
    return MasterKeyRing(MasterKey(secrets.token_bytes(32)))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_software_keys_of_every_algorithm_are_bound_to_purpose_and_algorithm(
    ring: MasterKeyRing, algorithm: Algorithm
) -> None:
    custody = SoftwareCustody(ring)
    record = generated(custody, algorithm)
    record.public.verify(custody.open(record).sign(b"x"), b"x")
    with pytest.raises(KeyUnsealFailed):
        custody.open(replace(record, purpose=KeyPurpose.ROOT_CA))
    with pytest.raises(KeyUnsealFailed):
        custody.open(replace(record, key_id=new_key_id()))
    for place in (0, 1, 2, 10, 22, len(record.handle) - 1):
        altered = bytearray(record.handle)
        altered[place] ^= 1
        with pytest.raises(KeyUnsealFailed):
            custody.open(replace(record, handle=bytes(altered)))


def test_a_wrong_master_key_is_named_as_such(ring: MasterKeyRing) -> None:
    record = generated(SoftwareCustody(ring), Algorithm.SM2)
    other = MasterKeyRing(MasterKey(secrets.token_bytes(32)))
    with pytest.raises(MasterKeyDiffers) as caught:
        SoftwareCustody(other).open(record)
    assert caught.value.sealed_under == ring.current.key_id.hex()
    assert caught.value.given == other.current.key_id.hex()


def test_no_private_key_is_in_the_handle(ring: MasterKeyRing) -> None:
    record = generated(SoftwareCustody(ring), Algorithm.P256)
    assert record.public.key_bits not in record.handle
    assert b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" not in record.handle  # the curve's name


# The token alone.


def objects(session: Any, wanted: dict[Attribute, object]) -> list[Any]:  # noqa: ANN401
    return list(session.get_objects(wanted))


def test_a_token_keeps_its_keys_to_itself(softhsm: SoftHsm) -> None:
    token = Token(softhsm.library, softhsm.make_token(), PIN)
    for algorithm in ON_TOKENS:
        record = generated(Pkcs11Custody(token), algorithm, KeyPurpose.ISSUING_CA)
        wanted = {Attribute.ID: record.handle, Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        (private,) = token.run(partial(objects, wanted=wanted))
        assert private[Attribute.SENSITIVE]
        assert private[Attribute.ALWAYS_SENSITIVE]
        assert private[Attribute.NEVER_EXTRACTABLE]
        assert not private[Attribute.EXTRACTABLE]
        assert private[Attribute.TOKEN]
        assert private[Attribute.LABEL] == f"{record.key_id} issuing-ca"
        with pytest.raises(pkcs11.PKCS11Error):
            _ = private[Attribute.VALUE if algorithm is Algorithm.P256 else Attribute.PRIVATE_EXPONENT]


def test_a_token_takes_no_sm2_key(softhsm: SoftHsm) -> None:
    custody = Pkcs11Custody.on(softhsm.library, softhsm.make_token(), PIN)
    with pytest.raises(AlgorithmNotAllowed):
        custody.generate(new_key_id(), Algorithm.SM2, KeyPurpose.OCSP)


def test_a_missing_library_is_named() -> None:
    custody = Pkcs11Custody.on("/nowhere/libpkcs11.so", "token", PIN)
    with pytest.raises(CustodyUnavailable, match=r"token token of /nowhere/libpkcs11\.so"):
        custody.generate(new_key_id(), Algorithm.P256, KeyPurpose.OCSP)


def test_a_missing_token_is_named(softhsm: SoftHsm) -> None:
    custody = Pkcs11Custody.on(softhsm.library, "no-such-token", PIN)
    with pytest.raises(CustodyUnavailable, match="no-such-token"):
        custody.generate(new_key_id(), Algorithm.P256, KeyPurpose.OCSP)


def test_a_refused_pin_is_not_tried_again_lest_the_token_lock(softhsm: SoftHsm) -> None:
    label = softhsm.make_token()
    wrong = Pkcs11Custody.on(softhsm.library, label, "9999")
    with pytest.raises(CustodyUnavailable, match="PIN is refused") as first:
        wrong.generate(new_key_id(), Algorithm.P256, KeyPurpose.OCSP)
    with pytest.raises(CustodyUnavailable) as second:
        wrong.generate(new_key_id(), Algorithm.P256, KeyPurpose.OCSP)
    assert second.value is first.value
    assert "9999" not in str(first.value)
    generated(Pkcs11Custody.on(softhsm.library, label, PIN), Algorithm.P256)


def test_a_signer_survives_the_loss_and_return_of_its_token(softhsm: SoftHsm) -> None:
    custody = Pkcs11Custody.on(softhsm.library, softhsm.make_token(), PIN)
    record = generated(custody, Algorithm.P256)
    signer = custody.open(record)
    softhsm.remove_tokens()
    pkcs11.lib(softhsm.library).finalize()
    with pytest.raises(CustodyUnavailable):
        signer.sign(b"while it is away")
    softhsm.return_tokens()
    record.public.verify(signer.sign(b"again"), b"again")


def test_a_signer_survives_the_end_of_its_session(softhsm: SoftHsm) -> None:
    token = Token(softhsm.library, softhsm.make_token(), PIN)
    record = generated(Pkcs11Custody(token), Algorithm.RSA3072)
    signer = Pkcs11Custody(token).open(record)
    signer.sign(b"before")
    token.close()
    record.public.verify(signer.sign(b"after"), b"after")
    token._session.close()
    record.public.verify(signer.sign(b"once more"), b"once more")


def test_two_custodies_share_a_token(softhsm: SoftHsm) -> None:
    label = softhsm.make_token()
    first, second = (Pkcs11Custody.on(softhsm.library, label, PIN) for _ in range(2))
    record = generated(first, Algorithm.P256)
    signer = second.open(record)
    first.close()  # logs the whole process out of the token
    record.public.verify(signer.sign(b"x"), b"x")


# Master secrets under a key of the token.


def test_a_token_seals_master_secrets(softhsm: SoftHsm) -> None:
    keys = TokenMasterKeys(Token(softhsm.library, softhsm.make_token(), PIN), "master")
    keys.make_key()
    current, earlier = secrets.token_bytes(32), secrets.token_bytes(32)
    stored = f"# the one in force first\n{keys.seal(current)}\n\n{keys.seal(earlier)}\n"
    opened = keys.open(stored)
    assert [key.key_id for key in opened] == [MasterKey(current).key_id, MasterKey(earlier).key_id]
    with pytest.raises(MasterKeyInvalid, match="already"):
        keys.make_key()


def test_another_token_does_not_open_them(softhsm: SoftHsm) -> None:
    made = []
    for _ in range(2):
        keys = TokenMasterKeys(Token(softhsm.library, softhsm.make_token(), PIN), "master")
        keys.make_key()
        made.append(keys)
    line = made[0].seal(secrets.token_bytes(32))
    with pytest.raises(MasterKeyInvalid, match="another key, or altered"):
        made[1].open(line)
    for text in ("", "# nothing", "not base64!", line[:-8]):
        with pytest.raises(MasterKeyInvalid):
            made[0].open(text)
    with pytest.raises(MasterKeyInvalid, match="is not there once"):
        TokenMasterKeys(made[0]._token, "other").open(line)
