"""CMS SignedData: what is built verifies, and what is built wrongly does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ca.certificate import Certificate
from ca.token import identity_of, read_certificate
from keys import cms, cms_verify, der
from keys.cms import GBT35275, RFC5652, Attribute, SignerIdentity
from keys.cms_build import SignedDataBuilder, with_unsigned
from keys.errors import CmsInvalid, SignatureInvalid
from keys.private import PrivateKey
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.clock import NOON

CONTENT = "借款合同".encode()
OTHER_TYPE = "1.2.840.113549.1.9.16.1.4"


@pytest.fixture(params=list(chains.DEFAULTS))
def party(request: pytest.FixtureRequest) -> chains.Party:
    return chains.leaf(request.param, "organisation-seal")


def builder(party: chains.Party, **more: object) -> SignedDataBuilder:
    identity = identity_of(party.certificate)
    return SignedDataBuilder(identity, party.key.algorithm, **more)  # type: ignore[arg-type]


def sign(party: chains.Party, **more: object) -> bytes:
    made = builder(party, **more)
    prepared = made.prepare(party.key.algorithm.digest.of(CONTENT))
    return prepared.complete(party.key.sign(prepared.to_sign), CONTENT)


def verify(message: bytes, **more: object) -> cms_verify.VerifiedSigner:
    (signer,) = cms_verify.verify(cms.parse(message), read_certificate, **more)  # type: ignore[arg-type]
    return signer


def refused(message: bytes, field: str, **more: object) -> str:
    with pytest.raises(CmsInvalid) as caught:
        verify(message, **more)
    assert caught.value.field == field
    return caught.value.reason


def signed_info(party: chains.Party, *attributes: bytes, content: bytes = CONTENT) -> bytes:
    """A message around these signed attributes, whatever they are."""
    to_sign = der.set_of(*attributes)
    algorithm = party.key.algorithm
    digest = der.sequence(der.oid(algorithm.digest.oid))
    signer = der.sequence(
        der.integer(1),
        der.sequence(party.certificate.issuer_der, der.integer(party.certificate.serial)),
        digest,
        b"\xa0" + to_sign[1:],
        algorithm.info.signature_identifier,
        der.octets(party.key.sign(to_sign)),
    )
    return assembled(party, signer, content=content)


def assembled(party: chains.Party, *signers: bytes, content: bytes = CONTENT, version: int = 1) -> bytes:
    digest = der.sequence(der.oid(party.key.algorithm.digest.oid))
    data = der.sequence(
        der.integer(version),
        der.set_of(digest),
        der.sequence(der.oid(RFC5652.data), der.explicit(0, der.octets(content))),
        der.wrap(0xA0, party.certificate.data),
        der.set_of(*signers),
    )
    return der.sequence(der.oid(RFC5652.signed_data), der.explicit(0, data))


def standard(party: chains.Party, content: bytes = CONTENT) -> list[bytes]:
    digest = party.key.algorithm.digest.of(content)
    return [
        Attribute(cms.OID_CONTENT_TYPE, (der.oid(RFC5652.data),)).encoded(),
        Attribute(cms.OID_MESSAGE_DIGEST, (der.octets(digest),)).encoded(),
    ]


def test_signs_in_two_phases_and_verifies(party: chains.Party) -> None:
    signer = verify(sign(party))
    assert signer.certificate == party.certificate
    assert signer.content_digest == party.key.algorithm.digest.of(CONTENT)
    assert signer.algorithm is party.key.algorithm
    assert signer.signing_certificate_named
    assert signer.signing_time is None


def test_carries_further_attributes(party: chains.Party) -> None:
    commitment = Attribute("1.2.840.113549.1.9.16.2.16", (der.sequence(der.oid("1.2.3")),))
    made = builder(party)
    prepared = made.prepare(party.key.algorithm.digest.of(CONTENT), [cms.signing_time(NOON), commitment])
    message = prepared.complete(party.key.sign(prepared.to_sign), CONTENT)
    signer = verify(message)
    assert signer.signing_time == NOON
    assert signer.attribute(commitment.oid) == commitment


@pytest.mark.parametrize("year", [2049, 2050])
def test_signing_time_changes_its_form_after_2049(year: int) -> None:
    moment = datetime(year, 6, 1, 12, 30, 59, tzinfo=UTC)
    attribute = cms.signing_time(moment)
    assert attribute.values[0][0] == (0x17 if year == 2049 else 0x18)
    assert cms.read_signing_time(attribute) == moment


def test_detached_content_comes_from_outside(party: chains.Party) -> None:
    made = builder(party)
    digest = party.key.algorithm.digest
    prepared = made.prepare(digest.of(CONTENT))
    message = prepared.complete(party.key.sign(prepared.to_sign), None)
    assert verify(message, content=CONTENT).content_digest == digest.of(CONTENT)
    assert verify(message, digests={digest: digest.of(CONTENT)}).content_digest == digest.of(CONTENT)
    refused(message, "encapContentInfo")
    refused(message, "signedAttrs.messageDigest", content=b"another")
    refused(message, "digestAlgorithm", digests={Digest.SHA512: bytes(64)})
    refused(sign(party), "encapContentInfo", content=CONTENT)


def test_gbt_35275_family_has_its_own_types() -> None:
    party = chains.leaf(Algorithm.SM2, "organisation-seal")
    message = sign(party, content_types=GBT35275)
    parsed = cms.parse(message)
    assert (parsed.content_types, parsed.content_type) == (GBT35275.signed_data, GBT35275.data)
    assert verify(message).content_type == GBT35275.data


def test_content_of_another_type_has_version_3(party: chains.Party) -> None:
    message = sign(party, content_type=OTHER_TYPE)
    assert verify(message).content_type == OTHER_TYPE
    assert cms.decode(message).content.version == 3


def test_unsigned_attributes_are_added_and_change_nothing_else(party: chains.Party) -> None:
    message = sign(party)
    token = Attribute(cms.OID_TIMESTAMP_TOKEN, (der.sequence(der.integer(1)),))
    stamped = with_unsigned(message, [token])
    before, after = verify(message), verify(stamped)
    assert after.unsigned_attributes == (token,)
    assert after.signed_attributes == before.signed_attributes
    assert cms.parse(stamped).certificates == cms.parse(message).certificates
    built = builder(party)
    prepared = built.prepare(party.key.algorithm.digest.of(CONTENT))
    signature = cms.parse(message).signers[0].signature
    assert prepared.complete(signature, CONTENT, [token]) == stamped
    with pytest.raises(CmsInvalid, match="twice"):
        with_unsigned(stamped, [token])
    with pytest.raises(CmsInvalid, match="no signer 1"):
        with_unsigned(message, [token], signer=1)


def test_recheck_accepts_what_was_built_and_nothing_else(party: chains.Party) -> None:
    made = builder(party)
    digest = party.key.algorithm.digest
    prepared = made.prepare(digest.of(CONTENT))
    signature = party.key.sign(prepared.to_sign)
    message = prepared.complete(signature, CONTENT)
    made.recheck(message, CONTENT, prepared, party.key.public)
    with pytest.raises(CmsInvalid):
        made.recheck(message, b"another", prepared, party.key.public)
    with pytest.raises(CmsInvalid):
        made.recheck(message, CONTENT, made.prepare(digest.of(b"another")), party.key.public)
    with pytest.raises(CmsInvalid):
        made.recheck(message + b"\x00", CONTENT, prepared, party.key.public)
    stranger = PrivateKey.generate(party.key.algorithm)
    with pytest.raises(SignatureInvalid):
        made.recheck(message, CONTENT, prepared, stranger.public)


def test_several_signers_are_each_verified(party: chains.Party) -> None:
    other = chains.leaf(party.key.algorithm, "timestamp-unit")
    infos = []
    for one in (party, other):
        structure = cms.decode(sign(one)).content.signers.as_list()[0]
        infos.append(der.encode(structure))
    message = assembled(party, *infos)
    signers = cms_verify.verify(cms.parse(message), read_certificate, certificates=[other.certificate.data])
    assert {one.certificate for one in signers} == {party.certificate, other.certificate}
    refused(message, "certificates")


class TestRefuses:
    def test_a_signature_by_another_key(self, party: chains.Party) -> None:
        made = builder(party)
        prepared = made.prepare(party.key.algorithm.digest.of(CONTENT))
        stranger = PrivateKey.generate(party.key.algorithm)
        message = prepared.complete(stranger.sign(prepared.to_sign), CONTENT)
        with pytest.raises(SignatureInvalid):
            verify(message)

    def test_other_content(self, party: chains.Party) -> None:
        made = builder(party)
        prepared = made.prepare(party.key.algorithm.digest.of(CONTENT))
        refused(prepared.complete(party.key.sign(prepared.to_sign), b"x"), "signedAttrs.messageDigest")

    def test_attributes_that_lack_what_they_must_have(self, party: chains.Party) -> None:
        typed, digested = standard(party)
        assert cms.OID_MESSAGE_DIGEST in refused(signed_info(party, typed), "signedAttrs")
        assert cms.OID_CONTENT_TYPE in refused(signed_info(party, digested), "signedAttrs")

    def test_a_content_type_other_than_the_content_has(self, party: chains.Party) -> None:
        wrong = Attribute(cms.OID_CONTENT_TYPE, (der.oid(OTHER_TYPE),)).encoded()
        refused(signed_info(party, wrong, standard(party)[1]), "signedAttrs.contentType")

    def test_an_attribute_twice(self, party: chains.Party) -> None:
        typed, digested = standard(party)
        second = Attribute(cms.OID_MESSAGE_DIGEST, (der.octets(bytes(32)),)).encoded()
        assert "twice" in refused(signed_info(party, typed, digested, second), "signedAttrs")

    def test_two_values_where_one_belongs(self, party: chains.Party) -> None:
        digest = party.key.algorithm.digest.of(CONTENT)
        both = Attribute(cms.OID_MESSAGE_DIGEST, (der.octets(digest), der.octets(bytes(32)))).encoded()
        refused(signed_info(party, standard(party)[0], both), f"attribute {cms.OID_MESSAGE_DIGEST}")

    def test_attributes_out_of_der_order(self, party: chains.Party) -> None:
        message = sign(party)
        attributes = cms.decode(message).content.signers.as_list()[0].signed_attributes
        assert attributes is not None
        encoded = [der.encode(one) for one in attributes.as_list()]
        first, last = encoded[0], encoded[-1]
        assert len(first) != len(last)
        joined = b"".join(encoded)
        swapped = b"".join([*encoded[1:], first])
        assert message.count(joined) == 1
        refused(message.replace(joined, swapped), "signedData")

    def test_an_ess_certificate_of_another(self, party: chains.Party) -> None:
        other = chains.leaf(party.key.algorithm, "timestamp-unit")
        named = cms.signing_certificate_v2(identity_of(other.certificate), party.key.algorithm.digest)
        message = signed_info(party, *standard(party), named.encoded())
        refused(message, "signedAttrs.signingCertificateV2")

    def test_an_ess_certificate_with_another_serial(self, party: chains.Party) -> None:
        true = identity_of(party.certificate)
        false = SignerIdentity(true.certificate, true.issuer_der, true.serial + 1)
        named = cms.signing_certificate_v2(false, party.key.algorithm.digest)
        message = signed_info(party, *standard(party), named.encoded())
        assert "serial" in refused(message, "signedAttrs.signingCertificateV2")

    def test_two_certificates_that_the_signers_name_fits(self, party: chains.Party) -> None:
        twin = der.octets(b"twin")

        def read(data: bytes) -> Certificate:
            return party.certificate if data != twin else _twin_of(party.certificate)

        message = sign(party)
        with pytest.raises(CmsInvalid, match="hold two"):
            cms_verify.verify(cms.parse(message), read, certificates=[twin])

    def test_injected_certificates_do_not_become_the_signer(self, party: chains.Party) -> None:
        injected = chains.leaf(party.key.algorithm, "timestamp-unit").certificate
        message = sign(party, certificates=[injected.data, party.certificate.data])
        assert verify(message).certificate == party.certificate

    def test_a_message_without_the_signers_certificate(self, party: chains.Party) -> None:
        message = sign(party, certificates=[])
        refused(message, "certificates")
        assert verify(message, certificates=[party.certificate.data]).certificate == party.certificate

    def test_no_signer(self, party: chains.Party) -> None:
        refused(assembled(party), "signerInfos")

    def test_a_wrong_version(self, party: chains.Party) -> None:
        info = der.encode(cms.decode(sign(party)).content.signers.as_list()[0])
        refused(assembled(party, info, version=3), "version")

    def test_another_content_info(self) -> None:
        data = der.sequence(der.oid(RFC5652.data), der.explicit(0, der.sequence()))
        with pytest.raises(CmsInvalid):
            cms.parse(data)

    @pytest.mark.parametrize("limit", [10, 100])
    def test_more_than_the_limit_before_parsing(self, party: chains.Party, limit: int) -> None:
        with pytest.raises(CmsInvalid, match="more than"):
            cms.parse(sign(party), limit=limit)

    def test_trailing_bytes(self, party: chains.Party) -> None:
        refused(sign(party) + b"\x00", "signedData")

    def test_an_indefinite_length(self, party: chains.Party) -> None:
        message = sign(party)
        refused(b"\x30\x80" + message[4:] + b"\x00\x00", "signedData")

    def test_an_attribute_given_twice_to_build(self, party: chains.Party) -> None:
        with pytest.raises(CmsInvalid, match="twice"):
            builder(party).prepare(bytes(32), [Attribute(cms.OID_MESSAGE_DIGEST, (der.octets(b""),))])

    def test_a_digest_of_another_size(self, party: chains.Party) -> None:
        with pytest.raises(CmsInvalid, match="20 bytes"):
            builder(party).prepare(bytes(20))


class TestWithoutSignedAttributes:
    def message(self, party: chains.Party, content: bytes) -> bytes:
        algorithm = party.key.algorithm
        signer = der.sequence(
            der.integer(1),
            der.sequence(party.certificate.issuer_der, der.integer(party.certificate.serial)),
            der.sequence(der.oid(algorithm.digest.oid)),
            algorithm.info.signature_identifier,
            der.octets(party.key.sign(content)),
        )
        return assembled(party, signer, content=content)

    def test_plain_data_is_covered_directly(self, party: chains.Party) -> None:
        signer = verify(self.message(party, CONTENT))
        assert signer.signed_attributes == ()
        assert not signer.signing_certificate_named

    def test_a_set_of_attributes_is_no_content(self, party: chains.Party) -> None:
        """Whoever has a signature with attributes could show them as what was signed."""
        made = builder(party)
        to_sign = made.prepare(party.key.algorithm.digest.of(CONTENT)).to_sign
        refused(self.message(party, to_sign), "encapContentInfo")


def _twin_of(certificate: Certificate) -> Certificate:
    twin = Certificate(certificate.data)
    twin.data = b"other bytes"
    return twin
