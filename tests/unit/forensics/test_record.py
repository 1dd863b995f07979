"""Evidence records as bytes: what is written is read back; what is malformed is refused by its field."""

from __future__ import annotations

import pytest

from forensics.errors import RecordInvalid
from forensics.preservation.record import (
    MAX_CHAINS,
    MAX_LISTS,
    MAX_RECORD_SIZE,
    MAX_TIMESTAMPS,
    MAX_VALUES,
    canonical_token,
    parse_record,
)
from keys import cms, der
from keys.cms import Attribute
from keys.suites import Algorithm, Digest, digest_identifier
from tests.support import chains
from tests.support.preservation import life

STAGES = ("initial", "renewed", "rehashed")
SHA256 = digest_identifier(Digest.SHA256)
TOKEN = parse_record(life(Algorithm.P256).initial).last.token


def record_of(
    chains_: list[list[bytes]], *, version: int = 1, digests: bytes = SHA256, more: bytes = b""
) -> bytes:
    held = der.sequence(*(der.sequence(*one) for one in chains_))
    return der.sequence(der.integer(version), der.sequence(digests), more, held)


def stamp(*, tree: bytes = b"", identifier: bytes = b"", token: bytes = TOKEN) -> bytes:
    parts = [b"\xa0" + identifier[1:]] if identifier else []
    parts += [der.wrap(0xA2, tree)] if tree else []
    return der.sequence(*parts, token)


def node(*values: bytes) -> bytes:
    return der.sequence(*map(der.octets, values))


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
@pytest.mark.parametrize("stage", STAGES)
def test_a_record_is_read_back(algorithm: Algorithm, stage: str) -> None:
    record = getattr(life(algorithm), stage)
    assert parse_record(record).encoded() == record


def test_every_field_is_read_back() -> None:
    attribute = Attribute("1.2.3", (der.integer(1),))
    info = der.wrap(0xA0, attribute.encoded())
    attributes = b"\xa1" + der.set_of(attribute.encoded())[1:]
    identifier = b"\xa0" + SHA256[1:]
    one = der.sequence(identifier, attributes, der.wrap(0xA2, node(bytes(32))), TOKEN)
    record = record_of([[one]], more=info)
    parsed = parse_record(record)
    assert parsed.encoded() == record
    assert (parsed.crypto_infos, parsed.last.attributes) == ((attribute,), (attribute,))


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (b"", "evidenceRecord"),
        (record_of([[stamp()]]) + b"\x00", "evidenceRecord"),
        (bytes(MAX_RECORD_SIZE + 1), "evidenceRecord"),
        (record_of([[stamp()]], version=2), "version"),
        (record_of([[stamp()]], digests=b""), "digestAlgorithms"),
        (record_of([[stamp()]], digests=SHA256 * 17), "digestAlgorithms"),
        (record_of([[stamp()]], digests=der.sequence(der.oid("1.3.14.3.2.26"))), "digestAlgorithms"),
        (record_of([[stamp()]], more=der.wrap(0xA1, der.oid("1.2.3"))), "encryptionInfo"),
        (record_of([[stamp()]], more=der.wrap(0xA0, Attribute("1.2.3", ()).encoded())), "cryptoInfos"),
        (record_of([]), "archiveTimeStampSequence"),
        (record_of([[stamp()]] * (MAX_CHAINS + 1)), "archiveTimeStampSequence"),
        (record_of([[]]), "archiveTimeStampChain"),
        (record_of([[stamp()] * (MAX_TIMESTAMPS + 1)]), "archiveTimeStampChain"),
        (record_of([[stamp(token=der.sequence())]]), "timeStamp"),
        (record_of([[stamp(identifier=der.sequence(der.oid("1.2.3")))]]), "digestAlgorithm"),
        (record_of([[stamp(tree=node(bytes(32)) * (MAX_LISTS + 1))]]), "reducedHashtree"),
        (record_of([[stamp(tree=node())]]), "reducedHashtree"),
        (record_of([[stamp(tree=node(*[bytes(32)] * (MAX_VALUES + 1)))]]), "reducedHashtree"),
        (record_of([[stamp(tree=node(bytes(31)))]]), "reducedHashtree"),
    ],
)
def test_what_is_malformed_is_refused_by_its_field(record: bytes, field: str) -> None:
    with pytest.raises(RecordInvalid) as found:
        parse_record(record)
    assert found.value.field == field


def test_a_token_is_digested_in_its_one_der_form() -> None:
    """CMS leaves certificates unsorted; RFC 4998 digests DER."""
    structure = cms.decode(TOKEN)
    held = structure.content.certificates
    assert held is not None
    structure.content.certificates = held[::-1]
    turned = der.encode(structure)
    assert turned != TOKEN
    assert canonical_token(turned) == canonical_token(TOKEN) == TOKEN
    assert parse_record(record_of([[stamp(token=turned)]])).last.token == TOKEN
