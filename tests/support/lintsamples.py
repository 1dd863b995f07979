"""Certificates with one defect each, put together from parts: named after the rule that they break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from ca import extension, oids
from ca.certificate import Certificate
from ca.name import Name
from ca.registry import AuthorityRole
from ca.template import encode_time
from ca.view import CertificateView, ExtensionView
from keys import der
from keys.private import PrivateKey
from keys.suites import OID_EC_PUBLIC_KEY, OID_P256, Algorithm
from tests.support import chains
from tests.support.clock import NOON

P256 = Algorithm.P256
UTC_TIME, GENERALIZED_TIME, TELETEX, BMP = 0x17, 0x18, 0x14, 0x1E


@dataclass(frozen=True, slots=True)
class Parts:
    """A certificate that can be put together wrongly. The signature is empty: lints do not look at it."""

    version: bytes
    serial: bytes
    inner_algorithm: bytes
    outer_algorithm: bytes
    issuer: bytes
    not_before: bytes
    not_after: bytes
    subject: bytes
    spki: bytes
    extensions: tuple[ExtensionView, ...]

    @classmethod
    def of(cls, certificate: Certificate) -> Parts:
        view = CertificateView.parse(certificate.data)
        return cls(
            der.explicit(0, der.encode(2)),
            view.serial,
            view.inner_algorithm,
            view.outer_algorithm,
            view.issuer_der,
            der.wrap(view.not_before.tag, view.not_before.text),
            der.wrap(view.not_after.tag, view.not_after.text),
            view.subject_der,
            view.spki,
            view.extensions,
        )

    def der(self) -> bytes:
        encoded = [extension.extension(e.oid, e.value, critical=e.critical) for e in self.extensions]
        tbs = der.sequence(
            self.version,
            der.wrap(0x02, self.serial),
            self.inner_algorithm,
            self.issuer,
            der.sequence(self.not_before, self.not_after),
            self.subject,
            self.spki,
            der.explicit(3, der.sequence(*encoded)),
        )
        return der.sequence(tbs, self.outer_algorithm, der.bits(b""))

    def without(self, oid: str) -> Parts:
        return replace(self, extensions=tuple(one for one in self.extensions if one.oid != oid))

    def with_extension(self, oid: str, value: bytes, *, critical: bool = False) -> Parts:
        """In place of the one that is there."""
        extensions = (*self.without(oid).extensions, ExtensionView(oid, critical, value))
        return replace(self, extensions=extensions)


def parts(profile: str) -> Parts:
    return Parts.of(chains.leaf(P256, profile).certificate)


def intermediate_parts() -> Parts:
    return Parts.of(issuer("intermediate").party.certificate)


def issuer(profile: str) -> chains.Issuing:
    """Whoever issues certificates of the profile."""
    if profile == "intermediate":
        return chains.intermediate(P256, AuthorityRole.PERSON)
    return chains.intermediate(P256, chains.LEAVES[profile])


def attribute(oid: str, tag: int, value: bytes) -> bytes:
    return der.wrap(der.SET, der.sequence(der.oid(oid), der.wrap(tag, value)))


COUNTRY = attribute("2.5.4.6", 0x13, b"CN")


def named(*attributes: bytes) -> Parts:
    return replace(parts("person-event"), subject=der.sequence(*attributes))


def times(begin: bytes, end: bytes, tag: int = UTC_TIME) -> Parts:
    return replace(parts("person-event"), not_before=der.wrap(tag, begin), not_after=der.wrap(tag, end))


def weak_rsa() -> Parts:
    """A modulus divisible by 3."""
    good = PrivateKey.generate(Algorithm.RSA3072).public
    modulus = int.from_bytes(good.key_bits[9 : 9 + 384], "big")
    weak = modulus - modulus % 6 + 3
    key = der.sequence(der.wrap(0x02, b"\x00" + weak.to_bytes(384, "big")), der.encode(65_537))
    return rekeyed(der.sequence(Algorithm.RSA3072.info.key_identifier, der.bits(key)))


def rekeyed(spki: bytes) -> Parts:
    return replace(parts("person-event"), spki=spki)


def compressed_point() -> bytes:
    identifier = der.sequence(der.oid(OID_EC_PUBLIC_KEY), der.oid(OID_P256))
    point = PrivateKey.generate(P256).public.key_bits
    return der.sequence(identifier, der.bits(bytes([2 + point[-1] % 2]) + point[1:33]))


BASIC_CA = extension.basic_constraints(ca=True, path_length=0)
USAGE_CA = extension.key_usage(["keyCertSign", "cRLSign"])
PERMITTED = extension.name_constraints([Name.of([("C", "CN")]).der])

DEFECTS: dict[str, tuple[tuple[str, Callable[[], Parts]], ...]] = {
    "version-3": (("person-event", lambda: replace(parts("person-event"), version=b"")),),
    "serial-positive": (
        ("person-event", lambda: replace(parts("person-event"), serial=b"\x00")),
        ("person-event", lambda: replace(parts("person-event"), serial=b"\x80" + bytes(15))),
        ("person-event", lambda: replace(parts("person-event"), serial=b"\x01" + bytes(20))),
    ),
    "serial-entropy": (("person-event", lambda: replace(parts("person-event"), serial=b"\x7f" * 7)),),
    "algorithms-agree": (
        (
            "person-event",
            lambda: replace(
                parts("person-event"), outer_algorithm=Algorithm.RSA3072.info.signature_identifier
            ),
        ),
    ),
    "algorithm-of-issuer": (
        (
            "person-event",
            lambda: replace(
                parts("person-event"),
                inner_algorithm=Algorithm.SM2.info.signature_identifier,
                outer_algorithm=Algorithm.SM2.info.signature_identifier,
            ),
        ),
    ),
    "validity-order": (("person-event", lambda: times(b"261123120000Z", b"261123115959Z")),),
    "time-encoding": (
        ("person-event", lambda: times(b"20261123120000Z", b"20261123130000Z", GENERALIZED_TIME)),
        ("person-event", lambda: times(b"2611231200Z", b"2611231300Z")),
        ("person-event", lambda: times(b"261123120000+0800", b"261123130000+0800")),
    ),
    "validity-within-issuer": (("person-event", lambda: times(b"261123120000Z", b"491231235959Z")),),
    "key-accepted": (("person-event", lambda: rekeyed(compressed_point())),),
    "key-strong": (("person-event", weak_rsa),),
    "subject-present": (("person-event", named),),
    "subject-bounds": (
        ("person-event", lambda: named(COUNTRY, attribute("2.5.4.3", 0x0C, ("甲" * 65).encode()))),
        ("person-event", lambda: named(COUNTRY, attribute("2.5.4.3", 0x0C, b""))),
    ),
    "subject-encoding": (
        ("person-event", lambda: named(COUNTRY, attribute("2.5.4.3", TELETEX, b"abc"))),
        ("person-event", lambda: named(attribute("2.5.4.6", 0x0C, b"CN"))),
    ),
    "subject-visible": (
        ("person-event", lambda: named(COUNTRY, attribute("2.5.4.3", 0x0C, "a\u202eb".encode()))),
        ("person-event", lambda: named(COUNTRY, attribute("2.5.4.3", BMP, b"\x67\x4e\xff"))),
    ),
    "issuer-name": (
        ("person-event", lambda: replace(parts("person-event"), issuer=Name.of([("C", "CN")]).der)),
    ),
    "name-constraints-hold": (
        ("person-event", lambda: named(attribute("2.5.4.6", 0x13, b"US"), attribute("2.5.4.3", 0x0C, b"a"))),
    ),
    "extensions-unique": (
        (
            "person-event",
            lambda: replace(
                parts("person-event"),
                extensions=parts("person-event").extensions[:1] * 2 + parts("person-event").extensions[1:],
            ),
        ),
    ),
    "extensions-readable": (
        ("person-event", lambda: parts("person-event").with_extension(oids.AUTHORITY_INFO_ACCESS, b"\x30")),
    ),
    "critical-known": (
        ("person-event", lambda: parts("person-event").with_extension("1.2.3.4", der.NULL, critical=True)),
    ),
    "never-critical": (
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.AUTHORITY_INFO_ACCESS,
                extension.authority_info_access(ocsp="http://a/", issuer="http://b/"),
                critical=True,
            ),
        ),
    ),
    "authority-key-identifier": (
        ("person-event", lambda: parts("person-event").without(oids.AUTHORITY_KEY_IDENTIFIER)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.AUTHORITY_KEY_IDENTIFIER, extension.authority_key_identifier(bytes(20))
            ),
        ),
    ),
    "subject-key-identifier": (
        ("person-event", lambda: parts("person-event").without(oids.SUBJECT_KEY_IDENTIFIER)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(oids.SUBJECT_KEY_IDENTIFIER, der.octets(bytes(20))),
        ),
    ),
    "key-usage": (
        ("person-event", lambda: parts("person-event").without(oids.KEY_USAGE)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.KEY_USAGE, extension.key_usage(["digitalSignature"])
            ),
        ),
        (
            "person-event",
            lambda: parts("person-event").with_extension(oids.KEY_USAGE, b"\x03\x01\x00", critical=True),
        ),
    ),
    "basic-constraints": (
        ("intermediate", lambda: intermediate_parts().with_extension(oids.BASIC_CONSTRAINTS, BASIC_CA)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.BASIC_CONSTRAINTS, extension.basic_constraints(ca=False, path_length=0), critical=True
            ),
        ),
        (
            "person-event",
            lambda: (
                parts("person-event")
                .with_extension(oids.BASIC_CONSTRAINTS, BASIC_CA, critical=True)
                .with_extension(oids.KEY_USAGE, USAGE_CA, critical=True)
            ),
        ),
    ),
    "cert-sign-for-authorities": (
        (
            "person-event",
            lambda: parts("person-event").with_extension(oids.KEY_USAGE, USAGE_CA, critical=True),
        ),
        (
            "intermediate",
            lambda: intermediate_parts().with_extension(
                oids.KEY_USAGE, extension.key_usage(["digitalSignature"]), critical=True
            ),
        ),
    ),
    "policies-present": (("person-event", lambda: parts("person-event").without(oids.CERTIFICATE_POLICIES)),),
    "crl-pointer": (
        ("person-event", lambda: parts("person-event").without(oids.CRL_DISTRIBUTION_POINTS)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.CRL_DISTRIBUTION_POINTS, der.sequence(der.sequence())
            ),
        ),
    ),
    "information-access": (
        ("person-event", lambda: parts("person-event").without(oids.AUTHORITY_INFO_ACCESS)),
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.AUTHORITY_INFO_ACCESS,
                der.sequence(der.sequence(der.oid(oids.AD_OCSP), der.wrap(0x86, b"http://a/"))),
            ),
        ),
    ),
    "name-constraints": (
        (
            "person-event",
            lambda: parts("person-event").with_extension(oids.NAME_CONSTRAINTS, PERMITTED, critical=True),
        ),
        ("intermediate", lambda: intermediate_parts().with_extension(oids.NAME_CONSTRAINTS, PERMITTED)),
    ),
    "timestamping-alone": (
        (
            "timestamp-unit",
            lambda: parts("timestamp-unit").with_extension(
                oids.EXTENDED_KEY_USAGE, extension.extended_key_usage([oids.EKU_TIME_STAMPING])
            ),
        ),
        (
            "timestamp-unit",
            lambda: parts("timestamp-unit").with_extension(
                oids.EXTENDED_KEY_USAGE,
                extension.extended_key_usage([oids.EKU_TIME_STAMPING, "1.2.3.4"]),
                critical=True,
            ),
        ),
    ),
    "ocsp-no-check": (
        ("ocsp-responder", lambda: parts("ocsp-responder").without(oids.OCSP_NO_CHECK)),
        ("person-event", lambda: parts("person-event").with_extension(oids.OCSP_NO_CHECK, der.NULL)),
    ),
    "responder-lifetime": (
        (
            "ocsp-responder",
            lambda: replace(parts("ocsp-responder"), not_after=encode_time(NOON + timedelta(days=31))),
        ),
    ),
    "no-any-purpose": (
        (
            "person-event",
            lambda: parts("person-event").with_extension(
                oids.EXTENDED_KEY_USAGE, extension.extended_key_usage([oids.ANY_EXTENDED_KEY_USAGE])
            ),
        ),
    ),
    "server-names": (("service", lambda: parts("service").without(oids.SUBJECT_ALT_NAME)),),
}
"""Samples by rule: whose certificate it is made from, and how."""


def certificate_of_issuer(profile: str) -> Certificate:
    of = chains.root(P256) if profile == "intermediate" else issuer(profile)
    return of.party.certificate
