"""How values stand in registers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.iskra_sg import register_types as types

VECTORS = [
    ("T3", types.t3(202_495), "0003 16FF"),
    ("T5", types.t5(230_100, -3), "FD03 82D4"),
    ("T5", types.t5(49_990, -3), "FD00 C346"),
    ("T6", types.t6(-123_456, -3), "FDFE 1DC0"),
    ("T6", types.t6(-119_610, -2), "FEFE 2CC6"),
    ("T7", types.t7(9_876, is_export=False, is_capacitive=True), "00FF 2694"),
    ("T7", types.t7(10_000, is_export=True, is_capacitive=False), "FF00 2710"),
    ("T16", types.t1(12_345), "3039"),
    ("T17", types.t2(-1_891), "F89D"),
    ("T4", types.t4(5_000, 2), "9388"),
    ("float", types.real(20_249_500, 0), "4B9A 7DCE"),
    ("float", types.real(2_302, -1), "4366 3333"),
    ("text", types.text("SG-E1", 4), "5347 2D45 3120 2020"),
]
"""Most were encoded by public drivers for these devices, and decoded by others."""


@pytest.mark.parametrize(
    ("kind", "words", "expected"), VECTORS, ids=[f"{kind} {text}" for kind, _, text in VECTORS]
)
def test_vectors(kind: str, words: types.Words, expected: str) -> None:
    """A value is encoded as public drivers encode and decode it."""
    assert expected == " ".join(f"{word:04X}" for word in words), kind


@given(st.integers(-(2**31), 2**31 - 1))
def test_whole_numbers_come_back(value: int) -> None:
    """What 16 or 32 bits hold is read as it was written."""
    assert value == types.of_t3(types.t3(value))
    short = value >> 16
    assert short == types.of_t2(types.t2(short))


@given(st.integers(-(10**30), 10**30), st.integers(-9, 9))
def test_decades(value: int, exponent: int) -> None:
    """Where a number does not fit it loses digits, rounded half away from zero, never more."""
    shown, decade = types.of_t6(types.t6(value, exponent))

    step = 10 ** (decade - exponent)
    assert abs(value - shown * step) * 2 <= step
    if abs(value) <= types.T6_VALUE_MAX:
        assert (value, exponent) == (shown, decade)
    unsigned, decade = types.of_t5(types.t5(abs(value), exponent))
    assert abs(abs(value) - unsigned * 10 ** (decade - exponent)) * 2 <= 10 ** (decade - exponent)


def test_half_a_step() -> None:
    """Half a step goes away from zero."""
    assert (1_677_722, 1) == types.of_t5(types.t5(16_777_215 + 1, 0))
    assert (9_000_001, 0) == types.of_t5(types.t5(90_000_005, -1))
    assert (-900_001, 1) == types.of_t6(types.t6(-9_000_005, 0))


def test_the_short_decade_of_t4() -> None:
    """T4 has decades 0 to 3 only."""
    assert (2_300, 2) == types.of_t4(types.t4(230_000, 0))
    assert (16_383, 3) == types.of_t4(types.t4(16_383_000, 0))


@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_power_factors_come_back(factor: int, is_export: bool, is_capacitive: bool) -> None:
    """A power factor keeps its way and its side."""
    words = types.t7(factor, is_export=is_export, is_capacitive=is_capacitive)

    assert (factor, is_export, is_capacitive) == types.of_t7(words)


@given(st.integers(-(2**24), 2**24))
def test_floats_hold_24_bits(value: int) -> None:
    """A float holds each whole number of 24 bits, and a larger decade."""
    assert value == types.of_real(types.real(value, 0))
    assert value * 100 == pytest.approx(types.of_real(types.real(value, 2)), rel=1e-7)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_texts_come_back(text: str) -> None:
    """A text comes back without what fills it up."""
    assert text == types.of_text(types.text(text, 20))


def test_texts_of_other_signs() -> None:
    """Signs of Latin-1 stand as they are, others as a question mark, and NUL is a blank."""
    assert "Zähler ?" == types.of_text(types.text("Zähler ☀", 20))
    assert "AB" == types.of_text((0x4142, 0, 0))
    assert "ABCD" == types.of_text(types.text("ABCDE", 2))


TOO_LARGE = {
    "T1 below": lambda: types.t1(-1),
    "T1 above": lambda: types.t1(0x1_0000),
    "T2 above": lambda: types.t2(0x8000),
    "T3 above": lambda: types.t3(2**31),
    "T4 below": lambda: types.t4(-1, 0),
    "T4 decade below": lambda: types.t4(1, -1),
    "T4 above": lambda: types.t4(16_384_000, 0),
    "T5 below": lambda: types.t5(-1, 0),
    "T5 decade above": lambda: types.t5(1, 128),
    "T6 decade below": lambda: types.t6(1, -128),
    "T7 below": lambda: types.t7(-1, is_export=False, is_capacitive=False),
}


@pytest.mark.parametrize("case", TOO_LARGE)
def test_what_does_not_fit_is_refused(case: str) -> None:
    """A number that a type cannot say is refused, not cut off."""
    with pytest.raises(ValueError, match=r"hold|no sign"):
        TOO_LARGE[case]()
