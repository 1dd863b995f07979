"""CRLs and OCSP messages of strangers: one encoding, every check, no surprise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ca import extension as ext
from ca import oids
from ca.certificate import Certificate
from ca.crl import Crl, load_crl
from ca.errors import EncodingInvalid, RevocationDataInvalid
from ca.ocsp import certificate_id, encode_request, load_request
from ca.ocspresponse import (
    CertificateState,
    SingleAnswer,
    Status,
    encode_response,
    encode_tbs,
    load_response,
)
from ca.ocspverify import verify_response
from ca.path import validate
from ca.registry import RevocationReason
from keys import der
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.minting import Minted, crl_of, mint
from tests.support.paths import revocation

HOUR = timedelta(hours=1)
ROOT = mint("root", Algorithm.P256, authority=True)
LEAF = mint("leaf", Algorithm.P256, ROOT)
NO_CHECK = ext.extension(oids.OCSP_NO_CHECK, der.NULL)
OCSP_USAGE = ext.extension(oids.EXTENDED_KEY_USAGE, ext.extended_key_usage([oids.EKU_OCSP_SIGNING]))
DELEGATE = mint("delegate", Algorithm.P256, ROOT, extra=[NO_CHECK, OCSP_USAGE])
ASKED = certificate_id(ROOT.certificate, LEAF.certificate.serial)
GOOD = Status(CertificateState.GOOD)


def answer(
    responder: Minted = DELEGATE,
    *,
    status: Status = GOOD,
    about: int | None = None,
    issuer: Minted = ROOT,
    nonce: bytes | None = None,
    this_update: timedelta = -HOUR,
    next_update: timedelta | None = HOUR,
    cutoff: timedelta | None = None,
    signer: Minted | None = None,
) -> bytes:
    asked = certificate_id(issuer.certificate, about or LEAF.certificate.serial)
    begin = NOON + this_update
    single = SingleAnswer(
        asked,
        status,
        begin,
        None if next_update is None else NOON + next_update,
        None if cutoff is None else NOON + cutoff,
    )
    tbs = encode_tbs(single, responder=responder.certificate, produced_at=begin, nonce=nonce)
    signature = (signer or responder).key.sign(tbs)
    return encode_response(tbs, responder.key.algorithm, signature, responder.certificate)


def verify(response: bytes, **more: object) -> SingleAnswer:
    return verify_response(response, LEAF.certificate, ROOT.certificate, NOON, **more)  # type: ignore[arg-type]


def test_delegate_and_issuer_may_answer() -> None:
    for responder in (DELEGATE, ROOT):
        assert verify(answer(responder)).status == GOOD
    revoked = Status(CertificateState.REVOKED, NOON - HOUR, RevocationReason.SUPERSEDED)
    assert verify(answer(status=revoked)).status == revoked


OTHER_ROOT = mint("root", Algorithm.P256, authority=True)  # the same name, another key
UNRELATED = mint("unrelated", Algorithm.P256, authority=True)
WITHOUT_USAGE = mint("plain", Algorithm.P256, ROOT, extra=[NO_CHECK])
ANY_USAGE = mint(
    "any",
    Algorithm.P256,
    ROOT,
    extra=[
        NO_CHECK,
        ext.extension(oids.EXTENDED_KEY_USAGE, ext.extended_key_usage([oids.ANY_EXTENDED_KEY_USAGE])),
    ],
)
OPEN_STATUS = mint("open", Algorithm.P256, ROOT, extra=[OCSP_USAGE])
SELF_ISSUED = mint("delegate", Algorithm.P256, extra=[NO_CHECK, OCSP_USAGE])
ISSUED_BY_TWIN = mint("delegate", Algorithm.P256, OTHER_ROOT, extra=[NO_CHECK, OCSP_USAGE])
ISSUED_BY_OTHER = mint("delegate", Algorithm.P256, UNRELATED, extra=[NO_CHECK, OCSP_USAGE])
EXPIRED = mint("delegate", Algorithm.P256, ROOT, extra=[NO_CHECK, OCSP_USAGE], not_after=NOON - 2 * HOUR)
SM2_DELEGATE = mint("delegate", Algorithm.SM2, ROOT, extra=[NO_CHECK, OCSP_USAGE])


@pytest.mark.parametrize(
    ("response", "field"),
    [
        (answer(SELF_ISSUED), "responder"),
        (answer(ISSUED_BY_TWIN), "responder"),
        (answer(ISSUED_BY_OTHER), "responder"),
        (answer(OTHER_ROOT), "responder"),
        (answer(WITHOUT_USAGE), "responder"),
        (answer(ANY_USAGE), "responder"),
        (answer(OPEN_STATUS), "responder"),
        (answer(SM2_DELEGATE), "responder"),
        (answer(EXPIRED), "responder"),
        (answer(LEAF), "responder"),
        (answer(signer=LEAF), "signature"),
        (answer(about=7), "certID"),
        (answer(issuer=UNRELATED), "certID"),
        (answer(this_update=HOUR, next_update=2 * HOUR), "thisUpdate"),
        (answer(this_update=-2 * HOUR, next_update=-HOUR), "nextUpdate"),
        (answer(this_update=-25 * HOUR, next_update=None), "nextUpdate"),
        (answer(next_update=-2 * HOUR), "nextUpdate"),
    ],
)
def test_answer_that_proves_nothing(response: bytes, field: str) -> None:
    with pytest.raises(RevocationDataInvalid) as caught:
        verify(response)
    assert caught.value.field == field


def test_nonce_must_be_the_one_sent() -> None:
    assert verify(answer(nonce=b"n" * 16), nonce=b"n" * 16).status == GOOD
    for response in (answer(nonce=b"m" * 16), answer()):
        with pytest.raises(RevocationDataInvalid, match="nonce"):
            verify(response, nonce=b"n" * 16)


def test_answer_given_after_the_moment_counts_up_to_now() -> None:
    later = answer(this_update=HOUR, next_update=2 * HOUR)
    assert verify(later, now=NOON + HOUR).status == GOOD


def test_good_of_an_expired_certificate_needs_a_cutoff() -> None:
    short = mint("short", Algorithm.P256, ROOT, not_after=NOON - 2 * HOUR)
    about = short.certificate.serial

    def judged(response: bytes) -> None:
        verify_response(response, short.certificate, ROOT.certificate, NOON)

    judged(answer(about=about, cutoff=-3 * HOUR))
    for response in (answer(about=about), answer(about=about, cutoff=-HOUR)):
        with pytest.raises(RevocationDataInvalid, match="archiveCutoff"):
            judged(response)


REQUEST = encode_request(ASKED, b"n" * 16)
_SINGLE = der.sequence(ASKED.encoded)


@pytest.mark.parametrize(
    ("request_bytes", "reason"),
    [
        (b"", "is not one DER value"),
        (REQUEST + b"\x00", "DER"),
        (REQUEST[:-1], "DER"),
        (der.sequence(der.sequence(der.sequence(_SINGLE, _SINGLE))), "2 certificates"),
        (der.sequence(der.sequence(der.sequence())), "0 certificates"),
        (
            der.sequence(der.sequence(der.explicit(0, der.encode(0)), der.sequence(_SINGLE))),
            "default version",
        ),
        (der.sequence(der.sequence(der.explicit(0, der.encode(1)), der.sequence(_SINGLE))), "version other"),
        (encode_request(ASKED, b""), "nonce of 0"),
        (encode_request(ASKED, bytes(129)), "nonce of 129|is 131 bytes"),
        (
            der.sequence(
                der.sequence(
                    der.sequence(_SINGLE),
                    der.explicit(2, der.sequence(ext.extension("1.2.3", der.NULL, critical=True))),
                )
            ),
            "not understood",
        ),
        (REQUEST.replace(bytes.fromhex("06052b0e03021a"), bytes.fromhex("06052b0e03021b")), "digest other"),
    ],
)
def test_malformed_request(request_bytes: bytes, reason: str) -> None:
    with pytest.raises(EncodingInvalid, match=reason):
        load_request(request_bytes)


def test_request_comes_back() -> None:
    found = load_request(REQUEST)
    assert found.certificate == ASKED
    assert found.nonce == b"n" * 16
    assert load_request(encode_request(ASKED)).nonce is None


ENTRY = revocation(LEAF.certificate, RevocationReason.KEY_COMPROMISE, NOON - HOUR)
CRL = crl_of(ROOT, [ENTRY])


def test_crl_comes_back() -> None:
    crl = load_crl(CRL)
    crl.check_signed_by(ROOT.certificate.public)
    (entry,) = crl.entries()
    assert (entry.serial, entry.reason) == (LEAF.certificate.serial, RevocationReason.KEY_COMPROMISE)
    assert crl.entry(1) is None


def _no_number(crl: bytes) -> bytes:
    return crl.replace(bytes.fromhex("0603551d14"), bytes.fromhex("0603551d7f"))


def _twice(crl: bytes) -> bytes:
    return crl_of(ROOT, [ENTRY, ENTRY])


def _bad_reason(crl: bytes) -> bytes:
    return crl.replace(bytes.fromhex("0603551d1504030a0101"), bytes.fromhex("0603551d1504030a0107"))


def _point_not_critical(crl: bytes) -> bytes:
    return crl.replace(bytes.fromhex("0603551d1c0101ff"), bytes.fromhex("0603551d1c010100"))


@pytest.mark.parametrize("change", [_no_number, _twice, _bad_reason, _point_not_critical])
def test_malformed_crl(change: Callable[[bytes], bytes]) -> None:
    changed = change(CRL)
    assert changed != CRL
    with pytest.raises(EncodingInvalid):
        load_crl(changed)


RESPONSE = answer(nonce=b"n" * 16, cutoff=-HOUR)


def _mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    edits = st.lists(st.tuples(st.integers(0, len(sample) - 1), st.integers(0, 255)), min_size=1, max_size=4)

    def apply(changes: list[tuple[int, int]]) -> bytes:
        data = bytearray(sample)
        for place, value in changes:
            data[place] = value
        return bytes(data)

    cut = st.integers(0, len(sample)).map(lambda size: sample[:size])
    return st.one_of(edits.map(apply), cut, st.binary(max_size=300))


@settings(max_examples=300, deadline=None)
@given(_mutated(REQUEST))
def test_any_request_is_read_or_refused(data: bytes) -> None:
    try:
        load_request(data)
    except EncodingInvalid:
        return


@settings(max_examples=300, deadline=None)
@given(_mutated(RESPONSE))
def test_any_response_is_verified_or_refused(data: bytes) -> None:
    try:
        verify(data, nonce=b"n" * 16)
    except (EncodingInvalid, RevocationDataInvalid):
        return
    assert load_response(data).tbs == load_response(RESPONSE).tbs  # what was signed cannot have changed


@settings(max_examples=300, deadline=None)
@given(_mutated(CRL))
def test_any_crl_is_read_or_refused(data: bytes) -> None:
    try:
        crl: Crl = load_crl(data)
    except EncodingInvalid:
        return
    assert crl.count >= 0


@settings(max_examples=300, deadline=None)
@given(_mutated(LEAF.data))
def test_any_certificate_gets_a_report(data: bytes) -> None:
    report = validate(data, anchors=[ROOT.certificate], at=NOON)
    assert report.sub_indication is not None or Certificate(data).tbs == LEAF.certificate.tbs
