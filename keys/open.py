"""Open keys for signing, once each: state and purpose checked at every request, custody by the record."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from keys.errors import CustodyUnavailable, KeyPurposeInvalid, KeyStateInvalid, KeyUnsealFailed
from keys.key import KeyId, KeyPurpose, KeyRecord, KeyState
from keys.ports import Custody, Signer


class OpenSigners:
    """Signers of active keys, kept open by key id; safe for threads (`ca.ports.Signers`).

    A signer held by a caller goes on working after its key leaves the active state: ask for it anew,
    with a fresh record, for every act.
    """

    def __init__(self, custodies: Iterable[Custody]) -> None:
        self._custodies = {custody.name: custody for custody in custodies}
        self._open: dict[KeyId, Signer] = {}
        self._opening = threading.Lock()

    def signer(self, record: KeyRecord, purpose: KeyPurpose | None = None) -> Signer:
        """The signer of an active key, made for `purpose` when one is given.

        Raises `KeyStateInvalid`, `KeyPurposeInvalid`, `KeyUnsealFailed` (also for a record whose
        public key is not the opened key's), `CustodyUnavailable`.
        """
        if record.state is not KeyState.ACTIVE:
            self.forget(record.key_id)
            raise KeyStateInvalid(record.key_id, record.state.value, "sign")
        if purpose is not None and record.purpose is not purpose:
            raise KeyPurposeInvalid(record.key_id, record.purpose.value, purpose.value)
        signer = self._open.get(record.key_id)
        if signer is None:
            with self._opening:
                signer = self._open.get(record.key_id) or self.custody(record).open(record)
                self._open[record.key_id] = signer
        if signer.public != record.public:
            raise KeyUnsealFailed(record.key_id, "the public key in its record is another")
        return signer

    def custody(self, record: KeyRecord) -> Custody:
        """Where the key lives; raises `CustodyUnavailable` for a custody that is not configured."""
        return self.custody_named(record.custody)

    def custody_named(self, name: str) -> Custody:
        """One of the configured custodies; raises `CustodyUnavailable`."""
        if name not in self._custodies:
            raise CustodyUnavailable(name, "this custody is not configured")
        return self._custodies[name]

    def forget(self, key_id: KeyId) -> None:
        """Drop an opened key, before it is destroyed or when its state changed."""
        self._open.pop(key_id, None)
