"""Bouncy Castle as a judge of our certificates, CRLs, OCSP answers, timestamps and CMS, in both suites.

The judge is the Java program beside this file; nothing of ours takes part in a verdict.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

SOURCES = Path(__file__).parent / "bouncycastle"
JARS = tuple(Path("/usr/share/java") / f"{name}.jar" for name in ("bcprov", "bcpkix", "bcutil"))
COMPILE_SECONDS = 120
ANSWER_SECONDS = 60

Material = bytes | Path
"""PEM (any number of objects) or DER, or the file that holds it."""


class JudgeUnavailable(Exception):
    """Java or Bouncy Castle is not on this machine."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the judge looked at."""

    name: str
    outcome: str
    """``passed``, ``refused``, ``unsupported`` or ``note``."""
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of one subject."""

    outcome: str
    """``accepted``, ``refused``, ``unsupported``, or ``usage``: the judge was asked wrongly."""
    checks: tuple[Check, ...]

    def detail(self, name: str) -> str:
        """The detail of the check of this name; KeyError without one."""
        for check in self.checks:
            if check.name == name:
                return check.detail
        raise KeyError(name)

    def __str__(self) -> str:
        return "\n".join([self.outcome, *(f"  {c.name}: {c.outcome}: {c.detail}" for c in self.checks)])


class Refused(AssertionError):
    """The judge did not accept."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


def _compiled(cache: Path, folders: Sequence[Path] = (SOURCES,), jars: Sequence[Path] = JARS) -> Path:
    """The directory of the class files, made once for one text of the sources."""
    java = shutil.which("java")
    javac = shutil.which("javac")
    missing = [jar.name for jar in jars if not jar.exists()]
    if java is None or javac is None or missing:
        raise JudgeUnavailable(f"wants a JDK (java, javac) and the packages of {', '.join(missing)}")
    sources = sorted(source for folder in folders for source in folder.glob("*.java"))
    digest = hashlib.sha256(b"".join(s.name.encode() + s.read_bytes() for s in sources)).hexdigest()
    classes = cache / f"bouncycastle-judge-{digest[:16]}"
    if classes.exists():
        return classes
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as unfinished:
        done = Path(unfinished) / "classes"
        compiled = subprocess.run(
            [javac, "-Xlint:all,-path", "-Werror", "-d", done, "-cp", _class_path(*jars), *sources],
            capture_output=True,
            text=True,
            timeout=COMPILE_SECONDS,
            check=False,
        )
        assert compiled.returncode == 0, compiled.stderr
        try:
            done.rename(classes)
        except OSError:
            # Another process of the same session was first; its classes are as good.
            assert classes.exists()
    return classes


def _class_path(*parts: Path) -> str:
    return os.pathsep.join(map(str, parts))


