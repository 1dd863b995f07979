"""`ValidationSource` over the authorities of this installation: their certificates, CRLs and OCSP answers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ca.certificate import Certificate, utc
from ca.errors import CaError, EncodingInvalid
from ca.ocsp import certificate_id, encode_request
from ca.ocspresponse import CertificateState, ResponseStatus
from ca.ocspverify import verify_response
from ca.ports import CaUnit, Units
from ca.registry import Authority
from ca.respond import OcspResponder
from evidence.clock import Clock
from keys.errors import SignatureInvalid
from signing.errors import ProviderUnavailable
from signing.ports import ValidationMaterial

NAME = "validation"
NONCE_SIZE = 32  # octets, RFC 9654 2.1


class AuthorityValidation:
    """OCSP for what authorities issued to others, CRLs for the authorities themselves.

    OCSP is asked with a nonce, so that the answer is of now, after the signature it is for, and not one
    signed hours before (ETSI EN 319 102-1 5.2.5). When the database fails, its own error passes.
    """

    def __init__(self, units: Units, responder: OcspResponder, clock: Clock) -> None:
        self._units = units
        self._responder = responder
        self._clock = clock

    def material(self, certificates: Sequence[bytes]) -> ValidationMaterial:
        try:
            with self._units.reading() as unit:
                return self._gather(unit, [Certificate(one) for one in certificates])
        except CaError as error:
            raise ProviderUnavailable(NAME, str(error)) from error

    def _gather(self, unit: CaUnit, waiting: list[Certificate]) -> ValidationMaterial:
        authorities = [(one, Certificate(one.certificate)) for one in unit.authorities.list()]
        ours = {certificate for _, certificate in authorities}
        found: dict[bytes, None] = {}
        crls: dict[bytes, None] = {}
        responses: dict[bytes, None] = {}
        while waiting:
            certificate = waiting.pop(0)
            if certificate.data in found:
                continue
            found[certificate.data] = None
            if certificate.is_self_issued:
                continue
            authority, issuer = _issuer(certificate, authorities)
            waiting.append(issuer)
            if certificate in ours:
                crls[self._crl(unit, authority)] = None
            else:
                responses[self._response(authority, certificate, issuer)] = None
        return ValidationMaterial(tuple(found), tuple(crls), tuple(responses))

    def _crl(self, unit: CaUnit, authority: Authority) -> bytes:
        """Of an authority over authorities, which is never sharded."""
        published = unit.crls.latest(authority.authority_id, 0)
        if published is None:
            raise ProviderUnavailable(NAME, f"{authority.authority_id} has published no CRL")
        if utc(published.next_update) < self._clock.now():
            raise ProviderUnavailable(NAME, f"the CRL of {authority.authority_id} is past its nextUpdate")
        return published.data

    def _response(self, authority: Authority, certificate: Certificate, issuer: Certificate) -> bytes:
        nonce = secrets.token_bytes(NONCE_SIZE)
        request = encode_request(certificate_id(issuer, certificate.serial), nonce)
        answer = self._responder.answer(authority.authority_id, request)
        if answer.status is not ResponseStatus.SUCCESSFUL:
            raise ProviderUnavailable(NAME, f"OCSP answers {answer.status.name.lower()}: {answer.reason}")
        single = verify_response(answer.data, certificate, issuer, self._clock.now(), nonce)
        if single.status.state is CertificateState.UNKNOWN:
            raise ProviderUnavailable(NAME, f"{authority.authority_id} does not know its own certificate")
        return answer.data


def _issuer(
    certificate: Certificate, authorities: Sequence[tuple[Authority, Certificate]]
) -> tuple[Authority, Certificate]:
    for authority, candidate in authorities:
        if candidate.subject_der == certificate.issuer_der:
            try:
                certificate.check_signed_by(candidate.public)
            except (SignatureInvalid, EncodingInvalid):
                continue
            return authority, candidate
    name = certificate.subject.rfc4514_string()
    raise ProviderUnavailable(NAME, f"no authority of this installation issued {name}")
