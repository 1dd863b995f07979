"""Rules of the fields that every certificate has: version, serial, algorithms, validity, key."""

from __future__ import annotations

from ca.goodkey import weakness
from ca.rule import FIRST_ISSUE, RFC_5280, Rule
from ca.view import GENERALIZED_TIME, UTC_TIME, CertificateView, TimeView

_VERSION_3 = 2
_MAX_SERIAL_OCTETS = 20
_MIN_SERIAL_BITS = 64
_UTC_TIME_ENDS = 2050
_UTC_TIME_SIZE, _GENERALIZED_TIME_SIZE = 13, 15  # with seconds and Z, without fractions


def _version(view: CertificateView) -> str | None:
    return None if view.version == _VERSION_3 else f"is of version {view.version + 1}, not 3"


def _serial(view: CertificateView) -> str | None:
    serial = view.serial
    if not serial or serial[0] & 0x80 or not any(serial):
        return "is zero or negative"
    if len(serial) > _MAX_SERIAL_OCTETS:
        return f"has {len(serial)} octets, more than {_MAX_SERIAL_OCTETS}"
    return None


def _serial_entropy(view: CertificateView) -> str | None:
    bits = int.from_bytes(view.serial, "big").bit_length()
    return None if bits >= _MIN_SERIAL_BITS else f"has only {bits} bits: 64 must be random"


def _algorithms_agree(view: CertificateView) -> str | None:
    return None if view.inner_algorithm == view.outer_algorithm else "differ inside and outside"


def _algorithm_of_issuer(view: CertificateView) -> str | None:
    if view.issuer is None or view.inner_algorithm == view.issuer.signature_identifier:
        return None
    return "is not that of the issuer's key"


def _validity_order(view: CertificateView) -> str | None:
    before, after = view.not_before.moment, view.not_after.moment
    if before is None or after is None:
        return "has a time that is none"
    return None if before < after else "ends before it begins"


def _time_encoding(view: CertificateView) -> str | None:
    return _one_time("notBefore", view.not_before) or _one_time("notAfter", view.not_after)


def _one_time(field: str, time: TimeView) -> str | None:
    if time.moment is None:
        return f"{field} is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ"
    early = time.moment.year < _UTC_TIME_ENDS
    if time.tag != (UTC_TIME if early else GENERALIZED_TIME):
        return f"{field} is {'GeneralizedTime before' if early else 'UTCTime from'} 2050"
    if len(time.text) != (_UTC_TIME_SIZE if early else _GENERALIZED_TIME_SIZE):
        return f"{field} is not written with seconds and Z"
    return None


def _within_issuer(view: CertificateView) -> str | None:
    issuer = view.issuer
    if issuer is None or issuer.not_before is None or issuer.not_after is None:
        return None
    before, after = view.not_before.moment, view.not_after.moment
    if before is None or after is None:
        return None
    return None if issuer.not_before <= before and after <= issuer.not_after else "leaves the issuer's"


def _key_accepted(view: CertificateView) -> str | None:
    return None if view.public is not None else "is not P-256, RSA 3072 to 4096 or SM2, well encoded"


def _key_strong(view: CertificateView) -> str | None:
    return None if view.public is None else weakness(view.public)


RULES = (
    Rule("version-3", "RFC 5280 4.1.2.1", RFC_5280, _version, varies=False),
    Rule("serial-positive", "RFC 5280 4.1.2.2", RFC_5280, _serial, varies=True),
    Rule("serial-entropy", "CABF BR 7.1", FIRST_ISSUE, _serial_entropy, varies=True),
    Rule("algorithms-agree", "RFC 5280 4.1.1.2", RFC_5280, _algorithms_agree, varies=False),
    Rule("algorithm-of-issuer", "RFC 5280 4.1.1.2", RFC_5280, _algorithm_of_issuer, varies=False),
    Rule("validity-order", "RFC 5280 4.1.2.5", RFC_5280, _validity_order, varies=True),
    Rule("time-encoding", "RFC 5280 4.1.2.5", RFC_5280, _time_encoding, varies=True),
    Rule("validity-within-issuer", "shell model, own rule", FIRST_ISSUE, _within_issuer, varies=True),
    Rule("key-accepted", "RFC 5280 4.1.2.7", RFC_5280, _key_accepted, varies=True),
    Rule("key-strong", "CABF BR 6.1.1.3, 6.1.6", FIRST_ISSUE, _key_strong, varies=True),
)
