"""Keys of organisations' seals in custody: made and certified once, opened for every act."""

from __future__ import annotations

from ca.certificate import Certificate
from ca.certify import Certifier
from ca.hierarchy import certificate_of_key
from ca.identity import IdentityRecord
from ca.issue import Issuance
from ca.name import REGISTER_PREFIX, AttributeType
from ca.order import Issued, Order, Requester, subject_of_certificate
from ca.ports import CaUnit, Signers, Units
from ca.registry import AuthorityRole
from ca.template import CertificateRequest
from evidence.clock import Clock
from keys.generate import KeyPlan
from keys.key import KeyPurpose, KeyState
from keys.suites import DEFAULT_ALGORITHM, Suite
from signing.contract_ports import SealIdentity
from signing.errors import NotFound
from signing.execute_land import chain_above, issuer_of

PROFILE = "organisation-seal"


class OrganisationKeys:
    """`signing.contract_ports.SealKeys` over the keys of this installation."""

    def __init__(
        self, units: Units, certifier: Certifier, issuance: Issuance, signers: Signers, clock: Clock
    ) -> None:
        self._units = units
        self._certifier = certifier
        self._issuance = issuance
        self._signers = signers
        self._clock = clock

    def equip(self, identity: IdentityRecord, suite: Suite, custody: str, requester: Requester) -> Issued:
        """A key of the organisation's own in `custody`, and a certificate of its seal over it.

        Raises as `ca.issue.Issuance.issue`, and `keys.errors.CustodyUnavailable`.
        """
        now = self._clock.now()
        plan = KeyPlan(DEFAULT_ALGORITHM[suite], KeyPurpose.SEAL, identity.organisation_id or "")
        with self._units() as unit:
            record = self._certifier.generate(unit, custody, plan, requester.pseudonym, now)
            authority = issuer_of(unit.authorities, suite, AuthorityRole.SEAL)
        request = CertificateRequest(record.public, identity)
        return self._issuance.issue(Order(PROFILE, authority, request, requester))

    def of(self, suite: Suite, credit_code: str) -> SealIdentity:
        """The newest active key; raises `NotFound`, `keys.errors.KeysError`."""
        with self._units.reading() as unit:
            return self._find(unit, suite, credit_code)

    def _find(self, unit: CaUnit, suite: Suite, credit_code: str) -> SealIdentity:
        now = self._clock.now()
        keys = unit.keys.list(purpose=KeyPurpose.SEAL, state=KeyState.ACTIVE)
        for key in reversed([one for one in keys if one.algorithm.suite is suite]):
            record = certificate_of_key(unit, key)
            if record is None or record.certificate is None:
                continue
            certificate = Certificate(record.certificate)
            owner = subject_of_certificate(certificate).get(AttributeType.ORGANISATION_IDENTIFIER)
            if owner == REGISTER_PREFIX + credit_code and certificate.valid_at(now):
                above = chain_above(unit.authorities, record.reservation.authority_id)
                return SealIdentity(self._signers.signer(key), (certificate, *above))
        raise NotFound("seal key", credit_code)
