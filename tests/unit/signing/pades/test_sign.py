"""Signing in two phases: what changes in the file, what is refused, and that nothing leaves unverified."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pikepdf
import pytest

from ca.token import identity_of, read_certificate
from keys import cms, cms_verify
from keys.cms import GBT35275
from keys.private import PrivateKey
from keys.suites import Algorithm
from signing.errors import DocumentRefused, FieldInvalid, SignatureMismatch, TimestampUnavailable
from signing.form import Form
from signing.pades.order import SignatureOrder
from signing.pades.pertinence import tokens, unpadded
from signing.pades.sign import PendingSignature, begin, sign
from signing.pades.validationdata import signatures
from signing.pdf.source import open_source
from tests.support.clock import NOON
from tests.support.signing import (
    LATER,
    NoTimestamps,
    OtherTimestamps,
    Person,
    UnitTimestamps,
    blank_document,
    person,
    prepared_document,
    sign_one,
)

ORDER = SignatureOrder("party-1", LATER)


def pending(data: bytes, who: Person, order: SignatureOrder = ORDER, **options: object) -> PendingSignature:
    with open_source(data) as source:
        return begin(
            source,
            order,
            identity_of(who.certificate),
            who.algorithm,
            who.chain[1:],
            **options,  # type: ignore[arg-type]
        )


def objects(data: bytes) -> dict[int, bytes]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return {
            number: pdf.get_object(number, 0).unparse(resolved=True) for number, _ in pdf.get_xref_table()
        }


@contextmanager
def value_of(data: bytes, field: str = "party-1") -> Iterator[pikepdf.Object]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        (found,) = [one for one in pdf.Root.AcroForm.Fields if str(one.T) == field]
        yield found.V


def methods_of(data: bytes, field: str) -> list[str]:
    with value_of(data, field) as value:
        return [str(one.TransformMethod) for one in value.Reference]


def message_of(data: bytes) -> cms.SignedData:
    with open_source(data) as source:
        return cms.parse(unpadded(signatures(source)[-1]))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_elsewhere_signs_between_the_phases(algorithm: Algorithm) -> None:
    data, who = prepared_document(), person(algorithm)
    waiting = pending(data, who)
    signature = who.signer.sign(waiting.to_sign)
    token = UnitTimestamps(algorithm).token(waiting.digest.of(signature), waiting.digest)
    done = data + waiting.complete(signature, token)

    start, before, after, rest = waiting.byte_range
    assert (start, after + rest) == (0, len(done))
    covered = done[:before] + done[after:]
    assert waiting.digest.of(covered) == waiting.document_digest
    with value_of(done) as value:
        assert tuple(map(int, value.ByteRange)) == waiting.byte_range
    (signer,) = cms_verify.verify(message_of(done), read_certificate, content=covered)
    assert signer.certificate.data == who.chain[0]


def test_signed_attributes_are_those_of_the_baseline() -> None:
    who = person(Algorithm.P256)
    message = message_of(sign_one(prepared_document(), "party-1", who, UnitTimestamps(Algorithm.P256)))
    (signer,) = message.signers
    assert {one.oid for one in signer.signed_attributes} == {
        cms.OID_CONTENT_TYPE,
        cms.OID_MESSAGE_DIGEST,
        cms.OID_SIGNING_CERTIFICATE_V2,
    }
    assert [one.oid for one in signer.unsigned_attributes] == [cms.OID_TIMESTAMP_TOKEN]
    assert len(tokens(message)) == 1
    assert set(message.certificates) == set(who.chain[:2])  # no root


def test_the_first_certifies_and_the_others_approve() -> None:
    data = prepared_document(3)
    for field in ("party-2", "party-3", "party-1"):
        data = sign_one(data, field, person(Algorithm.P256))
    assert methods_of(data, "party-1") == ["/FieldMDP"]
    assert methods_of(data, "party-2") == ["/DocMDP", "/FieldMDP"]
    assert methods_of(data, "party-3") == ["/FieldMDP"]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        certification = pdf.Root.Perms.DocMDP
        assert certification.objgen == pdf.Root.AcroForm.Fields[1].V.objgen
        assert certification.Reference[0].TransformParams.P == 2


def test_only_the_field_changes_and_with_the_first_the_catalogue() -> None:
    data = prepared_document(2)
    for changed_catalogue, field in ((True, "party-1"), (False, "party-2")):
        done = sign_one(data, field, person(Algorithm.P256))
        before, after = objects(data), objects(done)
        changed = {number for number, body in before.items() if after[number] != body}
        with open_source(done) as source:
            expected = {source.fields[field].number}
            expected |= {source.pdf.Root.objgen[0]} if changed_catalogue else set()
        assert changed == expected
        data = done


def test_the_appearance_takes_the_place_of_the_placeholder() -> None:
    data = prepared_document()
    drawn = Form(100, 25, b"0 0 100 25 re f", "signed")
    with open_source(data) as source:
        order = replace(ORDER, appearance=drawn)
        who = person(Algorithm.P256)
        done = data + sign(source, order, who.signer, who.chain, timestamps=None)
    with pikepdf.open(io.BytesIO(done)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert field.AP.N.read_bytes() == drawn.content
        assert pdf.pages[0].Annots[0].objgen == field.objgen


def test_claims_stand_in_the_dictionary() -> None:
    data = sign_one(
        prepared_document(), "party-1", person(Algorithm.P256), name="㛃(喆)", reason="签署", location="杭州"
    )
    with value_of(data) as value:
        assert (str(value.Name), str(value.Reason), str(value.Location)) == ("㛃(喆)", "签署", "杭州")
        assert str(value.M) == f"D:{LATER:%Y%m%d%H%M%S}+00'00'"
        assert str(value.SubFilter) == "/ETSI.CAdES.detached"


def test_contents_are_upper_case_and_padded_with_zeros() -> None:
    data = sign_one(prepared_document(), "party-1", person(Algorithm.P256), contents_size=4_000)
    with value_of(data) as value:
        _, start, end, _ = map(int, value.ByteRange)
    digits = data[start + 1 : end - 1]
    assert len(digits) == 8_000
    assert digits == digits.upper()
    assert digits.endswith(b"0" * 1_000)


def test_types_of_gbt_35275_on_request() -> None:
    data, who = prepared_document(), person(Algorithm.SM2)
    waiting = pending(data, who, content_types=GBT35275)
    done = data + waiting.complete(who.signer.sign(waiting.to_sign), None)
    message = message_of(done)
    assert (message.content_types, message.content_type) == (GBT35275.signed_data, GBT35275.data)


def test_a_document_that_others_signed_is_not_certified() -> None:
    data = sign_one(blank_document(2), "party-1", person(Algorithm.P256))
    with pikepdf.open(io.BytesIO(data)) as pdf:  # as if the first had approved only: written anew
        del pdf.Root.Perms
        value = pdf.Root.AcroForm.Fields[0].V
        del value.Reference[0]
        written = io.BytesIO()
        pdf.save(written)
    done = sign_one(written.getvalue(), "party-2", person(Algorithm.P256))
    assert methods_of(done, "party-2") == ["/FieldMDP"]


def test_a_field_that_is_not_there_or_signed_is_refused() -> None:
    data, who = prepared_document(), person(Algorithm.P256)
    with pytest.raises(FieldInvalid, match="is not in the document"):
        sign_one(data, "nobody", who)
    with pytest.raises(FieldInvalid, match="is signed already"):
        sign_one(sign_one(data, "party-1", who), "party-1", who)


def test_a_certification_against_any_change_is_kept() -> None:
    data = sign_one(blank_document(2), "party-1", person(Algorithm.P256)).replace(
        b"/P 2 /V /1.2", b"/P 1 /V /1.2"
    )
    with pytest.raises(DocumentRefused) as caught:
        sign_one(data, "party-2", person(Algorithm.P256))
    assert caught.value.cause == "certified"


@pytest.mark.parametrize(
    "lock",
    [
        {"Action": pikepdf.Name.All},
        {"Action": pikepdf.Name.Include, "Fields": ["party-1", "party-2"]},
        {"Action": pikepdf.Name.Exclude, "Fields": ["party-1"]},
    ],
)
def test_a_field_that_an_earlier_signature_locked_is_refused(lock: dict[str, Any]) -> None:
    with pikepdf.open(io.BytesIO(blank_document(2))) as pdf:
        pdf.Root.AcroForm.Fields[0].Lock = pikepdf.Dictionary(Type=pikepdf.Name.SigFieldLock, **lock)
        written = io.BytesIO()
        pdf.save(written)
    data = sign_one(written.getvalue(), "party-1", person(Algorithm.P256))
    with pytest.raises(FieldInvalid, match="is locked by signature party-1"):
        sign_one(data, "party-2", person(Algorithm.P256))


def test_a_signature_that_does_not_hold_never_leaves() -> None:
    data, who = prepared_document(), person(Algorithm.P256)
    waiting = pending(data, who)
    other = PrivateKey.generate(Algorithm.P256)
    for wrong in (other.sign(waiting.to_sign), who.signer.sign(waiting.to_sign + b"\x00"), b"", b"0" * 70):
        with pytest.raises(SignatureMismatch):
            waiting.complete(wrong, None)


def test_a_certificate_of_another_key_is_found_before_anything_is_signed() -> None:
    data, who, other = prepared_document(), person(Algorithm.P256), person(Algorithm.P256)
    with open_source(data) as source, pytest.raises(SignatureMismatch, match="another key"):
        sign(source, ORDER, who.signer, other.chain, timestamps=None)
    with open_source(data) as source, pytest.raises(SignatureMismatch):
        begin(source, ORDER, identity_of(other.certificate), Algorithm.SM2, other.chain[1:])
    with open_source(data) as source, pytest.raises(SignatureMismatch):
        sign(source, ORDER, who.signer, [b"no certificate"], timestamps=None)


def test_too_little_room_is_said() -> None:
    with pytest.raises(SignatureMismatch, match="do not fit into the 500 that are reserved"):
        sign_one(prepared_document(), "party-1", person(Algorithm.P256), contents_size=500)


def test_without_a_timestamp_there_is_no_signature() -> None:
    data, who = prepared_document(), person(Algorithm.P256)
    with pytest.raises(TimestampUnavailable, match="the authority is closed"):
        sign_one(data, "party-1", who, NoTimestamps())


@pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.SM2])
def test_a_token_over_something_else_is_none(algorithm: Algorithm) -> None:
    with pytest.raises(TimestampUnavailable, match="of another digest"):
        sign_one(prepared_document(), "party-1", person(algorithm), OtherTimestamps(algorithm))


def test_what_is_no_token_is_none() -> None:
    data, who = prepared_document(), person(Algorithm.P256)
    waiting = pending(data, who)
    signature = who.signer.sign(waiting.to_sign)
    plain = message_of(sign_one(data, "party-1", who))
    for wrong in (b"", b"0" * 100, waiting.to_sign, plain.signers[0].signature):
        with pytest.raises(TimestampUnavailable):
            waiting.complete(signature, wrong)


def test_a_token_from_outside_the_certificates_life_is_refused() -> None:
    early = UnitTimestamps(Algorithm.P256)
    who = person(Algorithm.P256)
    early.at = who.certificate.not_after.replace(year=NOON.year + 1)
    with pytest.raises(TimestampUnavailable):
        sign_one(prepared_document(), "party-1", who, early)
