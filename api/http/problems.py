"""Errors as problem+json (RFC 9457): the only place that knows which error has which status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

import api.errors as ours
import ca.errors as ca
import evidence.errors as evidence
import forensics.errors as forensics
import keys.errors as keys
import signing.errors as signing
from api import messages
from api.facts import facts
from api.logging import logger, trace_id
from api.settings import Language

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:xinqian:problem:"
INTERNAL = "internal-error"
VALIDATION = "validation-failed"
MAX_FINDINGS = 50  # of one answer; a body with more mistakes is not repaired by reading further

STATUS: Mapping[type[Exception], int] = {
    ours.ApiError: 500,
    ours.SettingsInvalid: 500,
    ours.StoreUnavailable: 503,
    ours.OutcomeUnknown: 503,
    ours.SchemaBehind: 503,
    ours.NotInitialised: 503,
    ours.InputInvalid: 422,
    ours.BodyTooLarge: 413,
    ours.BodyTooDeep: 413,
    ours.MediaTypeUnsupported: 415,
    ours.CallerUnproven: 401,
    ours.CallerClockSkewed: 401,
    ours.RequestReplayed: 401,
    ours.ScopeMissing: 403,
    ours.CallerExists: 409,
    ours.CallerNotFound: 404,
    ours.IdempotencyKeyMissing: 400,
    ours.IdempotencyKeyReused: 422,
    ours.IdempotencyInProgress: 409,
    evidence.EvidenceError: 500,
    evidence.EventInvalid: 422,
    evidence.RecordRefused: 503,
    evidence.PayloadUnavailable: 410,
    evidence.PayloadCorrupt: 500,
    evidence.CaseNotFound: 404,
    evidence.CaseClosed: 409,
    evidence.CaseRefused: 409,
    evidence.CaseHeld: 409,
    evidence.HoldNotFound: 404,
    evidence.PersonsMissing: 403,
    evidence.AccessRefused: 403,
    evidence.LogBehind: 503,
    evidence.WatermarkInvalid: 503,
    evidence.WatermarkUnavailable: 503,
    evidence.ProofInvalid: 422,
    evidence.NoteInvalid: 422,
    evidence.TileInvalid: 500,
    evidence.TilesUnavailable: 503,
    evidence.LogForked: 503,
    evidence.WitnessRefused: 409,
    keys.KeysError: 500,
    keys.KeyEncodingInvalid: 422,
    keys.SignatureInvalid: 422,
    keys.AlgorithmNotAllowed: 422,
    keys.KeyNotFound: 404,
    keys.KeyBlocked: 422,
    keys.KeyStateInvalid: 409,
    keys.KeyPurposeInvalid: 422,
    keys.KeyUseExhausted: 503,
    keys.KeyUnsealFailed: 503,
    keys.MasterKeyDiffers: 503,
    keys.MasterKeyInvalid: 503,
    keys.CustodyUnavailable: 503,
    keys.CmsInvalid: 422,
    ca.CaError: 500,
    ca.RequestInvalid: 422,
    ca.ProofOfPossessionInvalid: 422,
    ca.ProfileInvalid: 422,
    ca.NotFound: 404,
    ca.Refused: 422,
    ca.LintFailed: 422,
    ca.ValidityBeyondIssuer: 422,
    ca.DuplicateKey: 409,
    ca.ApprovalRequired: 403,
    ca.AlreadyRevoked: 409,
    ca.IssuanceMismatch: 500,
    ca.RegistryBehind: 503,
    ca.JournalUnavailable: 503,
    ca.EncodingInvalid: 422,
    ca.PathInvalid: 422,
    ca.RevocationDataInvalid: 422,
    ca.TimestampInvalid: 422,
    ca.TimestampRefused: 422,
    ca.TimeNotAvailable: 503,
    ca.ClockBehind: 503,
    signing.SigningError: 500,
    signing.DocumentRefused: 422,
    signing.DocumentUnavailable: 503,
    signing.PlacementInvalid: 422,
    signing.TemplateInvalid: 422,
    signing.ValuesInvalid: 422,
    signing.GlyphMissing: 422,
    signing.NotFound: 404,
    signing.StateInvalid: 409,
    signing.Refused: 422,
    signing.OrderNotReached: 409,
    signing.ProofExpired: 422,
    signing.AuthorisationMissing: 403,
    signing.ChallengeFailed: 422,
    signing.ChallengeLocked: 429,
    signing.ChallengeExpired: 422,
    signing.TooManyRequests: 429,
    signing.IdentityRefused: 422,
    signing.ProviderUnavailable: 503,
    signing.TimestampUnavailable: 503,
    signing.RevisionConflict: 409,
    signing.FieldInvalid: 409,
    signing.SignatureMismatch: 500,
    forensics.ForensicsError: 500,
    forensics.ReportInvalid: 422,
    forensics.PackageInvalid: 422,
    forensics.ContentsInvalid: 422,
    forensics.RecordInvalid: 422,
    forensics.RenewalRefused: 409,
}
ROOTS = (
    ours.ApiError,
    evidence.EvidenceError,
    keys.KeysError,
    ca.CaError,
    signing.SigningError,
    forensics.ForensicsError,
)
"""Every error of ours is below one of these; anything else is a defect and answered with 500."""

RETRY_AFTER_S = {503: 5, 409: 1}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem document; `members` extend it with the error's facts."""

    status: int
    code: str
    title: str
    detail: str
    members: Mapping[str, Any]

    def response(self, language: Language) -> Response:
        """The answer."""
        document = {
            "type": f"{TYPE_PREFIX}{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }
        if (trace := trace_id.get()) is not None:
            document["trace_id"] = trace
        headers = {"Content-Language": language, "Cache-Control": "no-store", "Vary": "Accept-Language"}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "XINQIAN-HMAC-SHA256"
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_S[503])
        elif self.status == HTTPStatus.TOO_MANY_REQUESTS and "retry_after" in self.members:
            headers["Retry-After"] = str(self.members["retry_after"])
        body = json.dumps(document, ensure_ascii=False).encode()
        return Response(body, self.status, headers, MEDIA_TYPE)


