"""Our evidence records before Bouncy Castle, and Bouncy Castle's before us, in both suites."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ca.indication import Indication
from forensics.preservation.judge import judge_record
from forensics.preservation.preserve import preserve
from forensics.preservation.record import parse_record, sequence_of
from forensics.preservation.renew import Rehashed, renew_hash_trees, renew_timestamps
from keys import cms
from keys.suites import Algorithm, Digest, digest_identifier
from tests.support import chains
from tests.support.judge import BouncyCastle, Refused
from tests.support.preservation import (
    DOCUMENTS,
    FIRST,
    NOW,
    SECOND,
    STRONGER,
    THIRD,
    Timestamps,
    Validation,
    batch,
    digests,
    life,
    trust,
)
from tests.support.timestamping import anchor

pytestmark = pytest.mark.interop

STAGES = (("initial", FIRST), ("renewed", SECOND), ("rehashed", THIRD))
DAY = timedelta(days=1)


@pytest.fixture(params=list(chains.DEFAULTS))
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    found: Algorithm = request.param
    return found


def accepts(judge: BouncyCastle, record: bytes, algorithm: Algorithm, at: datetime = NOW) -> bool:
    try:
        judge.record(record, data=DOCUMENTS, anchors=[anchor(algorithm).data], at=at)
    except Refused:
        return False
    return True


def we_accept(record: bytes, algorithm: Algorithm, at: datetime = NOW) -> bool:
    report = judge_record(record, DOCUMENTS, trust(algorithm, at), now=at)
    return report.indication is Indication.TOTAL_PASSED


@pytest.mark.parametrize(("stage", "at"), STAGES)
def test_bouncy_castle_accepts_ours(
    bouncycastle: BouncyCastle, algorithm: Algorithm, stage: str, at: datetime
) -> None:
    record = getattr(life(algorithm), stage)
    bouncycastle.record(record, data=DOCUMENTS, anchors=[anchor(algorithm).data], at=at + DAY)
    with pytest.raises(Refused):
        bouncycastle.record(record, data=[b"another"], anchors=[anchor(algorithm).data], at=at + DAY)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_bouncy_castle_accepts_ours_of_every_group(
    bouncycastle: BouncyCastle, algorithm: Algorithm, size: int
) -> None:
    digest = algorithm.digest
    records = preserve(batch(digest, size), digest, Timestamps(algorithm, FIRST))
    for number, record in enumerate(records):
        data = [f"{number}-{place}".encode() for place in range(number % 3 + 1)] if number else DOCUMENTS
        bouncycastle.record(record, data=data, anchors=[anchor(algorithm).data], at=FIRST + DAY)


def test_bouncy_castle_accepts_every_renewal_of_ours(
    bouncycastle: BouncyCastle, algorithm: Algorithm
) -> None:
    """Four timestamps in a chain, then another hash function, then one more timestamp."""
    records: tuple[bytes, ...] = (life(algorithm).renewed,)
    for days in (10, 20):
        at = SECOND + timedelta(days=days)
        records = renew_timestamps(records, Timestamps(algorithm, at), Validation(algorithm, at))
        assert accepts(bouncycastle, records[0], algorithm)
    stronger = STRONGER[algorithm]
    asked = [Rehashed(records[0], digests(stronger))]
    records = renew_hash_trees(asked, stronger, Timestamps(algorithm, THIRD), Validation(algorithm, THIRD))
    assert accepts(bouncycastle, records[0], algorithm)
    later = THIRD + timedelta(hours=1)
    records = renew_timestamps(records, Timestamps(algorithm, later), Validation(algorithm, later))
    assert accepts(bouncycastle, records[0], algorithm)
    assert we_accept(records[0], algorithm)


def uncovered(record: bytes) -> list[range]:
    """Octets that Bouncy Castle does not bind to anything, where a change does not reach what is proved.

    digestAlgorithms of the record; of the newest token, which no timestamp covers yet, what stands in the CMS
    before TSTInfo (version, digestAlgorithms) and in SignerInfo before the signed attributes. We refuse
    changes there too.
    """
    last = parse_record(record).last
    signed = cms.parse(last.token)
    (signer,) = signed.signers
    assert signed.content is not None
    assert signer.signed_bytes is not None
    token = record.rindex(last.token)
    content = record.index(signed.content, token)
    certificates = record.index(max(signed.certificates), token)
    attributes = record.index(signer.signed_bytes[1:], token)
    beginning = record.index(encode_chains(record))
    return [
        range(beginning),
        range(token, content),
        range(certificates + len(max(signed.certificates)), attributes),
    ]


def encode_chains(record: bytes) -> bytes:
    return sequence_of(parse_record(record).chains)


@pytest.mark.parametrize("stage", ["initial", "rehashed"])
def test_a_changed_octet_is_refused_by_both(
    bouncycastle: BouncyCastle, algorithm: Algorithm, stage: str
) -> None:
    record = getattr(life(algorithm), stage)
    loose = uncovered(record)
    for place in range(0, len(record), max(1, len(record) // 97)):
        changed = record[:place] + bytes((record[place] ^ 0x01,)) + record[place + 1 :]
        assert not we_accept(changed, algorithm), place
        if not any(place in one for one in loose):
            assert not accepts(bouncycastle, changed, algorithm), place


def test_we_accept_bouncy_castles(bouncycastle: BouncyCastle, algorithm: Algorithm, tmp_path: Path) -> None:
    digest, stronger = (digest_identifier(one) for one in (algorithm.digest, STRONGER[algorithm]))
    groups = [list(DOCUMENTS), [b"alone"], [b"a", b"b", b"c"], [b"also alone"], [b"last"]]
    made = bouncycastle.make_records(
        Timestamps(algorithm, FIRST).answer, tmp_path, digest=digest, groups=groups
    )
    for record, group in zip(made, groups, strict=True):
        report = judge_record(record, group, trust(algorithm, FIRST + DAY), now=FIRST + DAY)
        assert report.indication is Indication.TOTAL_PASSED, report.steps
    assert not we_accept(made[1], algorithm, FIRST + DAY)
    (renewed,) = bouncycastle.make_records(
        Timestamps(algorithm, FIRST + DAY).answer, tmp_path, digest=digest, renewed=made[0]
    )
    (rehashed,) = bouncycastle.make_records(
        Timestamps(algorithm, FIRST + 2 * DAY).answer,
        tmp_path,
        digest=stronger,
        renewed=renewed,
        data=DOCUMENTS,
    )
    assert we_accept(renewed, algorithm, FIRST + 2 * DAY)
    assert we_accept(rehashed, algorithm, FIRST + 3 * DAY)
    ours = renew_timestamps(
        [rehashed], Timestamps(algorithm, FIRST + 3 * DAY), Validation(algorithm, FIRST + 3 * DAY)
    )
    assert accepts(bouncycastle, ours[0], algorithm, FIRST + 4 * DAY)
    assert we_accept(ours[0], algorithm, FIRST + 4 * DAY)


def test_records_of_one_batch_share_a_renewal(algorithm: Algorithm) -> None:
    digest = algorithm.digest
    records = preserve(batch(digest, 3), digest, Timestamps(algorithm, FIRST))
    source, validation = Timestamps(algorithm, SECOND), Validation(algorithm, SECOND)
    renew_timestamps(records, source, validation)
    assert (source.made, validation.asked) == (1, 1)


def test_digests_of_other_suites_are_taken(bouncycastle: BouncyCastle) -> None:
    """A tree under SM3 whose token is signed by P-256, as a firm's own authority may do."""
    (record,) = preserve([digests(Digest.SM3)], Digest.SM3, Timestamps(Algorithm.P256, FIRST))
    assert accepts(bouncycastle, record, Algorithm.P256)
    assert we_accept(record, Algorithm.P256, FIRST + DAY)
