"""The judges of other makes."""

from __future__ import annotations

from tests.support.interop import bouncycastle, openssl

__all__ = ["bouncycastle", "openssl"]
