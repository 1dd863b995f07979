"""Validation data and document timestamps: what they add, what they leave, and how they fail."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pikepdf
import pytest

from keys.suites import Algorithm
from signing.errors import TimestampUnavailable
from signing.pades.archive import timestamp_document
from signing.pades.pertinence import unpadded
from signing.pades.validationdata import key_of, signatures
from signing.pdf.source import open_source
from signing.ports import ValidationMaterial
from tests.support import chains
from tests.support.signing import (
    LATER,
    NoTimestamps,
    OtherTimestamps,
    UnitTimestamps,
    archived,
    blank_document,
    material,
    person,
    prepared_document,
    sign_one,
    signed_document,
    with_material,
)

StoreOf = Callable[[bytes], pikepdf.Object]
BOTH = (Algorithm.P256, Algorithm.SM2)


@pytest.fixture
def store_of() -> Iterator[StoreOf]:
    """Reads the store of a document, which stays open until the test ends."""
    with ExitStack() as stack:

        def read(data: bytes) -> pikepdf.Object:
            return stack.enter_context(pikepdf.open(io.BytesIO(data))).Root.DSS

        yield read


def octets(array: object) -> list[bytes]:
    return [one.read_bytes() for one in array]  # type: ignore[attr-defined]


@pytest.mark.parametrize("algorithm", BOTH)
def test_the_store_holds_the_material_once_and_names_it_by_signature(
    algorithm: Algorithm, store_of: StoreOf
) -> None:
    revisions, people = signed_document(algorithm, 2)
    found = material(people, algorithm)
    data = with_material(revisions[2], found)
    store = store_of(data)
    assert octets(store.Certs) == list(found.certificates)
    assert octets(store.CRLs) == list(found.crls)
    assert octets(store.OCSPs) == list(found.responses)
    with open_source(data) as source:
        keys = [f"/{key_of(one)}" for one in signatures(source)]
    assert set(store.VRI.keys()) == set(keys)
    for place, key in enumerate(keys):
        held = octets(store.VRI[key].Cert)
        assert people[place].chain[0] in held
        assert people[1 - place].chain[0] not in held  # the other's is not its own
        assert chains.leaf(algorithm, "timestamp-unit").certificate.data in held
        assert chains.root(algorithm).party.certificate.data in held
        assert octets(store.VRI[key].OCSP) == [found.responses[place]]
        assert len(octets(store.VRI[key].CRL)) == 3  # root, persons, timestamps


def test_a_store_is_added_to_and_its_entries_stand(store_of: StoreOf) -> None:
    revisions, people = signed_document(Algorithm.P256, 1)
    first = with_material(revisions[1], material(people, Algorithm.P256))
    newer = material(people, Algorithm.P256, LATER + timedelta(minutes=1))
    second = with_material(archived(first, UnitTimestamps(Algorithm.P256), Algorithm.P256), newer)
    before, after = store_of(first), store_of(second)
    assert octets(after.Certs) == octets(before.Certs)
    assert octets(after.CRLs) == octets(before.CRLs) + list(newer.crls)
    assert len(after.VRI.keys()) == 2
    for key in before.VRI.keys():  # noqa: SIM118  (a pikepdf dictionary iterates otherwise)
        assert after.VRI[key].unparse() == before.VRI[key].unparse()
    third = with_material(second, newer)
    assert octets(store_of(third).CRLs) == octets(after.CRLs)


def test_what_others_stored_is_kept_whatever_it_is(store_of: StoreOf) -> None:
    with pikepdf.open(io.BytesIO(sign_one(blank_document(), "party-1", person(Algorithm.P256)))) as pdf:
        odd = [pdf.make_stream(b"no certificate"), pdf.make_stream(bytes(1_000)), pikepdf.Dictionary(A=1)]
        odd[1].Filter = pikepdf.Name.JBIG2Decode
        pdf.Root.DSS = pdf.make_indirect(pikepdf.Dictionary(Certs=pikepdf.Array(odd)))
        written = io.BytesIO()
        pdf.save(written)
    certificate = chains.root(Algorithm.P256).party.certificate.data
    done = with_material(
        written.getvalue(), ValidationMaterial((certificate, b"also none"), (b"no CRL",), (b"",))
    )
    held = store_of(done).Certs
    assert len(held) == 4  # what is no stream is no certificate
    assert held[0].read_bytes() == b"no certificate"
    assert held[1].read_raw_bytes() == bytes(1_000)
    assert held[2].read_bytes() == certificate


def test_a_document_without_signatures_takes_validation_data(store_of: StoreOf) -> None:
    certificate = chains.root(Algorithm.P256).party.certificate.data
    data = with_material(blank_document(), ValidationMaterial((certificate,)))
    store = store_of(data)
    assert octets(store.Certs) == [certificate]
    assert "/VRI" not in store


@pytest.mark.parametrize("algorithm", BOTH)
def test_a_document_timestamp_changes_no_page(algorithm: Algorithm) -> None:
    data = prepared_document()
    done = archived(data, UnitTimestamps(algorithm), algorithm)
    with pikepdf.open(io.BytesIO(data)) as before, pikepdf.open(io.BytesIO(done)) as after:
        for one, other in zip(before.pages, after.pages, strict=True):
            assert one.obj.unparse(resolved=True) == other.obj.unparse(resolved=True)
        field = after.Root.AcroForm.Fields[-1]
        assert (str(field.T), str(field.V.SubFilter)) == ("ArchiveTimestamp1", "/ETSI.RFC3161")
        assert str(after.Root.Extensions.ESIC.BaseVersion) == "/1.7"


def test_a_document_without_a_form_takes_a_timestamp() -> None:
    with pikepdf.open(io.BytesIO(blank_document(0))) as pdf:
        del pdf.Root.AcroForm
        written = io.BytesIO()
        pdf.save(written)
    data = archived(written.getvalue(), UnitTimestamps(Algorithm.P256), Algorithm.P256)
    with open_source(data) as source:
        assert [one.signed for one in source.fields.values()] == [True]


def test_names_of_document_timestamps_never_meet_others() -> None:
    with pikepdf.open(io.BytesIO(blank_document(0))) as pdf:
        taken = pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx, T="ArchiveTimestamp1"))
        pdf.Root.AcroForm.Fields.append(taken)
        written = io.BytesIO()
        pdf.save(written)
    data = written.getvalue()
    for _ in range(2):
        data = archived(data, UnitTimestamps(Algorithm.P256), Algorithm.P256)
    with open_source(data) as source:
        assert set(source.fields) == {"ArchiveTimestamp2", "ArchiveTimestamp3"}


def test_the_timestamp_is_renewed(store_of: StoreOf) -> None:
    revisions, _ = signed_document(Algorithm.P256, 1, renewals=2)
    with open_source(revisions[-1]) as source:
        names = [one for one in source.fields if one.startswith("Archive")]
        assert names == ["ArchiveTimestamp1", "ArchiveTimestamp2", "ArchiveTimestamp3"]
        contents = signatures(source)
    store = store_of(revisions[-1])
    # Each timestamp but the last has an entry: its chain was added before the next one covered it.
    assert {f"/{key_of(one)}" for one in contents[:-1]} == set(store.VRI.keys())
    unit = chains.leaf(Algorithm.P256, "timestamp-unit").certificate.data
    assert unit in octets(store.VRI[f"/{key_of(contents[1])}"].Cert)


def test_a_failure_of_the_authority_leaves_nothing() -> None:
    data = prepared_document()
    with pytest.raises(TimestampUnavailable):
        archived(data, NoTimestamps(), Algorithm.P256)
    with pytest.raises(TimestampUnavailable, match="of another digest"):
        archived(data, OtherTimestamps(Algorithm.P256), Algorithm.P256)
    with pytest.raises(TimestampUnavailable, match="and it is"), open_source(data) as source:
        timestamp_document(
            source, UnitTimestamps(Algorithm.P256), Algorithm.P256.digest, at=LATER + timedelta(days=2)
        )


def test_padding_is_told_from_the_message() -> None:
    assert unpadded(b"\x30\x03abc\x00\x00") == b"\x30\x03abc"
    assert unpadded(b"\x30\x81\x03abc\x00\x00") == b"\x30\x81\x03abc"
    for short in (b"", b"\x30", b"\x30\x84", b"\x30\xff\xff"):
        assert unpadded(short) == short


def test_a_store_that_is_the_form_too_leaves_the_form_alone() -> None:
    """A stranger's catalogue may name one object twice; found by the fuzzer."""
    who = person(Algorithm.P256)
    with pikepdf.open(io.BytesIO(blank_document(1))) as pdf:
        pdf.Root.AcroForm = pdf.make_indirect(pdf.Root.AcroForm)
        pdf.Root.DSS = pdf.Root.AcroForm
        made = io.BytesIO()
        pdf.save(made)
    signed = sign_one(made.getvalue(), "party-1", who)
    lasting = with_material(signed, material([who], Algorithm.P256))
    with open_source(lasting) as source:
        assert [one.name for one in source.signatures] == ["party-1"]
        assert set(source.pdf.Root.DSS.keys()) >= {"/Certs", "/CRLs"}
