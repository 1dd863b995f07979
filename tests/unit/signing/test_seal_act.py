"""Acts on seals: a signature over this act alone, and a second person by key, not by name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from signing.errors import NotFound, Refused
from signing.seal_act import SealAct, act_message, require_another, require_signature
from tests.support.authority import Administrator


@dataclass(frozen=True, slots=True)
class Known:
    """Administrators by name."""

    keys: dict[str, bytes]

    def administrators(self) -> dict[str, bytes]:
        return self.keys


FIRST, SECOND = Administrator.of("first"), Administrator.of("second")
KNOWN = Known({"first": FIRST.public.spki, "second": SECOND.public.spki, "third": FIRST.public.spki})
MESSAGE = act_message(SealAct.APPROVE, {"seal": "1", "version": 0})


def test_a_signature_is_verified_under_the_registered_key() -> None:
    signature = require_signature(KNOWN, FIRST, MESSAGE)
    FIRST.public.verify(signature, MESSAGE)
    impostor = Administrator("second", FIRST.private)
    with pytest.raises(Refused, match="second's"):
        require_signature(KNOWN, impostor, MESSAGE)
    with pytest.raises(NotFound, match="stranger"):
        require_signature(KNOWN, Administrator.of("stranger"), MESSAGE)


@pytest.mark.parametrize(
    "other",
    [
        act_message(SealAct.REVOKE, {"seal": "1", "version": 0}),
        act_message(SealAct.APPROVE, {"seal": "2", "version": 0}),
        act_message(SealAct.APPROVE, {"seal": "1", "version": 1}),
        MESSAGE[1:],
    ],
)
def test_each_act_is_another_message(other: bytes) -> None:
    assert other != MESSAGE


def test_an_act_in_the_facts_does_not_stand_for_another() -> None:
    assert act_message(SealAct.APPROVE, {"seal": "1", "version": 0, "act": "revoke"}) == MESSAGE


@pytest.mark.parametrize(
    ("one", "other"), [("first", "first"), ("third", "first"), ("gone", "gone"), ("a", "b")]
)
def test_one_key_is_one_person_whatever_names_it_uses(one: str, other: str) -> None:
    with pytest.raises(Refused, match=f"{other} cannot approve"):
        require_another(KNOWN, one, other, SealAct.APPROVE)


def test_two_keys_are_two_persons() -> None:
    require_another(KNOWN, "second", "first", SealAct.APPROVE)
