"""Devices that contracts are tried on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest

from tests.support.softhsm import SoftHsm, open_softhsm


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    device = open_softhsm(tmp_path)
    # The library reads its configuration whenever it is initialised, so that every test has its own.
    monkeypatch.setenv("SOFTHSM2_CONF", str(device.configuration))
    _end(device.library)
    yield device
    _end(device.library)


def _end(library: str) -> None:
    with contextlib.suppress(pkcs11.PKCS11Error):
        pkcs11.lib(library).finalize()
