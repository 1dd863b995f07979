"""Rotate the master key while everything goes on: seal anew, batch by batch, what earlier keys sealed.

The order of a rotation: every process learns the new master key (`MasterKeyRing.refresh`), one makes it
the key in force, this runs until it finds nothing, and only then the old secret may go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from evidence.canonical import JSON
from evidence.event import Actor, CaseId, Draft, EventType
from evidence.ports import WrappedValues
from keys.key import KeyId, KeyRecord
from keys.ports import KeyUnit
from keys.wrapping import MasterKeyRing

BATCH = 500  # rows in one transaction: a SQLite writer waits less than a tenth of a second for it
MASTER_CASE = CaseId("keys:master")


class Resealer(Protocol):
    """The custody whose handles are sealed under the master key."""

    @property
    def name(self) -> str:
        """As `KeyRecord.custody`."""
        ...

    def reseal(self, record: KeyRecord) -> bytes | None:
        """The handle under the master key in force; None when there is nothing to do."""
        ...


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many were sealed anew; both zero when the rotation is complete."""

    keys: int
    values: int


U = TypeVar("U", bound=KeyUnit)


def rewrap(
    units: Callable[[], AbstractContextManager[U]],
    ring: MasterKeyRing,
    custody: Resealer,
    values: Sequence[Callable[[U], WrappedValues]],
    actor: Actor,
    at: datetime,
    *,
    batch: int = BATCH,
) -> Rewrapped:
    """Seal private keys and wrapped values anew under the master key in force.

    `values` picks each store of wrapped values from a unit. Every batch is a transaction of its own:
    after an interruption the next run passes over what is done. Raises `MasterKeyDiffers` when
    something lies under a master key that the ring lacks.
    """
    keys = _rewrap_keys(units, custody, batch)
    wrapped = sum(_rewrap_values(units, ring, pick, batch) for pick in values)
    done = Rewrapped(keys, wrapped)
    if keys or wrapped:
        facts: dict[str, JSON] = {"keys": keys, "master_key": ring.current.key_id.hex(), "values": wrapped}
        with units() as unit:
            unit.log.append([Draft(EventType.KEY_ROTATED, MASTER_CASE, actor, at, facts)])
    return done


def _rewrap_keys(units: Callable[[], AbstractContextManager[U]], custody: Resealer, batch: int) -> int:
    done = 0
    after: KeyId | None = None
    while True:
        with units() as unit:
            records = unit.keys.page(after, batch)
            for record in records:
                if record.custody == custody.name and (handle := custody.reseal(record)) is not None:
                    done += unit.keys.replace_handle(record.key_id, record.handle, handle)
        if len(records) < batch:
            return done
        after = records[-1].key_id


def _rewrap_values(
    units: Callable[[], AbstractContextManager[U]],
    ring: MasterKeyRing,
    pick: Callable[[U], WrappedValues],
    batch: int,
) -> int:
    done = 0
    after: tuple[str, ...] | None = None
    while True:
        with units() as unit:
            store = pick(unit)
            page = store.wrapped_page(after, batch)
            for item in page:
                if not ring.is_current(item.value):
                    new = ring.reseal(item.value, item.context, subject="/".join(item.place))
                    done += store.rewrap(item.place, item.value, new)
        if len(page) < batch:
            return done
        after = page[-1].place
