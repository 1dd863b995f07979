"""Rules for CRLs before they leave: one object a rule, with its clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ca.certificate import Certificate
from ca.crl import Crl, Scope
from ca.errors import LintFailed
from ca.registry import RevocationReason
from ca.rule import RFC_5280

MAX_LIFETIME = timedelta(days=366)  # CA/Browser Forum BR 7.2: a year for CRLs of authorities, less for others


@dataclass(frozen=True, slots=True)
class CrlRule:
    """`check` gives what is wrong with a CRL of an issuer, None when nothing is."""

    rule_id: str
    citation: str
    effective_from: date
    check: Callable[[Crl, Certificate], str | None]


@dataclass(frozen=True, slots=True)
class SuccessionRule:
    """`check` gives what is wrong with a CRL after the one before it."""

    rule_id: str
    citation: str
    effective_from: date
    check: Callable[[Crl, Crl], str | None]


def _issuer(crl: Crl, issuer: Certificate) -> str | None:
    return None if crl.issuer_der == issuer.subject_der else "is not in the issuer's name"


def _key_identifier(crl: Crl, issuer: Certificate) -> str | None:
    same = crl.key_identifier == issuer.public.key_identifier
    return None if same else "names another key than the issuer's"


def _algorithm(crl: Crl, issuer: Certificate) -> str | None:
    return None if crl.algorithm is issuer.public.algorithm else "is signed with another algorithm"


def _order(crl: Crl, _: Certificate) -> str | None:
    return None if crl.this_update < crl.next_update else "ends before it begins"


def _lifetime(crl: Crl, _: Certificate) -> str | None:
    return None if crl.next_update - crl.this_update <= MAX_LIFETIME else "is valid for over a year"


def _within_issuer(crl: Crl, issuer: Certificate) -> str | None:
    inside = issuer.not_before <= crl.this_update and crl.next_update <= issuer.not_after
    return None if inside else "is valid outside its issuer's validity"


def _number(crl: Crl, _: Certificate) -> str | None:
    return None if crl.number > 0 else "has the number 0"


def _delta_order(crl: Crl, _: Certificate) -> str | None:
    behind = crl.base_number is None or crl.base_number < crl.number
    return None if behind else "adds to a complete CRL that is not older"


def _delta_pointer(crl: Crl, _: Certificate) -> str | None:
    return "is a delta CRL that points to delta CRLs" if crl.is_delta and crl.freshest else None


def _direct(crl: Crl, _: Certificate) -> str | None:
    return "is indirect or partial" if crl.scope.indirect or crl.scope.partial else None


def _one_kind(crl: Crl, _: Certificate) -> str | None:
    scope = crl.scope
    kinds = scope.only_user_certificates, scope.only_ca_certificates, scope.only_attribute_certificates
    return "is limited to more than one kind of certificate" if sum(kinds) > 1 else None


def _point(crl: Crl, _: Certificate) -> str | None:
    points = crl.scope.distribution_points
    plain = len(points) == 1 and points[0].startswith(("http://", "https://"))
    whole = crl.scope == Scope()
    return None if plain or whole else "is limited, and does not name one distribution point by its address"


def _expired_stay(crl: Crl, issuer: Certificate) -> str | None:
    kept = crl.expired_from is not None and crl.expired_from <= issuer.not_before
    return None if kept else "does not say that entries of expired certificates are kept"


CRL_RULES = (
    CrlRule("crl.issuer-name", "RFC 5280 5.1.2.3", RFC_5280, _issuer),
    CrlRule("crl.key-identifier", "RFC 5280 5.2.1", RFC_5280, _key_identifier),
    CrlRule("crl.algorithm", "RFC 5280 5.1.1.2", RFC_5280, _algorithm),
    CrlRule("crl.order-of-times", "RFC 5280 5.1.2.5", RFC_5280, _order),
    CrlRule("crl.lifetime", "CA/Browser Forum BR 7.2", date(2024, 3, 15), _lifetime),
    CrlRule("crl.within-issuer", "RFC 5280 6.3.3", RFC_5280, _within_issuer),
    CrlRule("crl.number", "RFC 5280 5.2.3", RFC_5280, _number),
    CrlRule("crl.delta-after-base", "RFC 5280 5.2.4", RFC_5280, _delta_order),
    CrlRule("crl.delta-without-freshest", "RFC 5280 5.2.6", RFC_5280, _delta_pointer),
    CrlRule("crl.direct", "RFC 5280 5.2.5", RFC_5280, _direct),
    CrlRule("crl.one-kind", "RFC 5280 5.2.5", RFC_5280, _one_kind),
    CrlRule("crl.distribution-point", "RFC 5280 5.2.5", RFC_5280, _point),
    CrlRule("crl.expired-stay", "ITU-T X.509 9.5.2.8", date(2005, 8, 1), _expired_stay),
)


def _number_grows(crl: Crl, before: Crl) -> str | None:
    return None if crl.number > before.number else f"number {crl.number} does not follow {before.number}"


def _same_key(crl: Crl, before: Crl) -> str | None:
    return None if crl.key_identifier == before.key_identifier else "names another key than the one before"


def _same_scope(crl: Crl, before: Crl) -> str | None:
    grown = set(before.scope.distribution_points) <= set(crl.scope.distribution_points)
    return None if grown else "lost a distribution point that certificates name"


def _time_goes_on(crl: Crl, before: Crl) -> str | None:
    return None if crl.this_update >= before.this_update else "is older than the one before"


SUCCESSION_RULES = (
    SuccessionRule("crl.number-grows", "RFC 5280 5.2.3", RFC_5280, _number_grows),
    SuccessionRule("crl.same-key", "RFC 5280 5.2.1", RFC_5280, _same_key),
    SuccessionRule("crl.same-scope", "RFC 5280 5.2.5", RFC_5280, _same_scope),
    SuccessionRule("crl.time-goes-on", "RFC 5280 5.1.2.4", RFC_5280, _time_goes_on),
)


def check_crl(crl: Crl, issuer: Certificate) -> None:
    """Raises `LintFailed` with every finding."""
    _raise([(rule.rule_id, found) for rule in CRL_RULES if (found := rule.check(crl, issuer)) is not None])


def check_follows(crl: Crl, before: Crl) -> None:
    """A CRL after the one before it, of the same kind and shard; raises `LintFailed`."""
    found = [
        (rule.rule_id, said) for rule in SUCCESSION_RULES if (said := rule.check(crl, before)) is not None
    ]
    _raise(found)


def check_entries_follow(crl: Crl, before: Crl) -> None:
    """Entries of complete CRLs: one that is gone must have been a hold. Linear in both.

    Raises `LintFailed`.
    """
    gone = [
        ("crl.entries-stay", f"lost the entry of {entry.serial:x}")
        for entry in before.entries()
        if entry.reason is not RevocationReason.CERTIFICATE_HOLD and crl.entry(entry.serial) is None
    ]
    _raise(gone)


def _raise(findings: list[tuple[str, str]]) -> None:
    if findings:
        raise LintFailed(tuple(findings))
