"""Knobs: what a setting of a format can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from backend.core.formats.knobs import FLAG, Knob, check_knobs, knobs_of, one_of, values_of
from backend.errors import LayoutError


@dataclass(frozen=True)
class Form:
    """A format of two knobs."""

    decimals: int = 3
    columns: tuple[str, ...] = ("code",)


ACCEPTS, EXPECTED = one_of(3, 6)
ROWS = (
    ("decimals", "digits of an energy", "6", "document 001", ACCEPTS, EXPECTED),
    ("columns", "in their order", '["time"]', "proposed", *one_of(("code",), ("time",))),
)


def test_a_knob_has_what_its_row_says() -> None:
    """And the default of its format."""
    expected = Knob("decimals", 3, "digits of an energy", "6", "document 001", ACCEPTS, EXPECTED)
    knobs = knobs_of(Form(), ROWS)
    assert expected == knobs[0]
    assert ("columns", ("code",)) == (knobs[1].name, knobs[1].default)


def test_the_values_of_settings() -> None:
    """Lists are columns or headings, whose number and order stay."""
    assert {"columns": ("time", "code")} == values_of(Form, {"columns": ["time", "code"]}, "here")
    assert {"decimals": 6} == values_of(Form, {"decimals": 6}, "here")
    with pytest.raises(LayoutError) as caught:
        values_of(Form, {"decimals": 6, "colour": 1}, "[[format]] 'x'")
    assert "[[format]] 'x': there is no knob 'colour'; use columns, decimals" == str(caught.value)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (Form(decimals=4), "[[format]] 'x': decimals is 4; use 3 or 6"),
        (
            Form(columns=("x",)),
            "[[format]] 'x': columns is ('x',); use ('code',) or ('time',)",
        ),
    ],
)
def test_a_form_with_a_wrong_knob(form: Form, sentence: str) -> None:
    """The error names the place, the knob, its value and what it can be."""
    knobs = knobs_of(Form(), ROWS)
    check_knobs(knobs, Form(decimals=6, columns=("time",)), "here")
    with pytest.raises(LayoutError) as caught:
        check_knobs(knobs, form, "[[format]] 'x'")
    assert sentence == str(caught.value)


@pytest.mark.parametrize(
    ("value", "is_one"), [(3, True), (6, True), (4, False), (3.0, False), ("3", False)]
)
def test_one_of_some(value: object, is_one: bool) -> None:
    """A number is no text, and a float no whole number."""
    accepts, expected = one_of(3, 6)
    assert is_one == accepts(value)
    assert "3 or 6" == expected


@pytest.mark.parametrize(
    ("value", "is_one"), [(True, True), (False, True), (1, False), (0, False), (None, False)]
)
def test_a_flag(value: object, is_one: bool) -> None:
    """What is as true as a flag is none."""
    accepts, expected = FLAG
    assert is_one == accepts(value)
    assert "True or False" == expected


@dataclass(frozen=True)
class Codes:
    """A format of codes, and of a knob that it does not have of its own."""

    obis: tuple[str, ...] = ()
    decimals: int = 3

    left_out: ClassVar[frozenset[str]] = frozenset({"decimals"})


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("1-0:1.8.0*255;1-0:2.8.0*255;", ("1-0:1.8.0*255", "1-0:2.8.0*255")),
        (" 1-0:1.8.0 ; 1-0:2.8.0", ("1-0:1.8.0", "1-0:2.8.0")),
        (["1-0:1.8.0"], ("1-0:1.8.0",)),
        ("", ("",)),
        (7, 7),
    ],
)
def test_a_list_of_codes(value: object, codes: object) -> None:
    """As document 002 "Test Files" writes one, or as TOML does."""
    assert {"obis": codes} == values_of(Codes, {"obis": value}, "here")


def test_a_knob_that_is_left_out() -> None:
    """It is none."""
    with pytest.raises(LayoutError) as caught:
        values_of(Codes, {"decimals": 6}, "here")
    assert "here: there is no knob 'decimals'; use obis" == str(caught.value)
