"""Prove that the keys that should open do: sign and verify with each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.canonical import JSON
from keys.errors import KeysError
from keys.key import KeyId, KeyRecord, KeyState
from keys.open import OpenSigners
from keys.ports import KeyStore

_SHOULD_OPEN = (KeyState.PRE_ACTIVE, KeyState.ACTIVE, KeyState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What came of one key: `code` is `ok` or the code of the error that it met."""

    key_id: KeyId
    signed: bool
    """False too for a key that only had to open."""
    code: str = "ok"
    reason: str = ""

    def facts(self) -> dict[str, JSON]:
        """As the self-check event carries it."""
        return {"code": self.code, "key_id": self.key_id, "signed": self.signed}


def check_keys(store: KeyStore, signers: OpenSigners, records: Iterable[KeyRecord]) -> tuple[KeyCheck, ...]:
    """Active keys sign a test message, which counts as a use, and verify it; the other live ones open.

    Keys that are deactivated or destroyed are passed over: nothing asks them to open.
    """
    return tuple(_check(store, signers, record) for record in records if record.state in _SHOULD_OPEN)


def _check(store: KeyStore, signers: OpenSigners, record: KeyRecord) -> KeyCheck:
    active = record.state is KeyState.ACTIVE
    try:
        signer = signers.signer(record) if active else signers.custody(record).open(record)
        if active:
            store.count_use(record.key_id, 1)
            # No structure that we sign begins with these bytes, so the signature serves for nothing else.
            message = b"xinqian/key-test\x00" + record.key_id.encode()
            record.public.verify(signer.sign(message), message)
    except KeysError as error:
        return KeyCheck(record.key_id, signed=False, code=error.code, reason=str(error))
    return KeyCheck(record.key_id, signed=active)
