"""Rules of what a certificate is for."""

from __future__ import annotations

from datetime import timedelta

from ca import oids
from ca.lints.extensions import is_authority, items
from ca.rule import FIRST_ISSUE, RFC_3161, RFC_5280, RFC_6960, Rule
from ca.view import CertificateView
from keys import der

_MAX_RESPONDER = timedelta(days=30)  # nobody can revoke a responder marked nocheck

_TIME_STAMPING = der.oid(oids.EKU_TIME_STAMPING)
_OCSP_SIGNING = der.oid(oids.EKU_OCSP_SIGNING)
_SERVER_AUTH = der.oid(oids.EKU_SERVER_AUTH)
_ANY = der.oid(oids.ANY_EXTENDED_KEY_USAGE)


def _purposes(view: CertificateView) -> list[bytes]:
    return [der.raw(one) for one in items(view, oids.EXTENDED_KEY_USAGE)]


def _timestamping(view: CertificateView) -> str | None:
    purposes = _purposes(view)
    if _TIME_STAMPING not in purposes or is_authority(view):
        return None
    found = view.extension(oids.EXTENDED_KEY_USAGE)
    if len(purposes) > 1 or found is None or not found.critical:
        return "is not timeStamping alone, and critical"
    return None


def _no_check(view: CertificateView) -> str | None:
    responder = _OCSP_SIGNING in _purposes(view) and not is_authority(view)
    if responder == (view.extension(oids.OCSP_NO_CHECK) is not None):
        return None
    return "is absent from a responder's" if responder else "is in a certificate of no responder"


def _responder_lifetime(view: CertificateView) -> str | None:
    before, after = view.not_before.moment, view.not_after.moment
    if view.extension(oids.OCSP_NO_CHECK) is None or before is None or after is None:
        return None
    return None if after - before <= _MAX_RESPONDER else f"is over {_MAX_RESPONDER.days} days"


def _any_purpose(view: CertificateView) -> str | None:
    return "is among them" if _ANY in _purposes(view) and not is_authority(view) else None


def _server_names(view: CertificateView) -> str | None:
    if _SERVER_AUTH not in _purposes(view) or is_authority(view):
        return None
    return None if items(view, oids.SUBJECT_ALT_NAME) else "are absent from a server's certificate"


RULES = (
    Rule("timestamping-alone", "RFC 3161 2.3", RFC_3161, _timestamping, varies=False),
    Rule("ocsp-no-check", "RFC 6960 4.2.2.2.1", RFC_6960, _no_check, varies=False),
    Rule("responder-lifetime", "RFC 6960 4.2.2.2.1, own rule", FIRST_ISSUE, _responder_lifetime, varies=True),
    Rule("no-any-purpose", "RFC 5280 4.2.1.12", RFC_5280, _any_purpose, varies=False),
    Rule("server-names", "RFC 9525 2", FIRST_ISSUE, _server_names, varies=False),
)
