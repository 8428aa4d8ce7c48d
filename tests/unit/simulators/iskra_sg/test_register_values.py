"""Values in registers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.iskra_sg.register_values import decode, encode, fits


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("uint16", "311", [311]),
        ("int16", "-1", [0xFFFF]),
        ("uint32", "202495", [0x0003, 0x16FF]),
        ("int32", "-2", [0xFFFF, 0xFFFE]),
        ("float32", "20249500", [0x4B9A, 0x7DCE]),
        ("float32", "0.1", [0x3DCC, 0xCCCD]),
    ],
)
def test_values_go_into_registers_and_back(kind: str, value: str, words: list[int]) -> None:
    """32 bits take two registers, the high word first."""
    assert words == encode(kind, Decimal(value))
    back = decode(kind, words)
    assert back is not None
    assert abs(back - Decimal(value)) < Decimal("1e-8")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("uint16", "-1"), ("uint16", "65536"), ("int32", "2147483648"), ("float32", "1e39")],
)
def test_what_a_type_cannot_hold_does_not_fit(kind: str, value: str) -> None:
    """Neither too large nor of the wrong sign."""
    assert not fits(kind, Decimal(value))
    with pytest.raises(ValueError, match=f"{kind} cannot hold"):
        encode(kind, Decimal(value))


def test_a_float_may_be_no_number() -> None:
    """NaN and infinity are no values."""
    assert decode("float32", [0x7FC0, 0]) is None
    assert decode("float32", [0x7F80, 0]) is None
    assert fits("int16", Decimal(5))
