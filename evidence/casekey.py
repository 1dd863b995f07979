"""A key a case: made on first use, wrapped by the KEK, forgotten to shred the case's personal data."""

from __future__ import annotations

import secrets

from evidence.errors import PayloadUnavailable
from evidence.event import CaseId, TenantId
from evidence.ports import CaseKeyStore, KeyWrapper

CASE_KEY_SIZE = 32  # bytes, AES-256


class CaseKeys:
    """Case keys of one unit of work, cached for its duration only."""

    def __init__(self, store: CaseKeyStore, wrapper: KeyWrapper) -> None:
        self._store = store
        self._wrapper = wrapper
        self._open: dict[tuple[TenantId, CaseId], bytes] = {}

    def obtain(self, tenant: TenantId, case_id: CaseId) -> bytes:
        """The case's key, made when it has none; raises `PayloadUnavailable` for a shredded case."""
        return self._cached(tenant, case_id) or self._make(tenant, case_id)

    def open(self, tenant: TenantId, case_id: CaseId) -> bytes:
        """The case's existing key; raises `PayloadUnavailable` when there is none."""
        key = self._cached(tenant, case_id)
        if key is None:
            raise PayloadUnavailable(case_id)
        return key

    def _cached(self, tenant: TenantId, case_id: CaseId) -> bytes | None:
        key = self._open.get((tenant, case_id))
        if key is None and (wrapped := self._store.get(tenant, case_id)) is not None:
            key = self._wrapper.unwrap(wrapped, case_key_context(tenant, case_id))
            self._open[tenant, case_id] = key
        return key

    def _make(self, tenant: TenantId, case_id: CaseId) -> bytes:
        key = secrets.token_bytes(CASE_KEY_SIZE)
        if not self._store.add(tenant, case_id, self._wrapper.wrap(key, case_key_context(tenant, case_id))):
            return self.open(tenant, case_id)
        self._open[tenant, case_id] = key
        return key


def case_key_context(tenant: TenantId, case_id: CaseId) -> bytes:
    """What a wrapped case key is bound to."""
    return f"xinqian/case-key\x00{tenant}\x00{case_id}".encode()
