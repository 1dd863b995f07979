"""Lints: every certificate before it is signed, and any certificate on demand."""

from __future__ import annotations

from cryptography import x509

from ca.certificate import Certificate
from ca.errors import LintFailed
from ca.issuer import IssuerContext, permitted_names
from ca.lints import extensions, names, purpose, structure
from ca.rule import Finding, Rule
from ca.view import CertificateView, IssuerView

RULES: tuple[Rule, ...] = (*structure.RULES, *names.RULES, *extensions.RULES, *purpose.RULES)
VARYING_RULES = tuple(rule for rule in RULES if rule.varies)
"""What must be checked anew for each certificate of one template."""


def lint(view: CertificateView, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Every rule that the certificate breaks."""
    begins = view.not_before.moment
    day = begins.date() if begins is not None else None
    return tuple(
        Finding(rule.rule_id, rule.citation, detail)
        for rule in rules
        if (day is None or rule.effective_from <= day) and (detail := rule.check(view)) is not None
    )


def require_clean(view: CertificateView, rules: tuple[Rule, ...] = RULES) -> None:
    """Raises `LintFailed` with every finding."""
    findings = lint(view, rules)
    if findings:
        raise LintFailed(tuple((finding.rule_id, finding.detail) for finding in findings))


def lint_certificate(data: bytes, issuer: Certificate | None = None) -> tuple[Finding, ...]:
    """Findings about any certificate in DER; with its issuer, also what the two are to each other.

    Raises `EncodingInvalid` for bytes that are no certificate at all.
    """
    return lint(CertificateView.parse(data, None if issuer is None else _of_certificate(issuer)))


def _of_certificate(issuer: Certificate) -> IssuerView:
    try:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        identifier = b""
    try:
        path_length = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    except x509.ExtensionNotFound:
        path_length = None
    return IssuerView(
        issuer.subject_der,
        issuer.public.algorithm.info.signature_identifier,
        identifier,
        issuer.not_before,
        issuer.not_after,
        path_length,
        permitted_names(issuer),
    )


def of_context(issuer: IssuerContext) -> IssuerView:
    """What lints compare with, of an issuer about to sign."""
    return IssuerView(
        issuer.subject_der,
        issuer.public.algorithm.info.signature_identifier,
        issuer.key_identifier,
        issuer.not_before,
        issuer.not_after,
        issuer.path_length,
        issuer.permitted,
    )
