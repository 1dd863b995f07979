"""`POST /v1/verify`: judge any signed PDF by the roots that the caller gives, and by no others."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api import messages
from api.errors import InputInvalid, MediaTypeUnsupported
from api.http.caller import CallerRoute, ContractReader
from api.http.centre import Wired
from api.http.certificates import Key
from api.http.formdata import FORM_TYPE, read_form
from api.pdfreport import report_shown
from ca.trust import TrustStore, load_trust
from signing.document import Buffer
from signing.pdf.limits import LIMITS
from signing.validity.judge import judge_pdf

PDF_TYPE = "application/pdf"
MAX_TRUST = 8_388_608  # octets of PEM: several hundred certificates, and CRLs of some size
MAX_VERIFIED = LIMITS.max_size + MAX_TRUST + 65_536
"""Octets of a body: a PDF, the trust, and what a form puts around them."""
_BINARY = {"type": "string", "format": "binary"}

router = APIRouter(tags=["verification"], route_class=CallerRoute)


class StepShown(BaseModel):
    """One check that was made."""

    id: str
    outcome: str
    detail: str


class ChangeShown(BaseModel):
    """One later change."""

    revision: int
    page: int | None
    field: str | None
    object: int | None
    allowed: bool
    detail: str


class SignatureShown(BaseModel):
    """One signature or document timestamp."""

    field: str
    kind: str
    indication: str
    sub_indication: str | None
    signer: str | None
    serial: str | None
    suite: str | None
    algorithm: str | None
    level: str | None
    claimed_time: str | None
    signing_time: str | None
    signing_time_proved_by: str
    revision: int
    covers_whole_revision: bool
    certifies: int | None
    modified: str
    modified_text: str
    modifications: dict[str, list[ChangeShown]]
    steps: list[StepShown]


class AttackShown(BaseModel):
    """What speaks for an attack; `class` is a stable code, `name` its explanation."""

    code: str = Field(alias="class")
    name: str
    field: str | None
    revision: int | None
    detail: str


class PdfReportShown(BaseModel):
    """EN 319 102-1's names; TOTAL-PASSED only when everything in the file is."""

    indication: str
    sub_indication: str | None
    at: str
    revisions: int
    pages: int | None
    steps: list[StepShown]
    signatures: list[SignatureShown]
    attacks: list[AttackShown]


@router.post(
    "/v1/verify",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The PDF, with the certificates, CRLs and OCSP answers that the caller trusts as "
            "PEM in `trust`: self-signed ones are anchors, the others help. Without `trust` nothing is.",
            "content": {
                FORM_TYPE: {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": _BINARY, "trust": _BINARY},
                    }
                },
                PDF_TYPE: {"schema": _BINARY},
            },
        }
    },
)
async def verify(request: Request, _caller: ContractReader, centre: Wired, _key: Key) -> PdfReportShown:
    """Judge every signature, what changed after it, and whether the file is an attack on its reader."""
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    media = content_type.partition(";")[0].strip().lower()
    if media == FORM_TYPE:
        parts = read_form(content_type, body)
        if "file" not in parts:
            raise InputInvalid("file", "is missing from the form")
        data: Buffer = parts["file"]
        trust = bytes(parts.get("trust", b""))
    elif media == PDF_TYPE:
        data, trust = body, b""
    else:
        raise MediaTypeUnsupported(f"{FORM_TYPE}, {PDF_TYPE}")
    if len(trust) > MAX_TRUST:
        raise InputInvalid("trust", f"is longer than {MAX_TRUST} octets")
    language = messages.negotiate(request.headers.get("accept-language"))

    def judge() -> dict[str, Any]:
        return report_shown(judge_pdf(data, _trust(trust), now=centre.clock.now()), language)

    return PdfReportShown.model_validate(await run_in_threadpool(judge))


def _trust(pem: bytes) -> TrustStore:
    if not pem:
        return TrustStore()
    store = load_trust({"trust": pem})
    if store.unread:
        raise InputInvalid("trust", store.unread[0][1])
    return store
