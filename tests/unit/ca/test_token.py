"""Tokens: what the verifier must refuse, each a defect seen in a real authority or verifier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ca.certificate import Certificate, pem_bundle
from ca.errors import Refused, TimestampInvalid
from ca.serial import new_serial
from ca.timestamp import (
    OID_TST_INFO,
    Imprint,
    TimestampRequest,
    encode_accuracy,
    encode_gen_time,
    encode_tst_info,
)
from ca.token import check_timestamping_certificate, identity_of, verify_token
from ca.tsu import TimestampUnit, TsuPolicy
from keys import cms, der
from keys.adapters.software import SoftwareSigner
from keys.cms_build import SignedDataBuilder
from keys.errors import CmsInvalid, SignatureInvalid
from keys.key import new_key_id
from keys.private import PrivateKey
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.clock import NOON
from tests.support.timestamping import OTHER_POLICY, POLICY, make_unit

DATA = "借款合同".encode()
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


@pytest.fixture(params=list(chains.DEFAULTS))
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    found: Algorithm = request.param
    return found


def ask(**changes: object) -> TimestampRequest:
    values: dict[str, object] = {
        "imprint": Imprint.of(Digest.SHA256, DATA),
        "policy": None,
        "nonce": 7,
        "cert_req": True,
    }
    return TimestampRequest(**(values | changes))  # type: ignore[arg-type]


def token_of(algorithm: Algorithm, **changes: object) -> bytes:
    unit, _ = make_unit(algorithm)
    return unit.batch(NOON)(ask(**changes), new_serial()).data


def around(
    algorithm: Algorithm,
    *,
    profile: str = "timestamp-unit",
    content_type: str = OID_TST_INFO,
    **parts: object,
) -> bytes:
    """A token put together by hand, to be wrong in one way."""
    party = chains.leaf(algorithm, profile)
    values = {
        "policy": der.oid(POLICY),
        "request": ask(),
        "serial": new_serial(),
        "gen_time": encode_gen_time(NOON),
        "accuracy": encode_accuracy(timedelta(seconds=1)),
    }
    info = encode_tst_info(**(values | parts))  # type: ignore[arg-type]
    made = SignedDataBuilder(identity_of(party.certificate), algorithm, content_type=content_type)
    prepared = made.prepare(algorithm.digest.of(info))
    return prepared.complete(party.key.sign(prepared.to_sign), info)


def refused(token: bytes, field: str, **more: object) -> str:
    with pytest.raises(TimestampInvalid) as caught:
        verify_token(token, **({"data": DATA} | more))  # type: ignore[arg-type]
    assert caught.value.field == field
    return caught.value.reason


def test_a_token_says_what_was_asked(algorithm: Algorithm) -> None:
    verified = verify_token(token_of(algorithm), data=DATA, nonce=7, policy=POLICY)
    assert verified.info.gen_time == NOON
    assert verified.info.accuracy == timedelta(seconds=1)
    assert not verified.info.ordering
    assert verified.info.serial > 0
    assert verified.certificate == chains.leaf(algorithm, "timestamp-unit").certificate
    assert verified.algorithm is algorithm
    assert len(verified.certificates) == 2, pem_bundle(map(Certificate, verified.certificates))


@pytest.mark.parametrize("digest", list(Digest))
def test_any_accepted_imprint_in_either_suite(algorithm: Algorithm, digest: Digest) -> None:
    token = token_of(algorithm, imprint=Imprint.of(digest, DATA))
    assert verify_token(token, data=DATA).info.imprint.digest is digest
    assert verify_token(token, imprints=[Imprint.of(digest, DATA)]).info.imprint.value == digest.of(DATA)


def test_certificates_come_when_asked_for_and_only_then(algorithm: Algorithm) -> None:
    bare = token_of(algorithm, cert_req=False)
    assert cms.parse(bare).certificates == ()
    with pytest.raises(CmsInvalid):
        verify_token(bare, data=DATA)
    own = chains.leaf(algorithm, "timestamp-unit").certificate
    assert verify_token(bare, data=DATA, certificates=[own.data]).certificate == own


def test_the_kept_form_is_the_token_without_certificates(algorithm: Algorithm) -> None:
    unit, _ = make_unit(algorithm)
    token = unit.batch(NOON)(ask(), new_serial())
    full, bare = cms.parse(token.data), cms.parse(token.bare)
    assert bare.certificates == ()
    assert bare.signers == full.signers
    assert bare.content == full.content
    (attribute,) = [one for one in full.signers[0].signed_attributes if one.oid == cms.OID_MESSAGE_DIGEST]
    assert attribute.single() == der.octets(token.digest)


def test_a_policy_that_is_offered_is_named(algorithm: Algorithm) -> None:
    assert verify_token(token_of(algorithm, policy=OTHER_POLICY), data=DATA).info.policy == OTHER_POLICY


def test_the_units_name_is_there_when_its_policy_says_so(algorithm: Algorithm) -> None:
    unit, _ = make_unit(algorithm, TsuPolicy(POLICY, named=True))
    token = unit.batch(NOON)(ask(), new_serial()).data
    subject = unit.certificate.subject_der
    assert verify_token(token, data=DATA).info.tsa == der.explicit(4, subject)


class TestRefuses:
    def test_other_data_nonce_or_policy(self, algorithm: Algorithm) -> None:
        token = token_of(algorithm)
        refused(token, "tstInfo.messageImprint", data=b"another")
        refused(token, "tstInfo.messageImprint", data=None, imprints=[Imprint.of(Digest.SHA256, b"another")])
        refused(token, "tstInfo.messageImprint", data=None, imprints=[Imprint.of(Digest.SM3, DATA)])
        refused(token, "tstInfo.messageImprint", data=None)
        refused(token, "tstInfo.nonce", nonce=8)
        refused(token, "tstInfo.policy", policy=OTHER_POLICY)

    def test_a_missing_nonce(self, algorithm: Algorithm) -> None:
        refused(token_of(algorithm, nonce=None), "tstInfo.nonce", nonce=7)

    def test_a_negative_serial(self, algorithm: Algorithm) -> None:
        refused(around(algorithm, serial=-(0x215 << 100)), "tstInfo.serialNumber")

    def test_content_that_is_no_tst_info(self, algorithm: Algorithm) -> None:
        refused(around(algorithm, content_type="1.2.840.113549.1.7.1"), "token")

    def test_a_signer_of_documents(self, algorithm: Algorithm) -> None:
        reason = refused(around(algorithm, profile="organisation-seal"), "certificate")
        assert "extended key usage" in reason

    @pytest.mark.parametrize("days", [-3_650, 36_500])
    def test_a_time_outside_the_certificates_life(self, algorithm: Algorithm, days: int) -> None:
        refused(around(algorithm, gen_time=encode_gen_time(NOON + timedelta(days=days))), "genTime")

    def test_another_signature(self, algorithm: Algorithm) -> None:
        unit, _ = make_unit(algorithm)
        stranger = PrivateKey.generate(algorithm)
        unit.signer = SoftwareSigner(new_key_id(), stranger)
        with pytest.raises(SignatureInvalid):
            unit.batch(NOON)(ask(), new_serial())

    def test_two_signers(self, algorithm: Algorithm) -> None:
        token = token_of(algorithm)
        structure = cms.decode(token)
        signer = der.encode(structure.content.signers.as_list()[0])
        other = signer[:-1] + bytes([signer[-1] ^ 1])
        pair = der.set_of(signer, other)
        doubled = _with_signers(token, pair)
        assert len(cms.parse(doubled).signers) == 2
        assert "2 signers" in refused(doubled, "token")

    def test_no_signing_certificate_attribute(self, algorithm: Algorithm) -> None:
        token = token_of(algorithm)
        parsed = cms.parse(token)
        kept = [
            one for one in parsed.signers[0].signed_attributes if one.oid != cms.OID_SIGNING_CERTIFICATE_V2
        ]
        to_sign = der.set_of(*(one.encoded() for one in kept))
        party = chains.leaf(algorithm, "timestamp-unit")
        signer = der.sequence(
            der.integer(1),
            der.sequence(party.certificate.issuer_der, der.integer(party.certificate.serial)),
            parsed.signers[0].digest_identifier,
            b"\xa0" + to_sign[1:],
            parsed.signers[0].signature_identifier,
            der.octets(party.key.sign(to_sign)),
        )
        assert "ESSCertIDv2" in refused(_with_signers(token, der.set_of(signer)), "token")


def _with_signers(token: bytes, signers: bytes) -> bytes:
    signed = cms.decode(token).content
    certificates = b"".join(cms.parse(token).certificates)
    data = der.sequence(
        der.integer(3),
        der.set_of(*map(der.raw, signed.digest_algorithms.as_list())),
        der.encode(signed.encapsulated),
        der.wrap(0xA0, certificates),
        signers,
    )
    return der.sequence(der.oid(cms.RFC5652.signed_data), der.explicit(0, data))


class TestCertificate:
    def made(self, *extensions: tuple[x509.ExtensionType, bool]) -> tuple[Certificate, PrivateKey]:
        private = PrivateKey.generate(Algorithm.P256)
        key = load_der_private_key(private.pkcs8(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tsa")])
        building = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(new_serial())
            .not_valid_before(NOON - timedelta(days=1))
            .not_valid_after(NOON + timedelta(days=1))
        )
        for value, critical in extensions:
            building = building.add_extension(value, critical)
        return Certificate(building.sign(key, SHA256()).public_bytes(Encoding.DER)), private

    def usage(self, *, signs: bool = True, agrees: bool = False, issues: bool = False) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=signs,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=agrees,
            key_cert_sign=issues,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )

    def test_of_the_standards_shape_serves(self) -> None:
        purpose = x509.ExtendedKeyUsage([TIME_STAMPING])
        certificate, private = self.made((purpose, True), (self.usage(), True))
        unit = TimestampUnit(SoftwareSigner(new_key_id(), private), certificate, TsuPolicy(POLICY))
        token = unit.batch(NOON)(ask(), new_serial()).data
        assert verify_token(token, data=DATA).certificate == certificate

    def test_of_another_key_is_refused(self) -> None:
        certificate, _ = self.made((x509.ExtendedKeyUsage([TIME_STAMPING]), True))
        stranger = SoftwareSigner(new_key_id(), PrivateKey.generate(Algorithm.P256))
        with pytest.raises(Refused):
            TimestampUnit(stranger, certificate, TsuPolicy(POLICY))

    @pytest.mark.parametrize(
        "purposes",
        [
            [ExtendedKeyUsageOID.CODE_SIGNING],
            [TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING],
            [TIME_STAMPING, x509.ObjectIdentifier("1.3.6.1.4.1.99999.7")],
            [TIME_STAMPING, TIME_STAMPING],
            [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
        ],
    )
    def test_with_any_other_purpose_is_refused(self, purposes: list[x509.ObjectIdentifier]) -> None:
        certificate, _ = self.made((x509.ExtendedKeyUsage(purposes), True))
        with pytest.raises(TimestampInvalid):
            check_timestamping_certificate(certificate)

    def test_whose_purpose_is_not_critical_or_missing_is_refused(self) -> None:
        for extensions in ([(x509.ExtendedKeyUsage([TIME_STAMPING]), False)], []):
            certificate, _ = self.made(*extensions)
            with pytest.raises(TimestampInvalid):
                check_timestamping_certificate(certificate)

    def test_of_an_authority_or_for_agreement_is_refused(self) -> None:
        purpose = (x509.ExtendedKeyUsage([TIME_STAMPING]), True)
        for wrong in (
            x509.BasicConstraints(ca=True, path_length=None),
            self.usage(agrees=True),
            self.usage(issues=True),
            self.usage(signs=False, agrees=True),
        ):
            certificate, _ = self.made(purpose, (wrong, True))
            with pytest.raises(TimestampInvalid):
                check_timestamping_certificate(certificate)
