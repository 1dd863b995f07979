"""Verify OCSP answers (RFC 6960 3.2, 4.2.2.2): every check that makes an answer proof of a status.

1 the answer parses and is successful
2 it speaks of the certificate asked about, under this issuer
3 its signer is the issuer, or a delegate that the issuer itself certified for OCSP
4 its signature verifies
5 its times fit the moment of the validation
6 it repeats the nonce, where one was sent
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from ca import oids
from ca.certificate import Certificate
from ca.errors import EncodingInvalid, RevocationDataInvalid
from ca.ocspresponse import BasicResponse, CertificateState, SingleAnswer, load_response
from ca.precheck import defect_of, extension_of
from keys.errors import SignatureInvalid

NO_NEXT_UPDATE_AGE = timedelta(hours=24)
"""How long an answer without nextUpdate stands: RFC 6960 4.2.2.1 only says that newer is always available."""
OCSP_SIGNING = x509.ObjectIdentifier(oids.EKU_OCSP_SIGNING)


def verify_response(
    response: bytes | BasicResponse,
    certificate: Certificate,
    issuer: Certificate,
    at: datetime,
    nonce: bytes | None = None,
    *,
    now: datetime | None = None,
) -> SingleAnswer:
    """The answer about `certificate`, once every check holds; its status is for the caller to judge.

    `at` is the moment the certificate is judged at; `now`, not before it, the moment up to which
    answers may have been given (an answer given after a signature says more of it than one before);
    without it, `at`. Raises `EncodingInvalid` and `RevocationDataInvalid`.
    """
    found = load_response(response) if isinstance(response, bytes) else response  # 1
    answer = answer_about(found, certificate, issuer)  # 2
    responder = _responder(found, issuer)  # 3
    try:
        responder.public.verify(found.signature, found.tbs)  # 4
    except SignatureInvalid as error:
        raise _invalid("signature", error.reason) from error
    _check_times(found, answer, certificate, responder, (at, max(at, now or at)))  # 5
    if nonce is not None and found.nonce != nonce:  # 6
        raise _invalid("nonce", "is missing" if found.nonce is None else "is another than the one sent")
    return answer


def answer_about(response: BasicResponse, certificate: Certificate, issuer: Certificate) -> SingleAnswer:
    """The one answer about a certificate; raises `RevocationDataInvalid`."""
    found = [one for one in response.answers if one.certificate.serial == certificate.serial]
    found = [one for one in found if one.certificate.is_of(issuer)]
    if len(found) != 1:
        raise _invalid("certID", f"{len(found)} of the answers are about the certificate; one must be")
    return found[0]


def _responder(response: BasicResponse, issuer: Certificate) -> Certificate:
    candidates = [issuer, *response.certificates]
    named = [one for one in candidates if _is_named(response, one)]
    if not named:
        raise _invalid("responderID", "no certificate at hand fits it")
    reasons = []
    for candidate in named:
        reason = _not_delegated(response, candidate, issuer)
        if reason is None:
            return candidate
        reasons.append(reason)
    raise _invalid("responder", "; ".join(reasons))


def _is_named(response: BasicResponse, candidate: Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == candidate.subject_der
    try:
        return response.responder_key_hash == candidate.public.key_identifier
    except EncodingInvalid:
        return False


def _not_delegated(response: BasicResponse, candidate: Certificate, issuer: Certificate) -> str | None:
    """Why a certificate may not answer for the issuer, None when it may."""
    if (defect := defect_of(candidate)) is not None:
        return defect.reason
    if candidate.public.algorithm is not response.algorithm:
        return "the signature is in another algorithm than the responder's key"
    if candidate == issuer:
        return None
    if candidate.issuer_der != issuer.subject_der:
        return "the responder was certified by another issuer"
    try:
        candidate.check_signed_by(issuer.public)
    except (SignatureInvalid, EncodingInvalid):
        return "the responder's certificate is not signed by the issuer"
    return _wrong_delegate(candidate)


def _wrong_delegate(candidate: Certificate) -> str | None:
    purposes = extension_of(candidate, x509.ExtendedKeyUsage)
    # anyExtendedKeyUsage does not delegate: RFC 6960 4.2.2.2 wants id-kp-OCSPSigning itself.
    if purposes is None or OCSP_SIGNING not in purposes.value:
        return "the responder's certificate is not for OCSP signing"
    usage = extension_of(candidate, x509.KeyUsage)
    if usage is not None and not usage.value.digital_signature:
        return "the responder's key is not for digital signatures"
    if extension_of(candidate, x509.OCSPNoCheck) is None:
        return "the responder's certificate lacks ocsp-nocheck, so that its own status stays open"
    return None


def _check_times(
    response: BasicResponse,
    answer: SingleAnswer,
    certificate: Certificate,
    responder: Certificate,
    window: tuple[datetime, datetime],
) -> None:
    at, now = window
    until = answer.next_update or answer.this_update + NO_NEXT_UPDATE_AGE
    if answer.this_update > now or response.produced_at > now:
        raise _invalid("thisUpdate", f"the answer is of {answer.this_update:%FT%TZ}, after {now:%FT%TZ}")
    if until < answer.this_update or until < at:
        raise _invalid("nextUpdate", f"the answer stood until {until:%FT%TZ}, before {at:%FT%TZ}")
    if not responder.valid_at(response.produced_at):
        raise _invalid("responder", "its certificate was not valid when it answered")
    if answer.status.state is CertificateState.GOOD and answer.this_update > certificate.not_after:
        cutoff = answer.archive_cutoff
        if cutoff is None or cutoff > certificate.not_after:
            raise _invalid("archiveCutoff", "the certificate had expired, and the answer covers no such one")


def _invalid(field: str, reason: str) -> RevocationDataInvalid:
    return RevocationDataInvalid(field, reason)
