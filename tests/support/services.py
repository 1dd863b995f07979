"""What the machine offers to the tests, and the one reader of the environment among them.

A test that needs a service calls `require`. Where the service is missing the test is skipped and says
so; with REQUIRE_SERVICES=1 it fails. `python -m tests.support.services` prints what is here.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import pytest
import sqlalchemy

Service: TypeAlias = Literal[
    "bouncycastle",
    "curl",
    "go",
    "java",
    "javac",
    "openssl",
    "pdfbox",
    "pdfsig",
    "pdftotext",
    "postgresql",
    "qpdf",
    "softhsm2",
    "softhsm2-util",
    "sumdb",
]

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
SOFTHSM_LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
BOUNCY_CASTLE_JARS = tuple(Path("/usr/share/java", f"{name}.jar") for name in ("bcprov", "bcutil", "bcpkix"))
PDFBOX_JARS = tuple(
    Path("/usr/share/java", f"{name}.jar") for name in ("pdfbox2", "fontbox2", "commons-logging")
)
GO_SOURCES = "/usr/share/gocode"  # where Debian's golang-golang-x-mod-dev puts its packages


def require(service: Service) -> str:
    """How to reach the service: a database URL, a library, a class path or a program.

    Skips the test where the service is missing; fails it under REQUIRE_SERVICES=1.
    """
    found = find(service)
    if found is not None:
        return found
    missing = f"{service} is not reachable"
    if os.environ.get("REQUIRE_SERVICES", "0") not in {"", "0"}:
        pytest.fail(f"{missing}, and REQUIRE_SERVICES is set", pytrace=False)
    pytest.skip(missing)


@cache
def find(service: Service) -> str | None:
    """As `require`, with None for a missing service."""
    match service:
        case "postgresql":
            return _postgresql(os.environ.get("XINQIAN_TEST_POSTGRES", POSTGRESQL))
        case "softhsm2":
            named = os.environ.get("XINQIAN_TEST_SOFTHSM2")
            candidates = (named,) if named else SOFTHSM_LIBRARIES
            return next((path for path in candidates if Path(path).is_file()), None)
        case "bouncycastle":
            here = all(jar.is_file() for jar in BOUNCY_CASTLE_JARS)
            return os.pathsep.join(map(str, BOUNCY_CASTLE_JARS)) if here else None
        case "pdfbox":
            here = all(jar.is_file() for jar in PDFBOX_JARS)
            return os.pathsep.join(map(str, PDFBOX_JARS)) if here else None
        case "sumdb":
            here = (Path(GO_SOURCES) / "src/golang.org/x/mod/sumdb/tlog").is_dir()
            return GO_SOURCES if here else None
        case program:
            return shutil.which(program)


def environment(**changes: str) -> dict[str, str]:
    """The environment for a program that a test starts: ours, without our settings, with the changes."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("XINQIAN_")}
    return ours | changes


def _postgresql(url: str) -> str | None:
    engine = sqlalchemy.create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return url
    except sqlalchemy.exc.OperationalError:
        return None
    finally:
        engine.dispose()


def main(asked: tuple[str, ...]) -> int:
    """Print each service and where it is; 1 if one that was asked for is missing."""
    services: tuple[Service, ...] = get_args(Service)
    missing = 0
    for service in services:
        if asked and service not in asked:
            continue
        found = find(service)
        missing += found is None
        shown = "missing" if found is None else sqlalchemy.make_url(found) if "://" in found else found
        sys.stdout.write(f"{service:15}{shown}\n")
    return 1 if asked and missing else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
