"""What of a person each edition shows (JR/T 0171-2020 annex A): whole, masked, or nothing."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from evidence.canonical import JSON
from forensics.report.finding import Item, absent, text
from signing.party import Particulars, Party, PartyKind, masked_mobile

ID_HEAD, ID_TAIL = 3, 4  # digits of an identity number that stay: province and the last four
STAR = "*"


class Variant(enum.StrEnum):
    """Editions of one report."""

    FULL = "full"
    MASKED = "masked"
    SIGNATURE = "signature"
    """The signatures and what proves them alone; masked."""


def person_name(name: str) -> str:
    """The first character stays."""
    return name[:1] + STAR * max(2, len(name) - 1)


def identity_number(number: str) -> str:
    """`330***********0017`."""
    return number[:ID_HEAD] + STAR * max(4, len(number) - ID_HEAD - ID_TAIL) + number[-ID_TAIL:]


def address(value: str) -> str:
    """The first part of a network address."""
    mark = ":" if ":" in value else "."
    return value.split(mark, maxsplit=1)[0] + mark + STAR


class Veil:
    """Shows personal values as an edition may."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.open = variant is Variant.FULL

    def name(self, who: Particulars, kind: PartyKind) -> Item:
        """An organisation's name is public; a person's is masked."""
        if self.open or kind is PartyKind.ORGANISATION:
            return text(who.name)
        return text(person_name(who.name))

    def number(self, who: Particulars, kind: PartyKind) -> Item:
        """Identity number, or the public credit code."""
        if self.open or kind is PartyKind.ORGANISATION:
            return text(who.id_number)
        return text(identity_number(who.id_number))

    def mobile(self, who: Particulars) -> Item:
        """Masked unless all is shown."""
        if who.mobile is None:
            return absent("no-mobile")
        return text(who.mobile if self.open else masked_mobile(who.mobile))

    def common_name(self, name: str, party: Party | None, *, stranger: bool = False) -> Item:
        """Of a certificate: an organisation's and an authority's stay; a stranger may be a person."""
        own_seal = party is not None and party.kind is PartyKind.ORGANISATION and party.agent is None
        authority = party is None and not stranger
        return text(name if self.open or own_seal or authority else person_name(name))

    def words(self, value: str) -> Item:
        """What somebody wrote: it may name anybody."""
        return text(value) if self.open else absent("masked")

    def net(self, net: Mapping[str, JSON], name: str) -> Item:
        """One value of where a person's device was."""
        value = net.get(name)
        if value is None:
            return absent("not-recorded")
        if self.open or name not in ("ip", "address", "device", "device_id", "port"):
            return text(value)
        if name in ("ip", "address"):
            return text(address(str(value)))
        return absent("masked")
