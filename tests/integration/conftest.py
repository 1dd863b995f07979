"""The judges of other makes, and what the demonstration made."""

from __future__ import annotations

from tests.support.demonstration import demonstration
from tests.support.interop import bouncycastle, openssl, pdfbox
from tests.support.signing_studio import bank, studio

__all__ = ["bank", "bouncycastle", "demonstration", "openssl", "pdfbox", "studio"]
