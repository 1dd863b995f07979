"""A whole installation of the product in a folder: settings, master key, schema, both hierarchies."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.schema import migrate
from api.settings import Settings
from api.wiring import Centre, bare_centre, master_key_ring, open_centre
from ca.ceremony import run_ceremony
from ca.ceremonyplan import parse_ceremony
from ca.certificate import to_pem
from ca.certify import Certifier
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm
from tests.support.database import database_url

BASE_URL = "http://ca.test"
ALGORITHMS = {"intl": "p256-sha256", "guomi": "sm2-sm3"}
ROLES = ("root", "person", "timestamp")


class SoftwareWitness:
    """An administrator with a key in memory."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._private = PrivateKey.generate(Algorithm.P256)
        self.public: PublicKey = self._private.public
        self.sign = self._private.sign

    def keep(self, path: Path) -> None:
        """The key as a file that `--key` takes."""
        path.write_text(to_pem("PRIVATE KEY", self._private.pkcs8()), encoding="ascii")
        path.chmod(0o600)


ADMINISTRATORS = ("first", "second")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it lies; each `open` is a start of the product."""

    state_dir: Path
    database_url: str

    @property
    def given(self) -> dict[str, str]:
        """The settings, as a process is told them."""
        return {
            "state_dir": str(self.state_dir),
            "database_url": self.database_url,
            "base_url": BASE_URL,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a command."""
        return {f"XINQIAN_{name.upper()}": value for name, value in self.given.items()}

    @property
    def settings(self) -> Settings:
        return Settings(**self.given)  # type: ignore[arg-type]  # pydantic reads the text

    @contextmanager
    def open(self) -> Iterator[Centre]:
        """Started, with the product's own start checks."""
        with open_centre(self.settings) as centre:
            yield centre

    @contextmanager
    def bare(self) -> Iterator[Centre]:
        """Nothing checked."""
        settings = self.settings
        with bare_centre(settings, master_key_ring(settings)) as centre:
            yield centre

    @staticmethod
    def hold_ceremony(
        centre: Centre,
        suites: tuple[str, ...] = tuple(ALGORITHMS),
        witnesses: Sequence[SoftwareWitness] | None = None,
    ) -> bytes:
        """The hierarchies; the transcript."""
        witnesses = witnesses or [SoftwareWitness(name) for name in ADMINISTRATORS]
        certifier = Certifier(centre.signers, {"software": centre.software}, BASE_URL)
        ceremony = parse_ceremony(ceremony_plan(suites))
        return run_ceremony(centre.database, certifier, centre.clock, ceremony, witnesses).data


def ceremony_plan(suites: tuple[str, ...]) -> object:
    """Root, persons' and timestamping authority of each suite, with responders and a timestamping unit."""
    return {
        "name": "test",
        "subject": [["C", "CN"], ["O", "Test Trust"]],
        "administrators": list(ADMINISTRATORS),
        "suites": [
            {
                "suite": suite,
                "algorithm": ALGORITHMS[suite],
                "custody": "software",
                "authorities": [{"role": role, "name": f"Test {suite} {role}"} for role in ROLES],
                "timestamp_unit": {"name": f"Test {suite} unit"},
                "responders": {},
            }
            for suite in suites
        ],
    }


def write_master_key(path: Path) -> None:
    path.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    path.chmod(0o600)


@contextmanager
def open_installation(
    backend: str, folder: Path, *, suites: tuple[str, ...] = tuple(ALGORITHMS)
) -> Iterator[Installation]:
    """An installation on an empty database, with the hierarchies of `suites`.

    The administrators' keys lie in `folder` as `first.key` and `second.key`.
    """
    state = folder / "state"
    state.mkdir()
    with database_url(backend, folder) as url:
        installation = Installation(state, url)
        write_master_key(state / "master.key")
        with installation.bare() as centre:
            migrate(centre.database.engine)
            if suites:
                witnesses = [SoftwareWitness(name) for name in ADMINISTRATORS]
                installation.hold_ceremony(centre, suites, witnesses)
                for one in witnesses:
                    one.keep(folder / f"{one.name}.key")
        yield installation
