"""What serving needs, asked just now: the database, the keys that answer strangers, and the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from api.db import Database
from api.errors import ApiError
from api.schema import require_head
from api.stamping import Timestamping
from ca.errors import CaError
from evidence.clock import Clock
from evidence.errors import EvidenceError
from keys.errors import KeysError
from keys.key import KeyPurpose, KeyState
from keys.open import OpenSigners

KEYS_KNOWN_FOR = 5.0  # seconds; who asks for readiness must not keep a token busy
SERVING = (KeyPurpose.TIMESTAMP, KeyPurpose.OCSP)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One thing that serving needs."""

    name: str
    ok: bool
    reason: str = ""
    """Code of what is wrong; empty when it is well."""
    needed: bool = True
    """False where only a part of the service stops without it."""


@dataclass(frozen=True, slots=True)
class _Opened:
    error: KeysError | None
    until: float


class Probe:
    """Asks. Safe for threads."""

    def __init__(
        self, database: Database, signers: OpenSigners, timestamping: Timestamping, clock: Clock
    ) -> None:
        self._database = database
        self._signers = signers
        self._timestamping = timestamping
        self._clock = clock
        self._opening = threading.Lock()
        self._opened: _Opened | None = None

    def ask(self) -> tuple[Readiness, ...]:
        """Database and keys, without which nothing is served; the clock, without which nothing is stamped."""
        return (
            self._asked("database", self._database_answers),
            self._asked("keys", self._keys_open),
            self._asked("clock", self._clock_is_right, needed=False),
        )

    @staticmethod
    def _asked(name: str, check: Callable[[], None], *, needed: bool = True) -> Readiness:
        try:
            check()
        except (ApiError, CaError, EvidenceError, KeysError) as error:
            return Readiness(name, ok=False, reason=error.code, needed=needed)
        return Readiness(name, ok=True, needed=needed)

    def _database_answers(self) -> None:
        require_head(self._database.engine)

    def _clock_is_right(self) -> None:
        self._timestamping.require_leases()

    def _keys_open(self) -> None:
        with self._opening:
            found = self._opened
            if found is None or self._clock.monotonic() >= found.until:
                error = self._open_keys()
                found = self._opened = _Opened(error, self._clock.monotonic() + KEYS_KNOWN_FOR)
        if found.error is not None:
            raise found.error

    def _open_keys(self) -> KeysError | None:
        """Anew, in their custody: a signer that was opened long ago does not know that its token is gone."""
        with self._database.reading() as unit:
            records = [
                one for purpose in SERVING for one in unit.keys.list(purpose=purpose, state=KeyState.ACTIVE)
            ]
        try:
            for record in records:
                self._signers.custody(record).open(record)
        except KeysError as error:
            return error
        return None
