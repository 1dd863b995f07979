"""Rules of issuer and subject."""

from __future__ import annotations

from ca.name import AttributeType, visible
from ca.rule import FIRST_ISSUE, RFC_5280, Rule
from ca.view import CertificateView

_BY_OID = {kind.oid: kind for kind in AttributeType}
PRINTABLE, UTF8 = 0x13, 0x0C


def _subject_present(view: CertificateView) -> str | None:
    return None if view.subject else "is empty"


def _subject_bounds(view: CertificateView) -> str | None:
    for one in view.subject:
        kind = _BY_OID.get(one.oid)
        size = len(one.value.decode("utf-8", "replace"))
        if kind is not None and not 0 < size <= kind.bound:
            return f"{kind.text} has {size} characters; 1 to {kind.bound} are allowed"
    return None


def _subject_encoding(view: CertificateView) -> str | None:
    for one in view.subject:
        kind = _BY_OID.get(one.oid)
        if kind is None:
            continue
        allowed = (PRINTABLE,) if kind.printable else (UTF8, PRINTABLE)
        if one.tag not in allowed:
            return f"{kind.text} is a string of tag {one.tag:#04x}"
    return None


def _subject_visible(view: CertificateView) -> str | None:
    for one in view.subject:
        try:
            text = one.value.decode()
        except UnicodeDecodeError:
            return f"{one.oid} is not UTF-8"
        hidden = visible(text)
        if hidden is not None:
            return f"{one.oid} {hidden}"
    return None


def _issuer_name(view: CertificateView) -> str | None:
    if view.issuer is None or view.issuer_der == view.issuer.subject_der:
        return None
    return "is not, byte for byte, the issuer's subject"


def _within_constraints(view: CertificateView) -> str | None:
    if view.issuer is None or not view.issuer.permitted:
        return None
    if any(_below(view.subject_der, permitted) for permitted in view.issuer.permitted):
        return None
    return "is outside the issuer's permitted subtrees"


def _below(name: bytes, subtree: bytes) -> bool:
    """The name begins with the subtree's RDNs; ours have one encoding, so bytes decide."""
    return _content(name).startswith(_content(subtree))


def _content(encoded: bytes) -> bytes:
    header = 2 + (encoded[1] & 0x7F if encoded[1] & 0x80 else 0)
    return encoded[header:]


RULES = (
    Rule("subject-present", "RFC 5280 4.1.2.6", RFC_5280, _subject_present, varies=True),
    Rule("subject-bounds", "RFC 5280 A.1", RFC_5280, _subject_bounds, varies=True),
    Rule("subject-encoding", "RFC 5280 4.1.2.4", RFC_5280, _subject_encoding, varies=True),
    Rule("subject-visible", "own rule", FIRST_ISSUE, _subject_visible, varies=True),
    Rule("issuer-name", "RFC 5280 4.1.2.4", RFC_5280, _issuer_name, varies=False),
    Rule("name-constraints-hold", "RFC 5280 4.2.1.10", RFC_5280, _within_constraints, varies=True),
)
