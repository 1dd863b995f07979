"""Lints by another make's linter: slow and thorough, for authority certificates and on demand."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ca.errors import LintFailed


class Severity(enum.IntEnum):
    """How grave a finding is; smaller is graver."""

    FATAL = 0
    ERROR = 1
    WARNING = 2
    NOTICE = 3
    INFO = 4
    DEBUG = 5


@dataclass(frozen=True, slots=True)
class DeepFinding:
    """One finding of the linter."""

    severity: Severity
    code: str
    """The linter's name of the rule."""
    where: str
    """Path of the part of the structure."""
    message: str


class DeepLinter(Protocol):
    """A linter of encoded objects. Each method raises `EncodingInvalid` for bytes that are none."""

    def certificate(self, data: bytes) -> tuple[DeepFinding, ...]:
        """Findings about a certificate in DER."""
        ...

    def crl(self, data: bytes) -> tuple[DeepFinding, ...]:
        """Findings about a CertificateList."""
        ...

    def ocsp_response(self, data: bytes) -> tuple[DeepFinding, ...]:
        """Findings about an OCSPResponse."""
        ...


def errors(findings: Iterable[DeepFinding]) -> tuple[DeepFinding, ...]:
    """Those that break a standard."""
    return tuple(finding for finding in findings if finding.severity <= Severity.ERROR)


def require_no_error(findings: Iterable[DeepFinding]) -> None:
    """Raises `LintFailed` with every finding that breaks a standard."""
    found = errors(findings)
    if found:
        raise LintFailed(tuple((one.code, f"{one.where} {one.message}".strip()) for one in found))
