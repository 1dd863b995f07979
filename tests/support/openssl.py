"""The ``openssl`` command line as a judge: each method returns what it accepts and raises on refusal.

What OpenSSL 3.0 can and cannot judge of SM2: ``-vfyopt distid:`` reaches the one certificate that is named
on the command line, neither those above it nor CRLs, OCSP answers, CMS or timestamps. So a path is judged
link by link, and any other SM2 signature as raw bytes with ``sm2_signature``.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from asn1crypto import x509

from tests.support.judge import Material

SM2_IDENTIFIER = "distid:1234567812345678"
"""GM/T 0009 section 10: the identifier of a signer who has agreed on no other."""
RUN_SECONDS = 30
TEN_YEARS = 10 * 366 * 24 * 3600


class OpenSSLRefused(AssertionError):
    """What the program printed when it refused."""


class OpenSSLUnavailable(Exception):
    """There is no ``openssl`` on this machine."""


class OpenSSL:
    """Runs the program on files in a directory of its own."""

    def __init__(self, work: Path) -> None:
        """Use ``work`` for the files; raises ``OpenSSLUnavailable``."""
        program = shutil.which("openssl")
        if program is None:
            raise OpenSSLUnavailable
        self._program = program
        self._work = work
        self._files = 0

    def run(self, *words: str | Path, stdin: bytes = b"") -> tuple[bytes, str]:
        """Standard output and error of one command; raises ``OpenSSLRefused`` unless it exits with 0."""
        done = subprocess.run(
            [self._program, *words],
            input=stdin,
            capture_output=True,
            cwd=self._work,
            timeout=RUN_SECONDS,
            check=False,
        )
        said = done.stderr.decode(errors="replace")
        if done.returncode != 0:
            raise OpenSSLRefused(f"{' '.join(map(str, words))}\n{done.stdout.decode(errors='replace')}{said}")
        return done.stdout, said

    def _new(self) -> Path:
        self._files += 1
        return self._work / f"openssl-{self._files}"

    def _bytes(self, material: Material) -> Path:
        if isinstance(material, Path):
            return material.resolve()
        path = self._new()
        path.write_bytes(material)
        return path

    def _bundle(self, label: str, materials: Sequence[Material]) -> Path:
        path = self._new()
        path.write_bytes(b"\n".join(pem(label, material) for material in materials))
        return path

    def verify(
        self,
        path: Sequence[Material],
        *,
        at: datetime | None = None,
        crls: Sequence[Material] = (),
        purpose: str | None = None,
    ) -> None:
        """A path in the international suite, leaf first and anchor last, under ``-x509_strict``.

        With CRLs, each certificate below the anchor must be covered by one.
        """
        leaf, *between, anchor = path
        words: list[str | Path] = ["verify", "-x509_strict", "-check_ss_sig", *_attime(at)]
        words += ["-CAfile", self._bundle("CERTIFICATE", [anchor])]
        words += ["-untrusted", self._bundle("CERTIFICATE", between)] if between else []
        if crls:
            words += ["-crl_check_all", "-extended_crl", "-use_deltas"]
            words += ["-CRLfile", self._bundle("X509 CRL", crls)]
        words += ["-purpose", purpose] if purpose else []
        self.run(*words, self._bundle("CERTIFICATE", [leaf]))

    def verify_sm2(
        self, path: Sequence[Material], *, at: datetime | None = None, purpose: str | None = None
    ) -> None:
        """A path in the Chinese suite, leaf first and anchor last, one link at a time.

        The anchor's own signature is judged too. Path lengths and name constraints are not.
        """
        for number, (certificate, issuer) in enumerate(pairwise(path)):
            words: list[str | Path] = ["verify", "-x509_strict", "-partial_chain", *_attime(at)]
            words += ["-vfyopt", SM2_IDENTIFIER, "-trusted", self._bundle("CERTIFICATE", [issuer])]
            words += ["-purpose", purpose] if purpose and number == 0 else []
            self.run(*words, self._bundle("CERTIFICATE", [certificate]))
        anchor = x509.Certificate.load(_der(path[-1]))
        self.sm2_signature(
            anchor["signature_value"].native,
            public_key=anchor.public_key.dump(),
            data=anchor["tbs_certificate"].dump(),
        )

    def sm2_signature(self, signature: bytes, *, public_key: bytes, data: Material) -> None:
        """An SM2 signature with SM3 and the default identifier, under a DER SubjectPublicKeyInfo."""
        self.run(
            *("dgst", "-sm3", "-sigopt", SM2_IDENTIFIER, "-keyform", "DER"),
            *("-verify", self._bytes(public_key), "-signature", self._bytes(signature), self._bytes(data)),
        )

    def crl(self, crl: Material, *, issuer: Material) -> None:
        """The signature of a CRL in the international suite."""
        issued_by = self._bundle("CERTIFICATE", [issuer])
        _, said = self.run("crl", "-in", self._bundle("X509 CRL", [crl]), "-CAfile", issued_by, "-noout")
        if "verify OK" not in said:
            raise OpenSSLRefused(said)

    def ocsp(
        self,
        response: Material,
        *,
        issuer: Material,
        cert: Material,
        anchors: Sequence[Material],
        request: Material | None = None,
        at: datetime | None = None,
    ) -> str:
        """``good``, ``revoked`` or ``unknown`` as an answer in the international suite has it.

        With a request, the answer must bear its nonce. With a time, the responder's path is judged at it,
        and thisUpdate and nextUpdate are not judged: the program compares them with its own clock alone.
        """
        words: list[str | Path] = ["ocsp", "-respin", self._bytes(response)]
        words += ["-CAfile", self._bundle("CERTIFICATE", anchors)]
        words += ["-verify_other", self._bundle("CERTIFICATE", [issuer])]
        words += [*_attime(at), "-validity_period", str(TEN_YEARS)] if at is not None else []
        issued_by = self._bundle("CERTIFICATE", [issuer])
        subject = self._bundle("CERTIFICATE", [cert])
        if request is not None:
            _, said = self.run(*words, "-issuer", issued_by, "-reqin", self._bytes(request))
            if "Response verify OK" not in said or "WARNING" in said:
                raise OpenSSLRefused(said)
        out, said = self.run(*words, "-no_nonce", "-issuer", issued_by, "-cert", subject)
        if "Response verify OK" not in said or "WARNING" in said:
            raise OpenSSLRefused(said + out.decode())
        return out.decode().splitlines()[0].rsplit(": ", 1)[1]

    def ts_verify(
        self,
        token: Material,
        *,
        anchors: Sequence[Material],
        data: Material | None = None,
        query: Material | None = None,
        untrusted: Sequence[Material] = (),
        at: datetime | None = None,
    ) -> None:
        """An RFC 3161 token or response in the international suite, over the data or the query's imprint."""
        words: list[str | Path] = ["ts", "-verify", *_attime(at), "-in", self._bytes(token)]
        words += ["-token_in"] if is_token(_read(token)) else []
        words += ["-CAfile", self._bundle("CERTIFICATE", anchors)]
        words += ["-untrusted", self._bundle("CERTIFICATE", untrusted)] if untrusted else []
        words += ["-data", self._bytes(data)] if data is not None else []
        words += ["-queryfile", self._bytes(query)] if query is not None else []
        out, said = self.run(*words)
        if b"Verification: OK" not in out:
            raise OpenSSLRefused(said)

    def ts_query(
        self,
        data: Material,
        *,
        digest: str = "sha256",
        nonce: bool = True,
        cert: bool = True,
        policy: str | None = None,
    ) -> bytes:
        """A TimeStampReq over the data."""
        words: list[str | Path] = ["ts", "-query", "-data", self._bytes(data), f"-{digest}"]
        words += [] if nonce else ["-no_nonce"]
        words += ["-cert"] if cert else []
        words += ["-tspolicy", policy] if policy else []
        return self.run(*words)[0]

    def req(self, request: Material, *, sm2: bool = False) -> None:
        """The proof of possession in a PKCS #10 request."""
        words: list[str | Path] = ["req", "-verify", "-noout"]
        words += ["-vfyopt", SM2_IDENTIFIER] if sm2 else []
        _, said = self.run(*words, "-in", self._bundle("CERTIFICATE REQUEST", [request]))
        if "self-signature verify OK" not in said:
            raise OpenSSLRefused(said)

    def cms_verify(
        self,
        signed: Material,
        *,
        anchors: Sequence[Material],
        content: Material | None = None,
        certs: Sequence[Material] = (),
        at: datetime | None = None,
    ) -> bytes:
        """The content of a DER SignedData in the international suite, given or inside it."""
        words: list[str | Path] = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
        words += [*_attime(at), "-in", self._bytes(signed)]
        # The program builds paths from certificates in the message and the store alone. Intermediates in the
        # store are no anchors: without -partial_chain a path still ends at a root.
        words += ["-CAfile", self._bundle("CERTIFICATE", [*anchors, *certs])]
        words += ["-content", self._bytes(content)] if content is not None else []
        return self.run(*words)[0]


def pem(label: str, material: Material) -> bytes:
    """The material as PEM: itself if it is that, else one block of this label."""
    data = _read(material)
    if b"-----BEGIN " in data:
        return data
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (
        label.encode(),
        base64.encodebytes(data),
        label.encode(),
    )


def is_token(data: bytes) -> bool:
    """Whether DER is a TimeStampToken, which begins with an OBJECT IDENTIFIER, and not a TimeStampResp."""
    header = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[header] == 0x06


def _read(material: Material) -> bytes:
    return material.read_bytes() if isinstance(material, Path) else material


def _der(certificate: Material) -> bytes:
    data = _read(certificate)
    if b"-----BEGIN " not in data:
        return data
    block = data.split(b"-----BEGIN CERTIFICATE-----", 1)[1].split(b"-----END", 1)[0]
    return base64.b64decode(block)


def _attime(at: datetime | None) -> list[str]:
    return [] if at is None else ["-attime", str(int(at.timestamp()))]
