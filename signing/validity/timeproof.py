"""Timestamps of a PDF judged, and what they prove of its signatures' time (EN 319 102-1 5.5, 5.6.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ca.errors import CaError
from ca.indication import Indication
from ca.timestamp import Imprint, parse_tst_info
from ca.trust import TrustStore
from ca.verifystamp import TimestampReport, judge_timestamp
from keys import cms
from keys.errors import KeysError
from keys.suites import Digest, digest_identifier
from signing.validity.locate import SignatureObject
from signing.validity.message import MessageRefused, without_padding
from signing.validity.rangedigest import Range
from signing.validity.report import Proof

MAX_TOKENS = 4  # signature timestamps of one signature that are judged
_DATE = re.compile(
    rb"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)(?:00'?00'?)?|([+-])(\d\d)'?(?:(\d\d)'?)?)?"
)

Digests = Mapping[tuple[Digest, Range], bytes]


@dataclass(frozen=True, slots=True)
class Proven:
    """That something existed at a time, and by what."""

    at: datetime
    by: Proof


def imprint_digest(stamp: SignatureObject) -> Digest | None:
    """The digest algorithm of a document timestamp's imprint; None where there is no such token."""
    try:
        signed = cms.parse(without_padding(stamp.contents))
        return None if signed.content is None else parse_tst_info(signed.content).imprint.digest
    except (MessageRefused, KeysError, CaError):
        return None


def judge_document_timestamp(
    stamp: SignatureObject, digests: Digests, trust: TrustStore, now: datetime
) -> TimestampReport:
    """A document timestamp over its byte range; raises `MessageRefused` where there is no token."""
    token = without_padding(stamp.contents)
    digest = imprint_digest(stamp)
    imprints = []
    if digest is not None and stamp.range is not None:
        value = digests[digest, stamp.range]
        imprints.append(Imprint(digest, value, digest_identifier(digest)))
    return judge_timestamp(None, token, trust, now=now, imprints=imprints)


def earliest(
    own: list[TimestampReport], documents: list[tuple[SignatureObject, TimestampReport]], covered: int
) -> Proven | None:
    """The earliest proof: the signature's own timestamps, or document timestamps over its revision."""
    found = [
        Proven(one.token.info.gen_time, Proof.SIGNATURE_TIMESTAMP) for one in own if _holds(one) and one.token
    ]
    found += [
        Proven(report.token.info.gen_time, Proof.DOCUMENT_TIMESTAMP)
        for stamp, report in documents
        if _holds(report) and report.token and stamp.whole and stamp.revision > covered
    ]
    return min(found, key=lambda one: one.at, default=None)


def _holds(report: TimestampReport) -> bool:
    return report.indication is Indication.TOTAL_PASSED


def claimed_time(value: object) -> datetime | None:
    """A date of PDF (ISO 32000-2 7.9.4); None for what is none. Without an offset it is taken for UTC."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None:
        return None
    parts = [
        int(one) if one else least for one, least in zip(found.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    ]
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        zone = timezone(-offset if found[8] == b"-" else offset)
        return datetime(*parts[:3], *parts[3:], tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type,misc]
    except (ValueError, OverflowError):
        return None