class BouncyCastle:
    """One Java process that answers one question a line, so that a verdict costs milliseconds.

    Every method that judges returns the verdict of a subject that is accepted, and raises ``Refused`` for
    any other. Where a time is wanted, None is the machine's clock.
    """

    folders: ClassVar[Sequence[Path]] = (SOURCES,)
    jars: ClassVar[Sequence[Path]] = JARS
    program: ClassVar[str] = "Judge"

    def __init__(self, cache: Path) -> None:
        """Compile into ``cache`` unless that is done, and start; raises ``JudgeUnavailable``."""
        classes = _compiled(cache, self.folders, self.jars)
        quick_start = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx256m")
        self._process = subprocess.Popen(
            ["java", *quick_start, "-cp", _class_path(classes, *self.jars), self.program, "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._turn = threading.Lock()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def close(self) -> None:
        """End the Java process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def judge(self, *words: str) -> Verdict:
        """Ask in the judge's own words (see ``Judge.java``); a refusal is returned, not raised."""
        with self._turn:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
            checks: list[Check] = []
            while True:
                line = self._lines.get(timeout=ANSWER_SECONDS)
                assert line, "the judge has ended"
                found = json.loads(line)
                if "verdict" in found:
                    if "detail" in found:
                        checks.append(Check("usage", "refused", found["detail"]))
                    return Verdict(found["verdict"], tuple(checks))
                checks.append(Check(found["check"], found["outcome"], found["detail"]))

    def _accept(self, words: Iterable[str]) -> Verdict:
        verdict = self.judge(*words)
        if verdict.outcome != "accepted":
            raise Refused(verdict)
        return verdict

    def chain(
        self,
        leaf: Material,
        *,
        anchors: Sequence[Material],
        certs: Sequence[Material] = (),
        crls: Sequence[Material] = (),
        at: datetime | None = None,
        deltas: bool = False,
    ) -> Verdict:
        """RFC 5280 section 6; with CRLs, each certificate below the anchor must be covered by one."""
        words = ["chain", *_path(anchors, certs, crls, at)]
        return self._accept([*words, *(["--deltas"] if deltas else []), _word(leaf)])

    def crl(self, crl: Material, *, issuer: Material, at: datetime | None = None) -> Verdict:
        """RFC 5280 section 5: signature, names, times, extensions and entries of a full or delta CRL."""
        return self._accept(["crl", "--issuer", _word(issuer), *_at(at), _word(crl)])

    def ocsp(
        self,
        response: Material,
        *,
        issuer: Material,
        cert: Material,
        nonce: bytes | None = None,
        status: Literal["good", "revoked", "unknown"] | None = None,
        at: datetime | None = None,
    ) -> Verdict:
        """RFC 6960 section 3.2; a status or nonce is compared only if named (``nonce``: its octets)."""
        words = ["ocsp", "--issuer", _word(issuer), "--cert", _word(cert), *_at(at)]
        words += ["--nonce", nonce.hex()] if nonce is not None else []
        words += ["--status", status] if status is not None else []
        return self._accept([*words, _word(response)])

    def timestamp(
        self,
        token: Material,
        *,
        data: Material,
        anchors: Sequence[Material],
        certs: Sequence[Material] = (),
        query: Material | None = None,
        crls: Sequence[Material] = (),
        at: datetime | None = None,
    ) -> Verdict:
        """RFC 3161: a TimeStampToken or TimeStampResp over ``data``; None judges the path at genTime."""
        words = ["timestamp", "--data", _word(data), *_path(anchors, certs, crls, at)]
        words += ["--query", _word(query)] if query is not None else []
        return self._accept([*words, _word(token)])

    def cms(
        self,
        signed: Material,
        *,
        content: Material | None,
        anchors: Sequence[Material],
        certs: Sequence[Material] = (),
        crls: Sequence[Material] = (),
        at: datetime | None = None,
    ) -> Verdict:
        """RFC 5652 SignedData; ``content`` None means that it is inside. None judges at signingTime."""
        words = ["cms", *_path(anchors, certs, crls, at)]
        words += ["--attached"] if content is None else ["--content", _word(content)]
        return self._accept([*words, _word(signed)])

    def record(
        self, record: Material, *, data: Sequence[Material], anchors: Sequence[Material], at: datetime
    ) -> Verdict:
        """RFC 4998: an EvidenceRecord over the documents ``data``, which are all of their group."""
        words = ["record", "--data", *map(_word, data), *_path(anchors, (), (), at)]
        return self._accept([*words, _word(record)])

    def make_records(
        self,
        source: Callable[[bytes], bytes],
        directory: Path,
        *,
        digest: bytes,
        groups: Sequence[Sequence[bytes]] = (),
        renewed: bytes | None = None,
        data: Sequence[bytes] = (),
    ) -> list[bytes]:
        """Records by its own classes: over groups of documents, or one record renewed.

        A renewal with ``data`` is of the hash tree, under ``digest`` (an AlgorithmIdentifier); without, of
        the timestamp. ``source`` answers a TimeStampReq with a TimeStampResp.
        """
        words = ["--digest", _word(digest)]
        if groups:
            joined = (b",".join(map(base64.b64encode, group)) for group in groups)
            words += ["--groups", *map(_word, joined)]
        words += ["--record", _word(renewed)] if renewed is not None else []
        words += ["--data", *map(_word, data)] if data else []
        query, made = directory / "query.tsq", directory / "record"
        self._accept(["record-request", *words, "--out", str(query)])
        response = source(query.read_bytes())
        self._accept(["record-make", *words, "--out", str(made), _word(response)])
        return [Path(f"{made}.{number}").read_bytes() for number in range(len(groups) or 1)]

    def signature(
        self, signature: bytes, *, public_key: bytes, data: bytes, algorithm: str = "SM3withSM2"
    ) -> Verdict:
        """A raw signature under a DER SubjectPublicKeyInfo; SM2 with the default identifier."""
        words = ["sm2-verify", "--algorithm", algorithm, "--pub", _word(public_key), "--data", _word(data)]
        return self._accept([*words, "--sig", _word(signature)])

    def sm2_sign(self, data: bytes, directory: Path) -> tuple[bytes, bytes, bytes]:
        """SubjectPublicKeyInfo, signature and PKCS #8 of a fresh SM2 key that signed the data."""
        self._accept(["sm2-sign", "--data", _word(data), "--out", str(directory)])
        names = ("spki.der", "signature.der", "key.p8")
        spki, signature, key = ((directory / name).read_bytes() for name in names)
        return spki, signature, key


def _word(material: Material) -> str:
    if isinstance(material, Path):
        return str(material)
    return "base64:" + base64.b64encode(material).decode()


def _at(at: datetime | None) -> list[str]:
    return [] if at is None else ["--at", at.isoformat()]


def _path(
    anchors: Sequence[Material], certs: Sequence[Material], crls: Sequence[Material], at: datetime | None
) -> list[str]:
    words = ["--anchors", *map(_word, anchors)]
    words += ["--certs", *map(_word, certs)] if certs else []
    words += ["--crl", *map(_word, crls)] if crls else []
    return words + _at(at)
