"""Extensions and times of CRLs and OCSP messages (RFC 5280 5, RFC 6960 4.4): read strictly, no double."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from keys import der

CRL_NUMBER = "2.5.29.20"
REASON_CODE = "2.5.29.21"
INVALIDITY_DATE = "2.5.29.24"
DELTA_CRL_INDICATOR = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
FRESHEST_CRL = "2.5.29.46"
EXPIRED_CERTS_ON_CRL = "2.5.29.60"  # ITU-T X.509 9.5.2.8
OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2"
OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
LAST_UTC_YEAR = 2049  # RFC 5280 4.1.2.5: GeneralizedTime from 2050 on
MAX_TIME = 64  # octets


@asn1.sequence
class Extension:
    """One extension; `value` is the DER inside the OCTET STRING."""

    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]  # noqa: FBT003  (the declaration's own form)
    value: bytes


@asn1.sequence
class _List:
    extensions: list[Extension]


@asn1.sequence
class _Moment:
    moment: asn1.UTCTime | asn1.GeneralizedTime


def parse_extensions(encoded: bytes, *, limit: int) -> dict[str, Extension]:
    """By dotted OID, from the DER of a SEQUENCE OF; raises `DerInvalid`, also for an extension twice."""
    return by_oid(der.decode(_List, der.sequence(encoded), limit=limit).extensions)


def by_oid(extensions: Iterable[Extension]) -> dict[str, Extension]:
    """By dotted OID; raises `DerInvalid` for an extension twice (RFC 5280 4.2)."""
    found: dict[str, Extension] = {}
    for one in extensions:
        name = one.oid.dotted_string
        if name in found:
            raise der.DerInvalid(f"holds the extension {name} twice")
        found[name] = one
    return found


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime in whole seconds, UTC (RFC 5280 4.1.2.5.2)."""
    return der.encode(asn1.GeneralizedTime(moment.astimezone(UTC).replace(microsecond=0)))


def encode_time(moment: datetime) -> bytes:
    """Time ::= CHOICE, as RFC 5280 4.1.2.5 chooses: UTCTime through 2049."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return der.encode(asn1.UTCTime(whole)) if whole.year <= LAST_UTC_YEAR else generalized_time(whole)


def decode_time(encoded: bytes) -> datetime:
    """The instant of a UTCTime or GeneralizedTime, DER; raises `DerInvalid`."""
    return whole_seconds(der.decode(_Moment, der.sequence(encoded), limit=MAX_TIME).moment)


def whole_seconds(moment: asn1.UTCTime | asn1.GeneralizedTime) -> datetime:
    """The instant; raises `DerInvalid` for fractions, which RFC 5280 4.1.2.5.2 forbids."""
    found: datetime = moment.as_datetime()
    if found.microsecond:
        raise der.DerInvalid("has a time with a fraction of a second")
    return found
