"""Rotate the master key while everything goes on: a new secret first in the file, then all sealed anew."""

from __future__ import annotations

import os
from pathlib import Path

from api.db import Unit
from api.errors import SettingsInvalid
from api.install import write_for_owner
from api.settings import variable
from api.wiring import Centre, new_master_key_line
from evidence.event import Actor
from evidence.ports import WrappedValues
from keys.rewrap import Rewrapped, rewrap


def add_master_key(centre: Centre) -> Path:
    """Put a new secret before the others in the master key file; they stay, for what they sealed.

    Raises `SettingsInvalid` for a master key that was given as a value, or a file that cannot be written.
    """
    settings = centre.settings
    if settings.master_key is not None:
        raise SettingsInvalid(variable("master_key"), "is a value: put a new secret before it by hand")
    path = settings.key_file
    fresh = path.with_name(f".{path.name}.new")
    try:
        text = new_master_key_line(settings, first=False) + path.read_bytes()
        write_for_owner(fresh, text, os.O_TRUNC)
        fresh.replace(path)
    except OSError as error:
        reason = f"{path} cannot be written: {(error.strerror or '').lower()}"
        raise SettingsInvalid(variable("master_key_file"), reason) from error
    return path


def reseal_everything(centre: Centre, actor: Actor) -> Rewrapped:
    """Seal every private key and value anew under the first secret; again, until it finds nothing."""
    centre.ring.refresh()
    stores = [_case_keys, _certificates, _contracts, _seals, _callers, _answers]
    return rewrap(centre.database, centre.ring, centre.software, stores, actor, centre.clock.now())


def _case_keys(unit: Unit) -> WrappedValues:
    return unit.case_keys


def _certificates(unit: Unit) -> WrappedValues:
    return unit.sealed_certificates


def _contracts(unit: Unit) -> WrappedValues:
    return unit.sealed_contracts


def _seals(unit: Unit) -> WrappedValues:
    return unit.sealed_seals


def _callers(unit: Unit) -> WrappedValues:
    return unit.callers


def _answers(unit: Unit) -> WrappedValues:
    return unit.answers
