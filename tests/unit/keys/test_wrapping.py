from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeyUnsealFailed, MasterKeyDiffers
from keys.suites import Suite
from keys.wrapping import MARK_SIZE, NONCE_SIZE, OVERHEAD, MasterKey, MasterKeyRing, master_key_id

both = pytest.mark.parametrize("suite", list(Suite))


def ring_of(*secrets_: bytes) -> MasterKeyRing:
    return MasterKeyRing(*map(MasterKey, secrets_ or (secrets.token_bytes(32),)))


@both
@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=50))
def test_what_was_sealed_opens(suite: Suite, plaintext: bytes, aad: bytes) -> None:
    ring = ring_of(bytes(range(32)))
    sealed = ring.seal(plaintext, aad, suite)
    assert len(sealed) == OVERHEAD + len(plaintext)
    assert ring.open(sealed, aad, subject="x") == plaintext


@both
def test_every_byte_is_authenticated(suite: Suite) -> None:
    ring = ring_of()
    sealed = ring.seal(b"secret", b"aad", suite)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 0x03  # turns one suite's code into the other's too
        with pytest.raises(KeyUnsealFailed):
            ring.open(bytes(altered), b"aad", subject="x")
    for size in range(len(sealed)):
        with pytest.raises(KeyUnsealFailed):
            ring.open(sealed[:size], b"aad", subject="x")
    with pytest.raises(KeyUnsealFailed):
        ring.open(sealed, b"aae", subject="x")


def test_the_format_can_be_read_without_us() -> None:
    secret = secrets.token_bytes(32)
    sealed = MasterKey(secret).seal(b"secret", b"aad")
    key = HKDF(SHA256(), 32, None, b"xinqian/master/aes-256-gcm").derive(secret)
    mark, nonce = sealed[:MARK_SIZE], sealed[MARK_SIZE : MARK_SIZE + NONCE_SIZE]
    assert AESGCM(key).decrypt(nonce, sealed[MARK_SIZE + NONCE_SIZE :], mark + b"aad") == b"secret"


@both
def test_no_nonce_comes_twice(suite: Suite) -> None:
    key = MasterKey(secrets.token_bytes(32))
    nonces = {key.seal(b"", b"", suite)[MARK_SIZE : MARK_SIZE + NONCE_SIZE] for _ in range(1000)}
    assert len(nonces) == 1000


def test_the_wrong_master_key_is_told_apart_from_an_altered_blob() -> None:
    ours, theirs = ring_of(), ring_of()
    sealed = theirs.seal(b"secret", b"", Suite.INTL)
    with pytest.raises(MasterKeyDiffers) as caught:
        ours.open(sealed, b"", subject="key-1")
    assert caught.value.subject == "key-1"
    assert caught.value.sealed_under == theirs.current.key_id.hex() == master_key_id(sealed, subject="").hex()


def test_a_rotation_seals_anew_and_opens_the_old() -> None:
    ring = ring_of()
    before = ring.wrap(b"k" * 32, b"context")
    first = ring.current
    ring.rotate(MasterKey(secrets.token_bytes(32)))
    after = ring.wrap(b"k" * 32, b"context")
    assert ring.unwrap(before, b"context") == ring.unwrap(after, b"context") == b"k" * 32
    assert not ring.is_current(before)
    assert ring.is_current(after)
    assert ring.key_ids == (ring.current.key_id, first.key_id)


@both
def test_resealing_keeps_plaintext_and_suite(suite: Suite) -> None:
    ring = ring_of()
    before = ring.seal(b"secret", b"aad", suite)
    ring.rotate(MasterKey(secrets.token_bytes(32)))
    after = ring.reseal(before, b"aad", subject="x")
    assert after[:2] == before[:2]
    assert ring.is_current(after)
    assert MasterKeyRing(ring.current).open(after, b"aad", subject="x") == b"secret"


def test_a_key_that_another_process_rotated_to_is_read_when_first_met() -> None:
    old, new = MasterKey(secrets.token_bytes(32)), MasterKey(secrets.token_bytes(32))
    stored = [old]
    ring = MasterKeyRing(old, reread=lambda: stored)
    sealed = new.seal(b"secret", b"")
    with pytest.raises(MasterKeyDiffers):
        ring.unwrap(sealed, b"")
    stored[:] = [new, old]
    assert ring.unwrap(sealed, b"") == b"secret"
    assert ring.current is new
    assert ring.unwrap(old.seal(b"earlier", b""), b"") == b"earlier"


def test_the_secret_shows_nowhere() -> None:
    secret = secrets.token_bytes(32)
    key = MasterKey(secret)
    assert secret.hex() not in repr(key)
    assert key.key_id not in secret


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_master_secret_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(bytes(size))
