"""Judge a timestamp over data, offline, by what the verifier trusts: RFC 3161 2.3, 4.1, EN 319 102-1."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import CaError, TimestampInvalid
from ca.indication import Indication, Outcome, Step, SubIndication
from ca.path import PathReport, validate
from ca.purpose import TIMESTAMPING
from ca.registry import RevocationReason
from ca.revocationcheck import check_revocation
from ca.timestamp import Imprint
from ca.timestamp_response import parse_response
from ca.token import VerifiedToken, read_certificate, verify_token
from ca.trust import TrustStore
from keys.errors import CmsInvalid, KeysError, SignatureInvalid

IMPRINT_FIELD = "tstInfo.messageImprint"
HARMLESS = frozenset(
    {
        RevocationReason.UNSPECIFIED,
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
    }
)
"""RFC 3161 4.1: revoked for one of these, tokens from before the revocation stay good."""


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """What was found; `token` is None unless its signature and imprint hold."""

    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[Step, ...]
    token: VerifiedToken | None
    path: tuple[Certificate, ...]


def judge_timestamp(
    data: bytes | None,
    token: bytes,
    trust: TrustStore,
    *,
    now: datetime,
    revocation: bool = True,
    imprints: Iterable[Imprint] = (),
) -> TimestampReport:
    """Judge a TimeStampToken, or a TimeStampResp that holds one, over `data`, or over one of `imprints`.

    The certification path is judged at genTime, by revocation evidence given up to `now`. Nothing in
    the token is an anchor. Never raises for what a stranger's token holds.
    """
    #   1. a token can be read     2. signature, ESSCertIDv2, imprint hold     3. it is not from the future
    #   4. path to an anchor at genTime     5. no key of the path was revoked since as compromised
    steps: list[Step] = []
    with suppress(TimestampInvalid):  # else it is a bare token
        token = parse_response(token).token or b""
    try:
        known = [one.data for one in trust.intermediates]
        verified = verify_token(token, data=data, imprints=imprints, certificates=known)
    except (CaError, KeysError) as error:
        sub = _sub_indication(error)
        step_id = "format" if sub is SubIndication.FORMAT_FAILURE else "token"
        return _report(sub, [*steps, Step(step_id, Outcome.FAILED, str(error))])
    info = verified.info
    steps.append(Step("token", Outcome.PASSED, f"signature and imprint hold, genTime {info.gen_time:%FT%TZ}"))
    if info.gen_time - (info.accuracy or info.gen_time - info.gen_time) > now:
        steps.append(Step("time", Outcome.FAILED, "genTime is in the future"))
        return _report(SubIndication.TRY_LATER, steps, verified)
    steps.append(Step("time", Outcome.PASSED, "genTime is not in the future"))
    path = validate(
        verified.certificate,
        anchors=trust.anchors,
        at=info.gen_time,
        intermediates=(*trust.intermediates, *_carried(verified)),
        now=now,
        revocation=trust.revocation if revocation else None,
        purpose=TIMESTAMPING,
    )
    steps += path.steps
    if path.sub_indication is not None:
        return _report(path.sub_indication, steps, verified, path)
    compromised = _compromised(path, trust, now) if revocation else None
    if compromised is not None:
        steps.append(Step("compromise", Outcome.FAILED, compromised))
        return _report(SubIndication.REVOKED_NO_POE, steps, verified, path)
    return _report(None, steps, verified, path)


def _sub_indication(error: Exception) -> SubIndication:
    if isinstance(error, SignatureInvalid):
        return SubIndication.SIG_CRYPTO_FAILURE
    if isinstance(error, TimestampInvalid) and error.field == IMPRINT_FIELD:
        return SubIndication.HASH_FAILURE
    return SubIndication.FORMAT_FAILURE


def _carried(verified: VerifiedToken) -> list[Certificate]:
    found = []
    for data in verified.certificates:
        with suppress(CmsInvalid):
            found.append(read_certificate(data))
    return found


def _compromised(path: PathReport, trust: TrustStore, now: datetime) -> str | None:
    """A key revoked as compromised can have made the token at any time, whatever it says."""
    for certificate, issuer in zip(path.path, path.path[1:], strict=False):
        found = check_revocation(certificate, issuer, trust.revocation, now, now)
        status = found.status
        if status is None or found.revoked_at(now) is None or status.reason in HARMLESS:
            continue
        name = certificate.subject.rfc4514_string()
        return f"{name}: revoked since {found.revoked_at(now):%FT%TZ} ({status.reason.text})"
    return None


def _report(
    sub: SubIndication | None,
    steps: list[Step],
    token: VerifiedToken | None = None,
    path: PathReport | None = None,
) -> TimestampReport:
    indication = Indication.TOTAL_PASSED if sub is None else sub.indication
    return TimestampReport(indication, sub, tuple(steps), token, path.path if path else ())


def unreadable(reason: str) -> TimestampReport:
    """The report on a token that could not even be read."""
    return _report(SubIndication.FORMAT_FAILURE, [Step("format", Outcome.FAILED, reason)])
