"""A variant of an attack: what it does to a signed contract, and the class that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signing.validity.attack import Attack
from tests.support.attacks.contract import Setting, contract

Change = Callable[[bytes, Setting], bytes]


@dataclass(frozen=True, slots=True)
class Variant:
    """`make` turns the signed contract into the attacked one."""

    name: str
    attack: Attack
    make: Change
    bait: bool = False
    """Starts from the contract in which a second page lies ready."""

    def of(self, setting: Setting) -> bytes:
        """The attacked file."""
        return self.make(contract(setting.algorithm, bait=self.bait), setting)


VARIANTS: dict[str, Variant] = {}


def variant(attack: Attack, *, bait: bool = False) -> Callable[[Change], Change]:
    """Register a function as a variant, under its name."""

    def register(make: Change) -> Change:
        name = f"{attack.value}/{make.__name__}"
        assert name not in VARIANTS
        VARIANTS[name] = Variant(name, attack, make, bait)
        return make

    return register
