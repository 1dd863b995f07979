"""A small hierarchy in either suite, made by the ``openssl`` command line alone: foreign material for tests.

root → issuing → leaf, tsa, ocsp, revoked. In the Chinese suite the program can make all but CMS and
timestamps; those are put together here around a signature of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asn1crypto import core, x509

from tests.support.openssl import SM2_IDENTIFIER, OpenSSL

Suite = Literal["intl", "guomi"]

SM3 = "1.2.156.10197.1.401"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
OCTETS, SEQUENCE, SET, GENERALIZED_TIME, CONTEXT = 0x04, 0x30, 0x31, 0x18, 0xA0
POLICY = "1.3.6.1.4.1.99999.1"

CONFIGURATION = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ocsp]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[crl]
authorityKeyIdentifier = keyid
[delta]
authorityKeyIdentifier = keyid
2.5.29.27 = critical, ASN1:INTEGER:1
[delta-ca]
database = delta.txt
crlnumber = delta.number
default_md = {digest}
default_crl_days = 1
crl_extensions = delta
[issuing-ca]
database = issuing.txt
crlnumber = issuing.number
default_md = {digest}
default_crl_days = 7
crl_extensions = crl
[root-ca]
database = root.txt
crlnumber = root.number
default_md = {digest}
default_crl_days = 7
crl_extensions = crl
[tsa-config]
serial = tsa.serial
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sm3
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True, slots=True)
class Pki:
    """Files of one hierarchy: ``<name>.pem``, ``<name>.key``, ``issuing.crl``, ``root.crl``."""

    suite: Suite
    directory: Path
    openssl: OpenSSL

    def file(self, name: str) -> Path:
        return self.directory / name

    def certificate(self, name: str) -> x509.Certificate:
        der, _ = self.openssl.run("x509", "-in", self.file(f"{name}.pem"), "-outform", "DER")
        return x509.Certificate.load(der)

    @property
    def digest(self) -> str:
        return "sha256" if self.suite == "intl" else "sm3"

    def hash(self, data: bytes) -> bytes:
        return hashlib.new(self.digest, data).digest()

    def sign(self, name: str, data: bytes) -> bytes:
        """A raw signature by the key of this name, DER."""
        words = ["-sigopt", SM2_IDENTIFIER] if self.suite == "guomi" else []
        return self.openssl.run(
            "dgst", f"-{self.digest}", *words, "-sign", self.file(f"{name}.key"), stdin=data
        )[0]

    def ocsp(self, name: str, *, nonce: bool) -> tuple[bytes, bytes]:
        """Request and answer about the certificate of this name."""
        request, response = self.file(f"{name}.ocsp-request"), self.file(f"{name}.ocsp-response")
        issued_by = self.file("issuing.pem")
        subject = self.file(f"{name}.pem")
        nonce_word = "-nonce" if nonce else "-no_nonce"
        self.openssl.run("ocsp", "-issuer", issued_by, "-cert", subject, nonce_word, "-reqout", request)
        self.openssl.run(
            *("ocsp", "-index", self.file("issuing.txt"), "-CA", issued_by, "-ndays", "2"),
            *("-rsigner", self.file("ocsp.pem"), "-rkey", self.file("ocsp.key"), "-rmd", self.digest),
            *(["-rsigopt", SM2_IDENTIFIER] if self.suite == "guomi" else []),
            *("-reqin", request, "-respout", response),
        )
        return request.read_bytes(), response.read_bytes()

    def delta(self, name: str) -> Path:
        """A delta CRL to ``issuing.crl`` that revokes the certificate of this name."""
        rows = self.file("issuing.txt").read_text().splitlines(keepends=True)
        revoked = [row for row in rows if row.endswith(f"/CN={name}\n")]
        changed = [row.replace("V\t490101000000Z\t", "R\t490101000000Z\t240101000000Z") for row in revoked]
        self.file("delta.txt").write_text("".join(changed))
        self.file("delta.number").write_text("02\n")
        self._gencrl("delta", "issuing")
        return self.file("delta.crl")

    def _gencrl(self, section: str, issuer: str) -> None:
        self.openssl.run(
            *("ca", "-config", self.file("openssl.cnf"), "-name", f"{section}-ca", "-gencrl"),
            *(["-sigopt", SM2_IDENTIFIER] if self.suite == "guomi" else []),
            *("-keyfile", self.file(f"{issuer}.key"), "-cert", self.file(f"{issuer}.pem")),
            *("-out", self.file(f"{section}.crl")),
        )

    def timestamp(self, query: bytes) -> bytes:
        """A TimeStampResp by ``openssl ts`` (international suite)."""
        asked = self.file("query.tsq")
        asked.write_bytes(query)
        answer = self.file("answer.tsr")
        self.openssl.run(
            *("ts", "-reply", "-queryfile", asked, "-config", self.file("openssl.cnf")),
            *("-section", "tsa-config", "-signer", self.file("tsa.pem"), "-inkey", self.file("tsa.key")),
            *("-out", answer),
        )
        return answer.read_bytes()

    def signed_data(
        self,
        content: bytes,
        *,
        signer: str = "leaf",
        content_type: str = "1.2.840.113549.1.7.1",
        outer_type: str = "1.2.840.113549.1.7.2",
        attached: bool = True,
        digest_algorithm: bytes | None = None,
        signature_algorithm: bytes | None = None,
        attributes: tuple[bytes, ...] = (),
    ) -> bytes:
        """A CMS SignedData of the Chinese suite, whose signature the program makes."""
        certificate = self.certificate(signer)
        digest = digest_algorithm or algorithm(SM3)
        own = (
            attribute("1.2.840.113549.1.9.3", oid(content_type)),
            attribute("1.2.840.113549.1.9.4", tlv(OCTETS, self.hash(content))),
        )
        signed = b"".join(sorted((*own, *attributes)))
        issuer_and_serial = certificate.issuer.dump() + integer(certificate.serial_number)
        info = tlv(
            SEQUENCE,
            integer(1),
            tlv(SEQUENCE, issuer_and_serial),
            digest,
            tlv(CONTEXT, signed),
            signature_algorithm or algorithm(SM2_WITH_SM3),
            tlv(OCTETS, self.sign(signer, tlv(SET, signed))),
        )
        inside = tlv(CONTEXT, tlv(OCTETS, content)) if attached else b""
        data = tlv(
            SEQUENCE,
            integer(3 if ".9.16." in content_type else 1),
            tlv(SET, digest),
            tlv(SEQUENCE, oid(content_type), inside),
            tlv(CONTEXT, certificate.dump()),
            tlv(SET, info),
        )
        return tlv(SEQUENCE, oid(outer_type), tlv(CONTEXT, data))

    def sm2_timestamp(self, data: bytes, *, serial: int, nonce: int | None = None) -> bytes:
        """A TimeStampToken of the Chinese suite over the data."""
        certificate = self.certificate("tsa")
        info = tlv(
            SEQUENCE,
            integer(1),
            oid(POLICY),
            tlv(SEQUENCE, algorithm(SM3), tlv(OCTETS, self.hash(data))),
            integer(serial),
            tlv(GENERALIZED_TIME, certificate.not_valid_before.strftime("%Y%m%d%H%M%SZ").encode()),
            tlv(SEQUENCE, integer(1)),
            b"" if nonce is None else integer(nonce),
        )
        certified = tlv(SEQUENCE, algorithm(SM3), tlv(OCTETS, self.hash(certificate.dump())))
        return self.signed_data(
            info,
            signer="tsa",
            content_type="1.2.840.113549.1.9.16.1.4",
            attributes=(attribute("1.2.840.113549.1.9.16.2.47", tlv(SEQUENCE, tlv(SEQUENCE, certified))),),
        )


def tlv(tag: int, *contents: bytes) -> bytes:
    """DER of one value."""
    content = b"".join(contents)
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + length + content


def oid(identifier: str) -> bytes:
    """DER of an OBJECT IDENTIFIER."""
    return bytes(core.ObjectIdentifier(identifier).dump())


def integer(value: int) -> bytes:
    """DER of an INTEGER."""
    return bytes(core.Integer(value).dump())


def algorithm(identifier: str, *, null: bool = False) -> bytes:
    """An AlgorithmIdentifier with NULL in its parameters, or without any."""
    return tlv(SEQUENCE, oid(identifier), b"\x05\x00" if null else b"")


def attribute(identifier: str, value: bytes) -> bytes:
    """An Attribute of one value."""
    return tlv(SEQUENCE, oid(identifier), tlv(SET, value))


def make(suite: Suite, directory: Path) -> Pki:
    """The hierarchy, its CRLs (serial of ``revoked`` on the issuing one) and the index that OCSP reads."""
    openssl = OpenSSL(directory)
    pki = Pki(suite, directory, openssl)
    pki.file("openssl.cnf").write_text(CONFIGURATION.format(digest=pki.digest, policy=POLICY))
    pki.file("tsa.serial").write_text("1001\n")
    curve = "P-256" if suite == "intl" else "SM2"
    identifier = ["-sigopt", SM2_IDENTIFIER] if suite == "guomi" else []
    check = ["-vfyopt", SM2_IDENTIFIER] if suite == "guomi" else []
    by_whom = {"root": "root", "issuing": "root"}
    for name in ("root", "issuing", "leaf", "tsa", "ocsp", "revoked"):
        issuer = by_whom.get(name, "issuing")
        extensions = {"root": "ca", "issuing": "ca", "revoked": "leaf"}.get(name, name)
        key, request, out = pki.file(f"{name}.key"), pki.file(f"{name}.csr"), pki.file(f"{name}.pem")
        openssl.run("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", key)
        asked: list[str | Path] = ["req", "-config", pki.file("openssl.cnf"), "-new", "-key", key]
        asked += [f"-{pki.digest}", *identifier, "-subj", f"/C=CN/O=Test/CN={name}"]
        if name == "root":
            openssl.run(*asked, "-x509", "-extensions", "ca", "-days", "30", "-out", out)
            continue
        openssl.run(*asked, "-out", request)
        openssl.run(
            *("x509", "-req", "-in", request, f"-{pki.digest}", "-days", "20"),
            *(*check, *identifier),
            *("-CA", pki.file(f"{issuer}.pem"), "-CAkey", pki.file(f"{issuer}.key")),
            *("-set_serial", f"0x1{openssl.run('rand', '-hex', '15')[0].decode().strip()}"),
            *("-extfile", pki.file("openssl.cnf"), "-extensions", extensions, "-out", out),
        )
    for issuer, names in (("issuing", ("leaf", "tsa", "ocsp", "revoked")), ("root", ("issuing",))):
        rows = [
            f"{'R' if name == 'revoked' else 'V'}\t490101000000Z\t"
            f"{'240101000000Z,keyCompromise' if name == 'revoked' else ''}\t"
            f"{_serial(pki.certificate(name))}\tunknown\t/C=CN/O=Test/CN={name}\n"
            for name in names
        ]
        pki.file(f"{issuer}.txt").write_text("".join(rows))
        pki.file(f"{issuer}.number").write_text("01\n")
        pki._gencrl(issuer, issuer)
    return pki


def _serial(certificate: x509.Certificate) -> str:
    text = f"{certificate.serial_number:X}"
    return text.zfill(len(text) + len(text) % 2)
