"""What a file in a package is for, in which folder it lies, and of which media type it is."""

from __future__ import annotations

import enum
from types import MappingProxyType


class Role(enum.StrEnum):
    """As the manifest names it."""

    MIMETYPE = "mimetype"
    INSTRUCTIONS = "instructions"
    REPORT = "report"
    CONTRACT = "contract"
    ATTACHMENT = "attachment"
    EVENTS = "events"
    SALTS = "salts"
    LEAVES = "leaves"
    LEAF_PLACES = "leaf-places"
    LOG_POLICY = "log-policy"
    PROOF = "proof"
    CHECKPOINT = "checkpoint"
    CONSISTENCY = "consistency"
    TIMESTAMP = "timestamp"
    EVIDENCE_RECORD = "evidence-record"
    CERTIFICATE = "certificate"
    CRL = "crl"
    OCSP = "ocsp"
    TRUST_LIST = "trust-list"
    VERIFIER = "verifier"


FOLDERS = MappingProxyType(
    {
        Role.REPORT: "report/",
        Role.CONTRACT: "contract/",
        Role.ATTACHMENT: "contract/attachments/",
        Role.LOG_POLICY: "log/",
        Role.PROOF: "log/",
        Role.CHECKPOINT: "log/checkpoints/",
        Role.CONSISTENCY: "log/consistency/",
        Role.TIMESTAMP: "tst/",
        Role.EVIDENCE_RECORD: "er/",
        Role.CERTIFICATE: "trust/",
        Role.CRL: "trust/crl/",
        Role.OCSP: "trust/ocsp/",
        Role.TRUST_LIST: "trust/",
        Role.VERIFIER: "verifier/",
    }
)
"""Where files of a caller's lie; those of other roles are written by the package itself, at fixed places."""

FIXED = MappingProxyType(
    {
        Role.MIMETYPE: "mimetype",
        Role.EVENTS: "events/events.jsonl",
        Role.SALTS: "events/salts.json",
        Role.LEAVES: "events/leaves.bin",
        Role.LEAF_PLACES: "events/leaves.idx",
    }
)
"""Paths of files that a package holds once."""

_MEDIA_TYPES = MappingProxyType(
    {
        "pdf": "application/pdf",
        "json": "application/json",
        "jsonl": "application/jsonl",
        "idx": "application/jsonl",
        "txt": "text/plain",
        "html": "text/html",
        "tst": "application/vnd.etsi.timestamp-token",
        "ers": "application/vnd.etsi.ers",
        "p7s": "application/pkcs7-signature",
        "xml": "text/xml",
        "pem": "application/x-pem-file",
        "cer": "application/pkix-cert",
        "crl": "application/pkix-crl",
        "ors": "application/ocsp-response",
        "png": "image/png",
        "jpg": "image/jpeg",
    }
)
OCTETS = "application/octet-stream"


def media_type_of(path: str) -> str:
    """By the end of the name."""
    return _MEDIA_TYPES.get(path.rpartition(".")[2], OCTETS)


def is_in_place(role: Role, path: str) -> bool:
    """Whether a file of this role may lie there."""
    if role in FIXED:
        return path == FIXED[role]
    if role is Role.INSTRUCTIONS:
        return "/" not in path
    folder = FOLDERS[role]
    if not path.startswith(folder) or path == folder:
        return False
    return role is not Role.CONTRACT or not path.startswith(FOLDERS[Role.ATTACHMENT])
