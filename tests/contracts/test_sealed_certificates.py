"""Rotation of the master key reaches every sealed value of a certificate."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from ca.adapters.sealed import SqlSealedCertificates
from ca.ports import CertificateFilter
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.authority import found_authority
from tests.support.units import MASTER


def test_every_value_is_reached_once_and_opens_afterwards(engine: sa.Engine, tmp_path: Path) -> None:
    authority = found_authority(engine, tmp_path)
    old, new = MasterKey(MASTER), MasterKey(bytes(32))
    ring = MasterKeyRing(new, old)
    with authority.units.reading() as unit:
        before = list(unit.certificates.scan(CertificateFilter()))
    places: list[tuple[str, ...]] = []
    with engine.begin() as connection:
        store = SqlSealedCertificates(connection)
        after: tuple[str, ...] | None = None
        while page := store.wrapped_page(after, 7):
            for one in page:
                sealed = ring.reseal(one.value, one.context, subject="test")
                assert store.rewrap(one.place, one.value, sealed)
                assert not store.rewrap(one.place, one.value, sealed)  # it is no longer the old one
                places.append(one.place)
            after = page[-1].place
    assert len(set(places)) == len(places) == 2 * len(before)
    authority.units._context.wrapper.rotate(new)  # type: ignore[attr-defined]
    with authority.units.reading() as unit:
        assert list(unit.certificates.scan(CertificateFilter())) == before
    with engine.connect() as connection:
        values = SqlSealedCertificates(connection).wrapped_page(None, 1_000)
    assert all(ring.is_current(one.value) for one in values)
