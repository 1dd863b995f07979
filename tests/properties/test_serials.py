"""Serial numbers: positive, 16 octets, at least 64 random bits, and one text each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ca.serial import SERIAL_OCTETS, new_serial, parse_serial, serial_text
from ca.template import integer

DRAWN = 20_000


def test_serials_have_the_form_that_is_promised() -> None:
    drawn = [new_serial() for _ in range(DRAWN)]
    assert len(set(drawn)) == DRAWN
    for serial in drawn:
        octets = serial.to_bytes(SERIAL_OCTETS, "big")
        assert 0x01 <= octets[0] <= 0x7F
        assert integer(serial) == b"\x02\x10" + octets  # always as long: an INTEGER of 16 octets
    for bit in range(120):  # a bit that never, or always, stands would be one random bit less
        share = sum(serial >> bit & 1 for serial in drawn) / DRAWN
        assert 0.47 < share < 0.53
    assert {serial >> 120 for serial in drawn} == set(range(0x01, 0x80))


@given(st.integers(min_value=0, max_value=2**160 - 1))
def test_text_and_number_are_inverse(serial: int) -> None:
    text = serial_text(serial)
    assert parse_serial(text) == serial
    assert parse_serial("0x" + text.upper()) == serial
    assert parse_serial(":".join(text[at : at + 2] for at in range(0, len(text), 2))) == serial


@pytest.mark.parametrize("text", ["", "0x", "xyz", "-1", "1" * 41, "\uff11", "1_0"])
def test_what_is_no_serial_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 40 hexadecimal digits"):
        parse_serial(text)