def of_error(error: Exception, language: Language) -> Problem:
    """The problem of any exception. What failed inside is named by its code, and told to the log only."""
    if isinstance(error, RequestValidationError):
        return _of_validation(error, language)
    if isinstance(error, HTTPException):
        return _of_status(error.status_code, language)
    status = STATUS.get(type(error))
    if status is None or not isinstance(error, ROOTS):
        title, detail = messages.problem(INTERNAL, language, {})
        return Problem(500, INTERNAL, title, detail, {})
    known = facts(error)
    title, detail = messages.problem(error.code, language, known)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(status, error.code, title, messages.text("problem.inside", language), {})
    return Problem(status, error.code, title, detail, messages.told(known, language))


def _of_validation(error: RequestValidationError, language: Language) -> Problem:
    found = []
    for finding in error.errors()[:MAX_FINDINGS]:
        where, *path = (str(part) for part in finding["loc"])
        if finding["type"] == "json_invalid":
            path = []
        name = ".".join(path) or where
        found.append({"field": name, "in": where, "reason": _reason(finding, language)})
    fields = ", ".join(one["field"] for one in found)
    title, detail = messages.problem(VALIDATION, language, {"fields": fields})
    return Problem(422, VALIDATION, title, detail, {"errors": found})


def _reason(finding: Mapping[str, Any], language: Language) -> str:
    key = f"validation.{finding['type']}"
    texts = messages.catalogue(language)
    if key not in texts:
        key = "validation.other"
    return texts[key].format_map({"context": "", **finding.get("ctx", {})})


def _of_status(status: int, language: Language) -> Problem:
    code = f"http-{status}"
    if f"problem.{code}.title" not in messages.catalogue(language):
        code = "http-other"
    title, detail = messages.problem(code, language, {"status": status})
    return Problem(status, code, title, detail, {})


def respond(request: Request, error: Exception) -> Response:
    """The answer to a request that failed, in the language that it asks for."""
    language = messages.negotiate(request.headers.get("accept-language"))
    problem = of_error(error, language)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        unexpected = problem.code == INTERNAL
        logger("xinqian.http").error(
            "request failed", code=problem.code, error=str(error), exc_info=error if unexpected else None
        )
    response = problem.response(language)
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


async def _answer(request: Request, error: Exception) -> Response:
    return respond(request, error)


def install(app: FastAPI) -> None:
    """Answer every error of the application with its problem."""
    for kind in (RequestValidationError, HTTPException, *ROOTS, Exception):
        app.add_exception_handler(kind, _answer)
