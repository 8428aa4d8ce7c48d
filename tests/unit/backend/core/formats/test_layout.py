"""The knobs of a time series file."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from typing import Any

import pytest

from backend.core.formats.layout import KNOBS, MAX_CELL, Layout, check_cell
from backend.errors import LayoutError

WRONG: dict[str, Any] = {
    "separator": " ",
    "decimal_mark": "'",
    "decimals": True,
    "time_form": "%d.%m.%y",
    "zone": "CET",
    "stamp": "middle",
    "header": 1,
    "status_column": "false",
    "missing": "-",
    "encoding": "utf-16",
    "line_end": "\r",
    "name_pattern": "{task}.csv",
    "files": "station",
    "obis_suffix": None,
    "columns": ("code", "time", "value"),
    "headings": ("a", "b"),
    "interval_minutes": 7,
    "key": "name",
    "only_basic_data": 0,
}


class TestTheTable:
    """FMT-08: every knob is a setting with a default, a meaning and an example."""

    def test_every_attribute_has_its_knob(self) -> None:
        """In the same order, with the same default."""
        assert [each.name for each in fields(Layout)] == [knob.name for knob in KNOBS]
        assert [each.default for each in fields(Layout)] == [knob.default for knob in KNOBS]

    @pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
    def test_every_knob_can_be_turned(self, knob: Any) -> None:
        """Its example, read as TOML, is another value that it takes."""
        value = tomllib.loads(f"value = {knob.example}")["value"]
        mapping = {knob.name: value}
        if knob.name == "decimal_mark":
            mapping["separator"] = ";"
        layout = Layout.from_mapping(mapping, "format")
        assert knob.default != getattr(layout, knob.name)
        assert knob.meaning
        assert knob.source

    @pytest.mark.parametrize("name", sorted(WRONG))
    def test_no_knob_takes_anything(self, name: str) -> None:
        """The error names the place, the knob and what it takes."""
        with pytest.raises(LayoutError, match="format 'x'") as caught:
            Layout.from_mapping({name: WRONG[name]}, "format 'x'")
        assert f"{name} is {WRONG[name]!r}; use " in str(caught.value)
        assert set(WRONG) == {knob.name for knob in KNOBS}


class TestMappings:
    """A layout from settings."""

    def test_nothing_set(self) -> None:
        """The defaults hold."""
        assert Layout() == Layout.from_mapping({}, "format")

    def test_line_ends_by_name(self) -> None:
        """TOML can write them either way."""
        for said in ("lf", "\n"):
            assert "\n" == Layout.from_mapping({"line_end": said}, "format").line_end
        assert "\r\n" == Layout.from_mapping({"line_end": "crlf"}, "format").line_end

    def test_an_unknown_knob(self) -> None:
        """The error names those there are."""
        with pytest.raises(LayoutError) as caught:
            Layout.from_mapping({"seperator": ","}, "format")
        names = ", ".join(sorted(WRONG))
        assert f"format: there is no knob 'seperator'; use {names}" == str(caught.value)

    @pytest.mark.parametrize(
        ("mapping", "complaint"),
        [
            (
                {"separator": ",", "decimal_mark": ","},
                "format: separator and decimal_mark are the same; make them differ",
            ),
            (
                {"separator": ",", "time_form": "%d.%m.%Y, %H:%M"},
                "format, time_form: position 6: ','",
            ),
            ({"time_form": "%d.%m.%Y\n%H:%M"}, "format, time_form: position 6"),
            ({"time_form": "=%d.%m.%Y %H:%M"}, "begins a formula"),
            ({"headings": ["Id", "OBIS", "a;b", "W", "E", "S"]}, "format, time: position 2: ';'"),
            ({"headings": ["Id", "OBIS", "T", "W", "E", "%=1"]}, "format, status: position 1: '='"),
            ({"headings": ["Id", "OBIS", "", "W", "E", "S"]}, "1 to 200 characters"),
            ({"headings": ["Id", "OBIS", 7, "W", "E", "S"]}, "headings is"),
            ({"headings": "Status"}, "headings is"),
            ({"columns": ["code", "obis", "time", "value", "value"]}, "columns is"),
            ({"columns": ["code", "obis", "time", "value", "x"]}, "columns is"),
            ({"columns": [["code"], "code", "obis", "time", "value"]}, "columns is"),
            ({"columns": "code"}, "columns is"),
            ({"headings": "abcdef"}, "headings is"),
            ({"time_form": f"%Y%m%d%H%M {'-' * 200}"[:201]}, "time_form is"),
            ({"time_form": 7}, "time_form is 7"),
            ({"name_pattern": 7}, "name_pattern is 7"),
        ],
    )
    def test_knobs_that_do_not_fit(self, mapping: dict[str, Any], complaint: str) -> None:
        """They are refused together, before a file is due."""
        with pytest.raises(LayoutError) as caught:
            Layout.from_mapping(mapping, "format")
        assert complaint in str(caught.value)

    def test_a_long_time_form(self) -> None:
        """It may have as many characters as a cell."""
        form = f"%Y%m%d%H%M {'-' * MAX_CELL}"[:MAX_CELL]
        assert form == Layout.from_mapping({"time_form": form}, "format").time_form

    def test_lists_are_no_columns(self) -> None:
        """A layout that was made otherwise than of settings is checked as well."""
        columns: Any = ["code", "obis", "time", "value"]
        with pytest.raises(LayoutError) as caught:
            Layout(columns=columns).check()
        assert (
            "layout: columns is ['code', 'obis', 'time', 'value']; use code, obis, time and value,"
            " and if wanted unit and status, each once"
        ) == str(caught.value)

    def test_columns(self) -> None:
        """Their order is free; the status goes where it is not wanted."""
        layout = Layout.from_mapping(
            {"columns": ["status", "time", "code", "obis", "value"], "status_column": False}, "f"
        )
        assert ("time", "code", "obis", "value") == layout.shown_columns


class TestCells:
    """FMT-11: nothing that a person typed can break a file."""

    @pytest.mark.parametrize("text", ["CH1", "Dorfplatz Süd", "Café d'Orsay", "a=b", "1-1:1.9.0"])
    def test_harmless(self, text: str) -> None:
        """Letters, digits, and signs that break nothing."""
        check_cell(text, Layout(), "name")

    def test_the_longest(self) -> None:
        """It may have 200 characters."""
        check_cell("x" * 200, Layout(), "name")

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("a;b", "position 2: ';' would break the file"),
            ('a"b', "position 2: '\"' would break the file"),
            ("a\r", r"position 2: '\r' would break the file"),
            ("a\nb", r"position 2: '\n' would break the file"),
            ("a\0", r"position 2: '\x00' would break the file"),
            ("a\x85b", r"position 2: '\x85' would break the file"),
            ("a\u2028b", r"position 2: '\u2028' would break the file"),
            ("a\u2029b", r"position 2: '\u2029' would break the file"),
            ("a\u202eb", r"position 2: '\u202e' would break the file"),
            ("\ufeffa", r"position 1: '\ufeff' would break the file"),
            ("\ud800", r"position 1: '\ud800' would break the file"),
            ("=1+1", "position 1: '=' begins a formula"),
            ("+1", "position 1: '+' begins a formula"),
            ("-1", "position 1: '-' begins a formula"),
            ("@SUM(A1)", "position 1: '@' begins a formula"),
            ("'x", 'position 1: "\'" begins a formula'),
            (" x", "a cell has 1 to 200 characters and no blanks around them"),
            ("", "a cell has 1 to 200 characters and no blanks around them"),
            ("x" * 201, "a cell has 1 to 200 characters and no blanks around them"),
        ],
    )
    def test_harmful(self, text: str, complaint: str) -> None:
        """Refused, with the position and the character."""
        with pytest.raises(LayoutError) as caught:
            check_cell(text, Layout(), "name")
        assert f"name: {complaint}; use letters, digits and simple signs" == str(caught.value)

    def test_what_the_encoding_does_not_have(self) -> None:
        """Instead of a question mark in a bill."""
        with pytest.raises(LayoutError) as caught:
            check_cell("Małe", Layout(encoding="cp1252"), "name")
        assert (
            "name: position 3: 'ł' is not in cp1252; write it otherwise, or set encoding to utf-8"
        ) == str(caught.value)
