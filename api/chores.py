"""What a serving process does by itself: CRLs when they are due, responders before they expire, leases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from api.errors import ApiError
from api.logging import logger
from api.wiring import Centre
from ca.errors import CaError
from ca.hierarchy import certificate_of_key
from ca.registry import AuthorityId
from evidence.errors import EvidenceError
from keys.errors import KeysError
from keys.key import KeyPurpose, KeyState
from signing.errors import SigningError

PERIOD_S = 30.0  # half a lease of the clock: a lease never ends while requests come
RENEW_BEFORE = timedelta(days=7)  # half a responder's life: a week for people to notice that it fails
OPERATOR = "chores"


class Chores:
    """One thread; a chore that fails is logged, and tried again with the next round."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)
        self._log = logger("xinqian.chores")

    def start(self) -> None:
        """Begin, with a round at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; a chore under way is finished first."""
        self._stop.set()
        self._thread.join()

    def round(self) -> None:
        """Every chore once."""
        certificates = (self.renew_leases, self.publish, self.renew_responders, self.recover)
        for chore in (*certificates, self.contracts, self.seals):
            self._do(chore)

    def renew_leases(self) -> None:
        """Look at the clock before a request has to wait for it."""
        self._centre.timestamping.renew_leases()

    def publish(self) -> None:
        """Every CRL that is due."""
        for crl in self._centre.publisher.publish_due():
            self._log.info("CRL published", authority=crl.authority_id, shard=crl.shard, number=crl.number)

    def renew_responders(self) -> None:
        """Responders that end within a week."""
        limit = self._centre.clock.now() + RENEW_BEFORE
        ending: set[AuthorityId] = set()
        with self._centre.database.reading() as unit:
            for key in unit.keys.list(purpose=KeyPurpose.OCSP, state=KeyState.ACTIVE):
                record = certificate_of_key(unit, key)
                if record is not None and record.reservation.not_after < limit:
                    ending.add(record.reservation.authority_id)
        for authority_id in sorted(ending):
            self._centre.hierarchy.renew_responder(authority_id, OPERATOR)
            self._log.info("responder renewed", authority=authority_id)

    def recover(self) -> None:
        """Serials whose signing was lost."""
        lost = self._centre.issuance.recover()
        if lost:
            self._log.warning("serials failed", count=len(lost))

    def seals(self) -> None:
        """Seals whose time is over."""
        for seal in self._centre.seal_registry.expire():
            self._log.info("seal expired", seal=seal.seal_id)

    def contracts(self) -> None:
        """Contracts whose time is over, and those that a dead process or an absent authority left undone."""
        executing = self._centre.executing
        executing.turns.clear()
        expired = self._centre.contracts.withdrawal.expire_due()
        completed = executing.completion.resume()
        if expired or completed:
            self._log.info("contracts looked after", expired=len(expired), completed=len(completed))

    def _run(self) -> None:
        while True:
            self.round()
            if self._stop.wait(PERIOD_S):
                return

    def _do(self, chore: Callable[[], None]) -> None:
        try:
            chore()
        except (ApiError, CaError, KeysError, EvidenceError, SigningError) as error:
            self._log.error("chore failed", chore=chore.__name__, code=error.code, reason=str(error))
        except Exception:  # noqa: BLE001  (a defect in one chore must not stop the others)
            self._log.exception("chore failed", chore=chore.__name__)
