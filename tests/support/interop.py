"""The judges of other makes as fixtures, for the `conftest.py` of the folders that ask them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import services
from tests.support.judge import BouncyCastle
from tests.support.openssl import OpenSSL
from tests.support.pdfjudge import PdfBox


@pytest.fixture(scope="session")
def bouncycastle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BouncyCastle]:
    """Bouncy Castle in one Java process for the session."""
    services.require("javac")
    services.require("bouncycastle")
    session = tmp_path_factory.getbasetemp()
    # Workers of one session have a directory each below the session's; the classes are made once for all.
    cache = session.parent if session.name.startswith("popen-") else session
    with BouncyCastle(cache) as judge:
        yield judge


@pytest.fixture
def openssl(tmp_path_factory: pytest.TempPathFactory) -> OpenSSL:
    """The openssl command line, with a directory of its own."""
    services.require("openssl")
    return OpenSSL(tmp_path_factory.mktemp("openssl"))


@pytest.fixture(scope="session")
def pdfbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PdfBox]:
    """PDFBox with Bouncy Castle in one Java process for the session."""
    services.require("javac")
    services.require("bouncycastle")
    services.require("pdfbox")
    session = tmp_path_factory.getbasetemp()
    with PdfBox(session.parent if session.name.startswith("popen-") else session) as judge:
        yield judge
