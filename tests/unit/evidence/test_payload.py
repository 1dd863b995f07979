from __future__ import annotations

import hashlib
import hmac
import secrets

import pytest

from evidence import payload
from evidence.errors import EventInvalid, PayloadCorrupt
from evidence.event import EventId, Sealed

KEY = secrets.token_bytes(32)
SALT = secrets.token_bytes(payload.SALT_SIZE)
EVENT = EventId("0199-1")
FIELDS = {"name": "王小明", "mobile": "13800000000", "elements": ["name", "mobile"]}


def test_a_sealed_payload_opens_with_its_salt() -> None:
    opened = payload.unseal(KEY, EVENT, payload.seal(KEY, EVENT, SALT, FIELDS))
    assert (opened.salt, opened.fields) == (SALT, FIELDS)


def test_nothing_personal_shows_in_it() -> None:
    sealed = payload.seal(KEY, EVENT, SALT, FIELDS)
    assert b"13800000000" not in sealed.ciphertext
    assert SALT.hex().encode() not in sealed.ciphertext


@pytest.mark.parametrize("what", ["key", "event", "nonce", "ciphertext"])
def test_it_is_bound_to_key_and_event(what: str) -> None:
    sealed = payload.seal(KEY, EVENT, SALT, FIELDS)
    key = bytes(32) if what == "key" else KEY
    event = EventId("0199-2") if what == "event" else EVENT
    nonce = bytes(12) if what == "nonce" else sealed.nonce
    ciphertext = sealed.ciphertext[:-1] if what == "ciphertext" else sealed.ciphertext
    with pytest.raises(PayloadCorrupt):
        payload.unseal(key, event, Sealed(nonce, ciphertext))


def test_a_commitment_can_be_checked_without_us() -> None:
    committed = payload.commit(SALT, FIELDS)
    salt = hmac.new(SALT, b"mobile", hashlib.sha256).digest()
    assert committed["mobile"]["sha256"] == hashlib.sha256(salt + b'"13800000000"').hexdigest()


def test_one_field_is_disclosed_and_proves_itself_alone() -> None:
    opened = payload.unseal(KEY, EVENT, payload.seal(KEY, EVENT, SALT, FIELDS))
    committed = payload.commit(SALT, FIELDS)
    payload.check_disclosed("name", "王小明", opened.field_salt("name"), committed["name"])
    for name, value, salt in (
        ("name", "王小民", opened.field_salt("name")),
        ("name", "王小明", opened.field_salt("mobile")),
        ("mobile", "王小明", opened.field_salt("name")),
    ):
        with pytest.raises(EventInvalid):
            payload.check_disclosed(name, value, salt, committed[name])


def test_the_same_value_is_committed_to_differently_every_time() -> None:
    first = payload.commit(SALT, {"a": "same", "b": "same"})
    assert first["a"] != first["b"]
    assert payload.commit(secrets.token_bytes(32), {"a": "same"})["a"] != first["a"]
