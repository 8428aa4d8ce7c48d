"""OBIS codes."""

from __future__ import annotations

import pytest

from backend.core.obis import Obis, check_energy_obis, check_interval_obis, unit_of
from backend.errors import ObisError


class TestParsing:
    """A code is read in its full and in its reduced forms."""

    @pytest.mark.parametrize(
        ("text", "parts", "normalised"),
        [
            ("1-1:1.29.0*255", (1, 1, 1, 29, 0, 255), "1-1:1.29.0"),
            ("1-1:1.9.0", (1, 1, 1, 9, 0, 255), "1-1:1.9.0"),
            ("01-01:01.08.01", (1, 1, 1, 8, 1, 255), "1-1:1.8.1"),
            ("1.8.0", (1, 0, 1, 8, 0, 255), "1-0:1.8.0"),
            ("1.8", (1, 0, 1, 8, 0, 255), "1-0:1.8.0"),
            ("1-0:1.6.0*01", (1, 0, 1, 6, 0, 1), "1-0:1.6.0*1"),
        ],
    )
    def test_a_code(self, text: str, parts: tuple[int, ...], normalised: str) -> None:
        """It keeps its spelling and has one normal form."""
        obis = Obis.parse(text)
        assert parts == (
            obis.medium,
            obis.channel,
            obis.quantity,
            obis.kind,
            obis.tariff,
            obis.previous,
        )
        assert (text, normalised) == (str(obis), obis.normalised)

    def test_spellings_are_equal(self) -> None:
        """With and without *255, with and without leading zeros."""
        assert Obis.parse("1-1:1.29.0*255") == Obis.parse("01-1:1.29.0")
        assert Obis.parse("1-1:1.29.0*255") != Obis.parse("1-1:1.9.0")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1",
            "1-1:1",
            "1-1:1.29.0;7",
            "=1+1",
            "1-1:1.29.0*",
            " 1.8.0",
            "1.8.0\n",
            "١.8.0",
            "1-1:a.8.0",
        ],
    )
    def test_no_code(self, text: str) -> None:
        """It is refused in its place."""
        with pytest.raises(ObisError, match="station 'WB-1', obis"):
            Obis.parse(text, "station 'WB-1', obis")

    def test_a_part_that_is_too_large(self) -> None:
        """Parts are bytes."""
        with pytest.raises(ObisError, match=r"999 in .* is too large"):
            Obis.parse("1-1:1.999.0")


class TestErrors:
    """Each says what is wrong, where, and what to write."""

    def test_no_code(self) -> None:
        """It shows how a code is written."""
        with pytest.raises(ObisError) as caught:
            Obis.parse("x")
        assert """OBIS code: 'x' is no OBIS code; write it as "1-1:1.29.0*255\"""" == str(
            caught.value
        )

    def test_too_large(self) -> None:
        """It says how large a part can be."""
        with pytest.raises(ObisError) as caught:
            Obis.parse("1.999", "row 7")
        assert "row 7: 999 in '1.999' is too large; use 0 to 255" == str(caught.value)

    def test_another_code(self) -> None:
        """It says what the code is, and gives the two that it may be."""
        with pytest.raises(ObisError) as caught:
            check_interval_obis("1-1:1.8.0", "row 7")
        assert (
            "row 7: '1-1:1.8.0' (electricity, main meter, active energy import, register reading, "
            "all tariffs) is not the imported energy of an interval; use e.g. "
            '"1-1:1.29.0*255" (load profile) or "1-1:1.9.0" (energy of a period)'
        ) == str(caught.value)

    def test_its_place(self) -> None:
        """What is no code at all is told in its place, too."""
        with pytest.raises(ObisError, match=r"^row 7: "):
            check_interval_obis("x", "row 7")


class TestMeaning:
    """A code can be read out to a person."""

    @pytest.mark.parametrize(
        ("text", "meaning", "unit"),
        [
            (
                "1-1:1.29.0*255",
                "electricity, main meter, active energy import, load profile, all tariffs",
                "kWh",
            ),
            (
                "1-5:8.8.2",
                "electricity, computed, reactive energy Q4, register reading, tariff 2",
                "kvarh",
            ),
            ("8-1:1.0.0", "cold water, main meter, quantity 1, kind 0, all tariffs", "m3"),
            ("5-1:1.29.0", "cold, main meter, quantity 1, load profile, all tariffs", "kWh"),
            ("0-0:1.0.0", "abstract, channel 0, quantity 1, kind 0, all tariffs", ""),
            ("3-7:99.98.0", "medium 3, channel 7, quantity 99, kind 98, all tariffs", ""),
            (
                "1-1:99.8.0",
                "electricity, main meter, quantity 99, register reading, all tariffs",
                "",
            ),
        ],
    )
    def test_a_meaning(self, text: str, meaning: str, unit: str) -> None:
        """What is not known is told by its number."""
        assert (meaning, unit) == (Obis.parse(text).meaning, Obis.parse(text).unit)


class TestIntervalCodes:
    """A series of interval energies takes the codes of such."""

    @pytest.mark.parametrize("text", ["1-1:1.29.0*255", "1-1:1.9.0", "1-5:1.9.2"])
    def test_accepted(self, text: str) -> None:
        """It comes back as it is written."""
        assert text == check_interval_obis(text, "obis")

    @pytest.mark.parametrize("text", ["1-1:1.8.0", "1-1:2.29.0*255", "6-1:1.29.0"])
    def test_refused(self, text: str) -> None:
        """A reading, an export or a heat is not what the rows hold; the error says what it is."""
        with pytest.raises(ObisError, match="is not the imported energy of an interval"):
            check_interval_obis(text, "obis")


class TestEnergyCodes:
    """A series of interval energies of any register takes the codes of such."""

    @pytest.mark.parametrize("text", ["1-1:1.29.0*255", "1-1:8.9.0", "9-1:1.29.0"])
    def test_accepted(self, text: str) -> None:
        """It comes back as it is written."""
        assert text == check_energy_obis(text, "obis")

    def test_refused(self) -> None:
        """A reading is no energy; the error says what it is."""
        with pytest.raises(ObisError) as caught:
            check_energy_obis("8-1:1.0.0", "row 7")
        assert (
            "row 7: '8-1:1.0.0' (cold water, main meter, quantity 1, kind 0, all tariffs) is not "
            'the energy of an interval; use e.g. "1-1:1.29.0*255" (load profile) or "1-1:1.9.0" '
            "(energy of a period)"
        ) == str(caught.value)

    @pytest.mark.parametrize(
        ("text", "unit"),
        [
            ("1-1:1.29.0*255", "kWh"),
            ("1-1:5.29.0", "kvarh"),
            ("8-1:1.0.0", "m3"),
            ("1-1:99.8.0", "kWh"),
            ("Bezug", "kWh"),
        ],
    )
    def test_the_unit_of_any_text(self, text: str, unit: str) -> None:
        """What tells none is in kilowatt hours."""
        assert unit == unit_of(text)

    @pytest.mark.parametrize(
        ("text", "is_current"), [("1-1:1.8.0", True), ("1.8.0*255", True), ("1.8.0*12", False)]
    )
    def test_former_periods(self, text: str, is_current: bool) -> None:
        """F says whether it is the value itself."""
        assert is_current is Obis.parse(text).is_current
