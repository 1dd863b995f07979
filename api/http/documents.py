"""Documents: uploaded before a contract is made of them, and handed out with what was appended since."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.errors import InputInvalid, MediaTypeUnsupported
from api.handout import hand_out
from api.http.caller import CallerRoute, Contractor, ContractReader
from api.http.centre import View, Wired
from api.http.certificates import Key
from api.http.contractshown import RevisionShown, revision_shown
from ca.order import Requester
from evidence.digest import DigestPair
from signing.contract import ContractId
from signing.pdf.limits import LIMITS

PDF_TYPE = "application/pdf"
MAX_UPLOAD = LIMITS.max_size
_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {PDF_TYPE: {}}, "description": "PDF"}}
_HEADER = b"%PDF-"
_HEADER_WITHIN = 1_024  # octets: where readers look for it (ISO 32000-1 annex H, note 13)

router = APIRouter(tags=["documents"], route_class=CallerRoute)
ContractPath = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class DocumentTaken(BaseModel):
    """A file that contracts may be made of."""

    file: str
    """Give it as `file` of a contract; the SHA-256 of its octets."""
    size: int


class RevisionsShown(BaseModel):
    """A document's revisions in order; each is a byte prefix of the next."""

    revisions: list[RevisionShown]


@router.post(
    "/v1/documents",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"The PDF's octets, at most {MAX_UPLOAD}.",
            "content": {PDF_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(request: Request, _caller: Contractor, centre: Wired, _key: Key) -> DocumentTaken:
    """Store a PDF. Whether it can be signed is said when a contract is made of it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != PDF_TYPE:
        raise MediaTypeUnsupported(PDF_TYPE)
    data = await request.body()
    if _HEADER not in data[:_HEADER_WITHIN]:
        raise InputInvalid("body", "does not begin as a PDF does")
    file = await run_in_threadpool(centre.blobs.put, data)
    return DocumentTaken(file=file, size=len(data))


@router.get("/v1/contracts/{contract}/document", response_class=Response, responses=_PDF)
def document(
    contract: ContractPath,
    caller: ContractReader,
    centre: Wired,
    revision: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
) -> Response:
    """The document as it is, or as it was at a revision, compared with its digests and recorded as given."""
    actor = Requester(caller.caller_id).actor
    data, made = hand_out(centre, ContractId(contract), revision, actor)
    return pdf_answer(data, made.number, made.digests)


@router.get("/v1/contracts/{contract}/revisions")
def revisions(contract: ContractPath, _caller: ContractReader, unit: View) -> RevisionsShown:
    """What was appended to the document, and when."""
    held = unit.contracts.get(ContractId(contract))
    found = unit.documents.revisions(held.document_id)
    return RevisionsShown(revisions=[revision_shown(one) for one in found])


def pdf_answer(data: bytes, revision: int, digests: DigestPair) -> Response:
    """A PDF with its digests beside it, kept by nobody on its way."""
    headers = {
        "Cache-Control": "no-store",
        "X-Document-Revision": str(revision),
        "X-Document-SHA256": digests.sha256.hex(),
        "X-Document-SM3": digests.sm3.hex(),
        "Content-Disposition": f'inline; filename="contract-{revision}.pdf"',
    }
    return Response(data, media_type=PDF_TYPE, headers=headers)
