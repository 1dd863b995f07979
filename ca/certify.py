"""Certify keys of the system's own, within one transaction: authorities, responders, timestamping units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ca import issuelog
from ca.authorise import Authorised, profile_of
from ca.deeplint import DeepLinter, require_no_error
from ca.errors import NotFound
from ca.issuer import IssuerContext
from ca.name import Name
from ca.order import Issued, Order, Requester, reservation_of
from ca.ports import CaUnit, Signers
from ca.serial import new_serial
from ca.signonce import sign_once
from ca.template import CertificateRequest, Prepared, prepare
from evidence.event import ActorKind
from keys.errors import CustodyUnavailable
from keys.generate import KeyPlan, generate_key
from keys.key import KeyRecord
from keys.ports import Custody
from keys.private import PrivateKey
from keys.suites import Suite


@dataclass(frozen=True, slots=True)
class Certifier:
    """What certifying needs beside a transaction."""

    signers: Signers
    custodies: Mapping[str, Custody]
    base_url: str
    linter: DeepLinter | None = None
    """Judges each certificate of the international suite before its issuer signs it."""

    def generate(self, unit: CaUnit, custody: str, plan: KeyPlan, operator: str, at: datetime) -> KeyRecord:
        """A key of ours, active; raises `CustodyUnavailable` for a custody that is not configured."""
        if custody not in self.custodies:
            raise CustodyUnavailable(custody, "this custody is not configured")
        return generate_key(unit, self.custodies[custody], plan, operator_requester(operator).actor, at)

    def certify(
        self,
        unit: CaUnit,
        issuer: IssuerContext,
        issuer_key: KeyRecord,
        wanted: Wanted,
        at: datetime,
    ) -> Issued:
        """Reserve, lint, sign, verify and record; it may leave once the caller's transaction committed.

        Raises what `ca.template.prepare` does, `LintFailed`, `IssuanceMismatch`, `DuplicateKey` and
        `keys.errors.KeysError`.
        """
        found = unit.profiles.active().get(wanted.profile)
        if found is None:
            raise NotFound("profile", wanted.profile)
        request = CertificateRequest(wanted.key.public, wanted.subject, wanted.validity)
        requester = operator_requester(wanted.operator)
        order = Order(wanted.profile, issuer.authority_id, request, requester)
        prepared = prepare(profile_of(found[1]), issuer, request, serial=new_serial(), at=at)
        self._lint(prepared)
        authorised = Authorised(order, prepared, issuer_key)
        unit.certificates.reserve([reservation_of(prepared, order, at)])
        unit.keys.count_use(issuer_key.key_id, 1)
        unit.log.append(issuelog.intents([authorised], at))
        data = sign_once(prepared, self.signers.signer(issuer_key))
        unit.certificates.complete([(prepared.serial, data)])
        unit.log.append([issuelog.issued(authorised, data, at)])
        return Issued.of(prepared, data)

    def _lint(self, prepared: Prepared) -> None:
        if self.linter is not None and prepared.algorithm.suite is Suite.INTL:
            throwaway = PrivateKey.generate(prepared.algorithm)
            require_no_error(self.linter.certificate(prepared.finish(throwaway.sign(prepared.tbs))))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate for a key of ours."""

    profile: str
    subject: Name
    key: KeyRecord
    operator: str
    validity: timedelta | None = None


def operator_requester(name: str) -> Requester:
    """An administrator who acts."""
    return Requester(name, ActorKind.OPERATOR)
