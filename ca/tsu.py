"""A timestamping unit (ETSI EN 319 421): one key, its certificate, its policy, and the tokens it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ca.certificate import Certificate
from ca.errors import Refused, TimestampInvalid, TimestampRefused
from ca.serial import SerialNumber
from ca.timestamp import (
    OID_TST_INFO,
    TimestampRequest,
    encode_accuracy,
    encode_gen_time,
    encode_tst_info,
)
from ca.token import (
    check_timestamping_certificate,
    identity_of,
    read_certificate,
    verify_token,
)
from keys import der
from keys.cms_build import SignedDataBuilder
from keys.ports import Signer
from keys.suites import Suite

DEFAULT_ACCURACY = timedelta(seconds=1)  # ETSI EN 319 421 7.7.2: one second or better


@dataclass(frozen=True, slots=True)
class TsuPolicy:
    """Under which policies a unit stamps, and how exact it says it is."""

    policy: str
    """OID given when the requester asks for none."""
    accepted: frozenset[str] = frozenset()
    """Further OIDs a requester may ask for."""
    accuracy: timedelta = DEFAULT_ACCURACY
    named: bool = False
    """Whether tokens carry the unit's name in `tsa`, which ESSCertIDv2 makes superfluous."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token made: as it goes to the requester, and as it is kept."""

    data: bytes
    """TimeStampToken, DER."""
    bare: bytes
    """The same without certificates, which no signature covers and which every token would repeat."""
    digest: bytes
    """Of the TSTInfo, in the unit's suite: the messageDigest that the signature covers."""


class TimestampUnit:
    """Makes tokens with one key; what its tokens share is encoded once."""

    def __init__(
        self,
        signer: Signer,
        certificate: Certificate,
        policy: TsuPolicy,
        chain: Sequence[Certificate] = (),
    ) -> None:
        """`chain` is sent with the certificate to requesters who ask for certificates, its root excepted.

        Raises `TimestampInvalid` for a certificate that is not a timestamping unit's, `Refused` when it
        is another key's.
        """
        check_timestamping_certificate(certificate)
        if certificate.public != signer.public:
            raise Refused("certificate", "is not of the timestamping unit's key")
        self.signer = signer
        self.certificate = certificate
        self.policy = policy
        self.chain = tuple(chain)
        self._known = {one.data: one for one in (certificate, *chain)}
        algorithm = signer.public.algorithm
        self.suite: Suite = algorithm.suite
        self._digest = algorithm.digest
        identity = identity_of(certificate)
        carried = [certificate.data, *(one.data for one in chain if not one.is_self_issued)]
        self._builders = {
            asked: SignedDataBuilder(
                identity, algorithm, content_type=OID_TST_INFO, certificates=carried if asked else ()
            )
            for asked in (True, False)
        }
        self._policies = {oid: der.oid(oid) for oid in (policy.policy, *policy.accepted)}
        self._accuracy = encode_accuracy(policy.accuracy)
        name = der.explicit(4, certificate.subject_der)  # GeneralName: directoryName
        self._tsa = der.explicit(0, name) if policy.named else b""

    def accept(self, request: TimestampRequest) -> None:
        """Raises `TimestampRefused` for a policy that is not this unit's."""
        if request.policy is not None and request.policy not in self._policies:
            raise TimestampRefused("unacceptedPolicy", f"policy {request.policy} is not offered here")

    def policy_of(self, request: TimestampRequest) -> str:
        """The policy the token will name."""
        return request.policy or self.policy.policy

    def check_certificate(self, moment: datetime) -> None:
        """No token after, or before, the certificate's life; raises `TimestampRefused`."""
        if not self.certificate.valid_at(moment):
            raise TimestampRefused("systemFailure", "the timestamping unit's certificate is not valid now")

    def batch(self, moment: datetime) -> Callable[[TimestampRequest, SerialNumber], Token]:
        """Makes the tokens of one instant, each verified before it is returned.

        What is returned raises `TimestampInvalid` or `keys.errors.KeysError`. Every token is decoded
        again and its signature verified; for the first of each form in a batch it is the strict verifier
        that does, which reads it as a stranger would.
        """
        gen_time = encode_gen_time(moment)
        proved: set[bool] = set()
        bare = self._builders[False]
        public = self.certificate.public

        def make(request: TimestampRequest, serial: SerialNumber) -> Token:
            info = encode_tst_info(
                policy=self._policies[self.policy_of(request)],
                request=request,
                serial=serial,
                gen_time=gen_time,
                accuracy=self._accuracy,
                tsa=self._tsa,
            )
            builder = self._builders[request.cert_req]
            digest = self._digest.of(info)
            prepared = builder.prepare(digest)
            signature = self.signer.sign(prepared.to_sign)
            token = prepared.complete(signature, info)
            if request.cert_req in proved:
                builder.recheck(token, info, prepared, public)
            else:
                self._prove(token, request, serial, moment)
                proved.add(request.cert_req)
            kept = bare.assemble(prepared, signature, info) if request.cert_req else token
            return Token(token, kept, digest)

        return make

    def _read(self, data: bytes) -> Certificate:
        """Its own certificates are read once in its life, others as by anyone."""
        return self._known.get(data) or read_certificate(data)

    def _prove(self, token: bytes, request: TimestampRequest, serial: SerialNumber, moment: datetime) -> None:
        known = () if request.cert_req else (self.certificate.data,)
        verified = verify_token(
            token, imprints=[request.imprint], nonce=request.nonce, certificates=known, read=self._read
        )
        if verified.certificate != self.certificate:
            raise TimestampInvalid("token", "verifies under another certificate")
        info = verified.info
        if info.serial != serial or abs(info.gen_time - moment) >= timedelta(milliseconds=1):
            raise TimestampInvalid("tstInfo", "does not say what it was made to say")
