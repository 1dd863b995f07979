"""What every store of seals does: values come back as they went in, names sealed, tenants apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from evidence.event import TenantId
from keys.wrapping import MasterKey, MasterKeyRing
from signing.adapters.seal_sealed import SqlSealedSeals
from signing.adapters.seals import SqlSealStore
from signing.authorisation import AuthorisationState
from signing.errors import NotFound, StateInvalid
from signing.seal import SealFilter, SealId, SealKind, SealState
from signing.seal_apply import apply_seal
from tests.support.clock import NOON
from tests.support.seals import (
    YEAR,
    Registered,
    a_drawing,
    a_grant,
    a_persons_order,
    an_application,
    an_order,
    open_registry,
)
from tests.support.units import MASTER


@pytest.fixture
def registered(engine: sa.Engine, tmp_path: Path) -> Registered:
    return open_registry(engine, tmp_path)


def test_a_seal_comes_back_as_it_went_in(registered: Registered) -> None:
    proposed = registered.registry.propose(registered.registry.prepare(an_order()), registered.first)
    with registered.units.reading() as unit:
        assert unit.seals.get(proposed.seal_id) == proposed
        assert unit.seals.hold(proposed.seal_id)[0] == proposed
        assert unit.seals.find(SealFilter()) == [proposed]
        assert unit.seals.drawing(proposed.seal_id) == a_drawing()


def test_what_is_not_there_is_named(registered: Registered) -> None:
    missing = SealId("nothing")
    calls: list[Callable[[SqlSealStore], object]] = [
        lambda store: store.get(missing),
        lambda store: store.hold(missing),
        lambda store: store.drawing(missing),
        lambda store: store.authorisation(missing),  # type: ignore[arg-type]  # as good as any
    ]
    with registered.units.reading() as unit:
        for call in calls:
            with pytest.raises(NotFound, match="nothing"):
                call(unit.seals)


def test_names_are_sealed_at_rest(registered: Registered, engine: sa.Engine) -> None:
    registered.active(a_persons_order())
    with engine.connect() as connection:
        for row in connection.execute(sa.text("SELECT * FROM signing_seals")):
            assert "王" not in str(tuple(row))
            octets = b"".join(bytes(one) for one in row if isinstance(one, bytes | memoryview))
            assert "王".encode() not in octets
            assert b"\\u738b" not in octets


def test_seals_are_found_by_owner_kind_and_state_page_by_page(registered: Registered) -> None:
    ids = []
    for _ in range(3):
        registered.clock.advance(seconds=1)
        ids.append(registered.active())
    registered.clock.advance(seconds=1)
    person = registered.active(a_persons_order())
    with registered.units.reading() as unit:
        found = unit.seals.find
        assert [one.seal_id for one in found(SealFilter())] == [*ids, person]
        assert [one.seal_id for one in found(SealFilter(limit=2))] == ids[:2]
        assert [one.seal_id for one in found(SealFilter(after=ids[1]))] == [ids[2], person]
        assert [one.seal_id for one in found(SealFilter(kind=SealKind.PERSON))] == [person]
        assert [one.seal_id for one in found(SealFilter(owner="p-0001"))] == [person]
        assert found(SealFilter(state=SealState.PROPOSED)) == []


def test_a_tenant_sees_its_own_alone(registered: Registered, engine: sa.Engine) -> None:
    seal_id = registered.active()
    authorisation = registered.authorised(seal_id)
    ring = MasterKeyRing(MasterKey(MASTER))
    with registered.units.reading() as unit:
        seal, given = unit.seals.get(seal_id), unit.seals.authorisation(authorisation)
    with engine.begin() as connection:
        other = SqlSealStore(connection, ring, TenantId("another"))
        assert other.find(SealFilter()) == []
        assert other.uses(seal_id) == []
        assert other.authorisations(seal_id) == []
        assert other.due(NOON + 10 * YEAR, 10) == []
        assert not other.count_use(authorisation, 1)
        for call in (other.get, other.hold, other.drawing):
            with pytest.raises(NotFound):
                call(seal_id)
        with pytest.raises(StateInvalid):
            other.move(seal, SealState.REVOKED, "x", NOON)
        with pytest.raises(StateInvalid):
            other.move_authorisation(given, AuthorisationState.ENDED, "x", NOON)


def test_a_change_is_made_once(registered: Registered) -> None:
    seal_id = registered.active()
    with registered.units() as unit:
        seal = unit.seals.get(seal_id)
        moved = unit.seals.move(seal, SealState.SUSPENDED, "first", NOON + timedelta(hours=1))
        assert moved == unit.seals.get(seal_id)
        assert (moved.version, moved.approved_by, moved.changed_by) == (2, "second", "first")
        with pytest.raises(StateInvalid, match="meanwhile"):
            unit.seals.move(seal, SealState.REVOKED, "second", NOON)


def test_an_authorisation_comes_back_and_counts(registered: Registered) -> None:
    seal_id = registered.active()
    given = registered.authorised(seal_id, a_grant(kinds=frozenset({"loan", "consent"})))
    with registered.units() as unit:
        before = unit.seals.authorisation(given)
        assert unit.seals.authorisations(seal_id) == [before]
        assert unit.seals.count_use(given, 50_000_000)
        assert not unit.seals.count_use(given, 1)
        assert unit.seals.count_use(given, 0)
        assert unit.seals.authorisation(given) == replace(before, used=50_000_000, uses=2)
        ended = unit.seals.move_authorisation(before, AuthorisationState.ENDED, "first", NOON)
        assert (ended.used, ended.uses, ended.approved_by) == (50_000_000, 2, "second")
        assert not unit.seals.count_use(given, 0)
        for to in (AuthorisationState.ACTIVE, AuthorisationState.ENDED):
            with pytest.raises(StateInvalid):
                unit.seals.move_authorisation(ended, to, "first", NOON)


def test_a_use_comes_back_and_none_is_written_twice(registered: Registered) -> None:
    seal_id = registered.active()
    with registered.units() as unit:
        used = [apply_seal(unit, an_application(seal_id), NOON).use for _ in range(3)]
        assert unit.seals.uses(seal_id) == used
        assert unit.seals.uses(seal_id, after=1, limit=1) == used[1:2]
        for use in used:
            with pytest.raises(StateInvalid):
                unit.seals.add_use(use)
        with pytest.raises(StateInvalid):
            unit.seals.add_use(replace(used[-1], number=4).closed())


def test_rotation_of_the_master_key_reaches_every_sealed_value(
    registered: Registered, engine: sa.Engine
) -> None:
    for _ in range(3):
        registered.active()
    old, new = MasterKey(MASTER), MasterKey(bytes(32))
    ring = MasterKeyRing(new, old)
    with registered.units.reading() as unit:
        before = unit.seals.find(SealFilter())
    places: list[tuple[str, ...]] = []
    with engine.begin() as connection:
        store = SqlSealedSeals(connection)
        after: tuple[str, ...] | None = None
        while page := store.wrapped_page(after, 2):
            for one in page:
                sealed = ring.reseal(one.value, one.context, subject="test")
                assert store.rewrap(one.place, one.value, sealed)
                assert not store.rewrap(one.place, one.value, sealed)
                places.append(one.place)
            after = page[-1].place
    assert len(set(places)) == len(places) == 6
    with engine.connect() as connection:
        again = SqlSealStore(connection, MasterKeyRing(new), registered.units._context.tenant)
        assert again.find(SealFilter()) == before
        assert again.drawing(before[0].seal_id) == a_drawing()
