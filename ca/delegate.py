"""OCSP delegates (RFC 6960 4.2.2.2): the newest valid one of an issuer, its key's uses counted ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from ca.certificate import Certificate
from ca.ports import CaUnit, Signers, Units
from ca.registry import AuthorityId, CertificateRecord, CertificateStatus
from evidence.clock import Clock
from keys.key import KeyId, KeyPurpose, KeyState
from keys.ports import Signer

RESPONDER_PROFILE = "ocsp-responder"
KNOWN_FOR = 60.0  # seconds until the database is asked again which delegate is in force
USES_AHEAD = 256  # uses counted in one transaction; a crash loses some of the count, never adds a use
USES_LAST = 10.0  # seconds after which uses counted ahead are given up, so that a stopped key stops soon


@dataclass(frozen=True, slots=True)
class Delegate:
    """A certificate that answers for its issuer, and its key."""

    issuer: Certificate
    certificate: Certificate
    key_id: KeyId


@dataclass(slots=True)
class _Uses:
    signer: Signer
    left: int
    until: float


class Delegates:
    """Finds delegates and signs with them; thread-safe."""

    def __init__(self, units: Units, signers: Signers, clock: Clock) -> None:
        self._units = units
        self._signers = signers
        self._clock = clock
        self._lock = Lock()
        self._found: dict[AuthorityId, tuple[Delegate | None, float, int]] = {}
        self._uses: dict[KeyId, _Uses] = {}

    def of(self, unit: CaUnit, authority_id: AuthorityId, now: datetime, head: int) -> Delegate | None:
        """The delegate in force; looked up again after a minute, and after any revocation (`head`).

        Raises `NotFound` for an authority that there is none of.
        """
        delegate = self.known(authority_id, now, head)
        if delegate is None:
            delegate = self._find(unit, authority_id, now)
            self._found[authority_id] = (delegate, self._clock.monotonic() + KNOWN_FOR, head)
        return delegate

    def known(self, authority_id: AuthorityId, now: datetime, head: int) -> Delegate | None:
        """The same from memory alone; None when it has to be looked up."""
        delegate, until, found_at = self._found.get(authority_id, (None, 0.0, -1))
        if delegate is None or head != found_at or self._clock.monotonic() >= until:
            return None
        valid = delegate.certificate.valid_at(now) and delegate.issuer.valid_at(now)
        return delegate if valid else None

    def _find(self, unit: CaUnit, authority_id: AuthorityId, now: datetime) -> Delegate | None:
        issuer = Certificate(unit.authorities.get(authority_id).certificate)
        if not issuer.valid_at(now):
            return None
        best: Delegate | None = None
        # From the keys, which are few: a search by profile would read every certificate of the issuer.
        for fingerprint, key_id in _keys(unit).items():
            for record in unit.certificates.by_key(fingerprint):
                if not _serves(record, authority_id) or record.certificate is None:
                    continue
                certificate = Certificate(record.certificate)
                newer = best is None or certificate.not_after > best.certificate.not_after
                if newer and certificate.valid_at(now):
                    best = Delegate(issuer, certificate, key_id)
        return best

    def sign(self, delegate: Delegate, data: bytes) -> bytes:
        """A signature by the delegate's key, counted durably before; raises `keys.errors.KeysError`."""
        with self._lock:
            uses = self._uses.get(delegate.key_id)
            if uses is None or uses.left == 0 or self._clock.monotonic() >= uses.until:
                uses = self._uses[delegate.key_id] = self._count(delegate.key_id)
            uses.left -= 1
        return uses.signer.sign(data)

    def _count(self, key_id: KeyId) -> _Uses:
        with self._units() as unit:
            record = unit.keys.get(key_id)
            ahead = USES_AHEAD
            if record.use_limit is not None:
                ahead = max(1, min(ahead, record.use_limit - record.use_count))
            unit.keys.count_use(key_id, ahead)
            return _Uses(self._signers.signer(record), ahead, self._clock.monotonic() + USES_LAST)


def _serves(record: CertificateRecord, authority_id: AuthorityId) -> bool:
    one = record.reservation
    of_issuer = one.authority_id == authority_id and one.profile == RESPONDER_PROFILE
    return of_issuer and record.status is CertificateStatus.ISSUED and record.revocation is None


def _keys(unit: CaUnit) -> Mapping[str, KeyId]:
    active = unit.keys.list(purpose=KeyPurpose.OCSP, state=KeyState.ACTIVE)
    return {one.public.fingerprint: one.key_id for one in active}
