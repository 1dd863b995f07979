"""OpenSSL as a judge that is not ours, where the machine has the program."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from keys.sm2 import DEFAULT_ID

TIMEOUT_S = 30
_SM2_ID = f"distid:{DEFAULT_ID.decode()}"


class OpenSsl:
    """Runs the program; each verdict is (accepted, what it said)."""

    def __init__(self, program: str) -> None:
        self.program = program

    @classmethod
    def find(cls) -> OpenSsl | None:
        """The program on the path, if any."""
        program = shutil.which("openssl")
        return None if program is None else cls(program)

    @property
    def version(self) -> str:
        """As it names itself."""
        return self._run(["version"])[1]

    def chain(self, leaf: Path, chain: Path, root: Path) -> tuple[bool, str]:
        """The whole path, in the international suite."""
        return self._run(
            ["verify", "-x509_strict", "-CAfile", str(root), "-untrusted", str(chain), str(leaf)]
        )

    def link(self, subject: Path, issuer: Path) -> tuple[bool, str]:
        """One link of an SM2 path.

        The program applies the identity to the certificate it is given alone, so a path is judged
        link by link.
        """
        return self._run(
            ["verify", "-vfyopt", _SM2_ID, "-partial_chain", "-trusted", str(issuer), str(subject)]
        )

    def root(self, root: Path) -> tuple[bool, str]:
        """An SM2 root as its own anchor."""
        return self._run(["verify", "-vfyopt", _SM2_ID, "-CAfile", str(root), str(root)])

    def crl(self, crl: Path, issuer: Path) -> tuple[bool, str]:
        """Signature of a CRL of the international suite."""
        return self._run(
            ["crl", "-inform", "DER", "-in", str(crl), "-noout", "-CAfile", str(issuer)], "verify OK"
        )

    def ocsp(self, response: Path, certificate: Path, issuer: Path, roots: Path) -> tuple[bool, str]:
        """An OCSP response and the status in it."""
        words = ["ocsp", "-respin", str(response), "-issuer", str(issuer), "-cert", str(certificate)]
        return self._run([*words, "-CAfile", str(roots)], ": good", "Response verify OK")

    def timestamp(self, token: Path, data: Path, chain: Path, root: Path) -> tuple[bool, str]:
        """A timestamp token over a file."""
        words = ["ts", "-verify", "-in", str(token), "-token_in", "-data", str(data), "-CAfile", str(root)]
        return self._run([*words, "-untrusted", str(chain)], "Verification: OK")

    def sm2_signature(self, signature: bytes, signed: bytes, public_pem: str) -> tuple[bool, str]:
        """A bare SM2 signature with the default identity."""
        with TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("public.pem", "signature", "signed")]
            for path, data in zip(files, (public_pem.encode(), signature, signed), strict=True):
                path.write_bytes(data)
            words = [
                "dgst",
                "-sm3",
                "-sigopt",
                _SM2_ID,
                "-verify",
                str(files[0]),
                "-signature",
                str(files[1]),
            ]
            return self._run([*words, str(files[2])], "Verified OK")

    def _run(self, words: Sequence[str], *wanted: str) -> tuple[bool, str]:
        done = subprocess.run(  # noqa: S603  (a fixed program, arguments of ours)
            [self.program, *words], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        said = f"{done.stdout}\n{done.stderr}"
        accepted = done.returncode == 0 and all(part in said for part in wanted)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return accepted, (lines[0] if lines and not accepted else lines[0] if words == ["version"] else "")
