"""What is particular about a model of charger, as data."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from backend.core.declaration import Declaration
from backend.core.device_profile import (
    GENERIC,
    DeviceProfile,
    derived_profile,
    load_profile,
    profile_names,
)
from backend.errors import SettingsError

KEYS = sorted({each.name for each in fields(DeviceProfile)} - {"name"})
DECLARED = "declared must be a table with " + ", ".join(each.name for each in fields(Declaration))
A_NUMBER = "max_power_w must be a number, as a whole number or in quotes"
NOT_NEGATIVE = "max_power_w must be a number, 0 or more"
A_COUNT = "connectors must be a whole number, 0 or more"


class TestTheProfiles:
    """The profiles beside the module."""

    def test_names(self) -> None:
        """A generic one and the INCH."""
        assert ("etrel_inch", "generic") == profile_names()

    def test_the_inch(self) -> None:
        """What document 003 (Etrel INCH questionnaire) says."""
        inch = load_profile("etrel_inch")
        assert (1, Decimal(22_000), "little") == (
            inch.connectors,
            inch.max_power_w,
            inch.id_tag_order,
        )
        assert ("GetLocalListVersion", "GetCompositeSchedule") == inch.refuses
        assert (10, 17) == (len(inch.sends), len(inch.answers))
        assert "kWh" == inch.measurands["Energy.Active.Import.Register"]

    def test_a_vendor_is_compared_without_case(self) -> None:
        """The questionnaire writes ETREL, chargers say Etrel."""
        inch = load_profile("etrel_inch")
        assert inch.is_of("ETREL")
        assert inch.is_of("Etrel")
        assert not inch.is_of("Etrelo")
        assert GENERIC.is_of("")

    def test_a_profile_nobody_wrote(self) -> None:
        """The error names those there are; a path is no name."""
        for name in ("etrel", "../generic"):
            with pytest.raises(SettingsError, match="use one of etrel_inch, generic"):
                load_profile(name)

    def test_profiles_can_be_told_apart(self) -> None:
        """They are values, and are found at once among others."""
        inch = load_profile("etrel_inch")
        assert load_profile("generic") == GENERIC
        assert 2 == len({GENERIC, inch})
        assert hash(inch) == hash(DeviceProfile("etrel_inch"))
        assert hash(inch) != hash(GENERIC)


class TestReading:
    """A profile is checked key by key."""

    def test_every_key(self) -> None:
        """Numbers may be whole or in quotes, so that none is a float."""
        mapping: dict[str, Any] = {
            "title": "X",
            "decimal_comma": True,
            "connectors": 2,
            "register_step_wh": "0.1",
            "rollovers_wh": [1000, "2000"],
            "aligned_stamp": "start",
            "energy_unit_always": "kWh",
            "zone_of_naive_times": "Europe/Zurich",
            "keys": ["NumberOfConnectors"],
        }
        profile = DeviceProfile.from_mapping("x", mapping)
        assert ("x", "X", True, 2) == (
            profile.name,
            profile.title,
            profile.decimal_comma,
            profile.connectors,
        )
        assert (Decimal("0.1"), (Decimal(1000), Decimal(2000))) == (
            profile.register_step_wh,
            profile.rollovers_wh,
        )

    @pytest.mark.parametrize(
        ("key", "value", "complaint"),
        [
            ("titel", "X", "'titel' is no key of a profile; use " + ", ".join(KEYS)),
            ("name", "X", "'name' is no key of a profile; use " + ", ".join(KEYS)),
            ("title", 1, "title is 1; title must be a text"),
            (
                "vendor_pattern",
                "(",
                "vendor_pattern is '('; vendor_pattern must be a regular expression:"
                " missing ), unterminated subpattern at position 0",
            ),
            (
                "vendor_pattern",
                "x{99999999999}",
                "vendor_pattern is 'x{99999999999}'; vendor_pattern must be a regular expression:"
                " the repetition number is too large",
            ),
            ("decimal_comma", 1, "decimal_comma is 1; decimal_comma must be true or false"),
            ("connectors", -1, f"connectors is -1; {A_COUNT}"),
            ("connectors", True, f"connectors is True; {A_COUNT}"),
            ("max_power_w", 1.5, f"max_power_w is 1.5; {A_NUMBER}"),
            ("max_power_w", "x", f"max_power_w is 'x'; {A_NUMBER}"),
            ("max_power_w", "NaN", f"max_power_w is 'NaN'; {NOT_NEGATIVE}"),
            ("max_power_w", -1, f"max_power_w is -1; {NOT_NEGATIVE}"),
            ("max_power_w", True, f"max_power_w is True; {A_NUMBER}"),
            ("rollovers_wh", 1, "rollovers_wh is 1; rollovers_wh must be a list of numbers"),
            ("keys", "X", "keys is 'X'; keys must be a list of texts"),
            ("keys", [1], "keys is [1]; keys must be a text"),
            ("declared", [], f"declared is []; {DECLARED}"),
            (
                "declared",
                {"x" * 100: ""},
                f"declared is another; {DECLARED}; {'x' * 100!r} is none of them",
            ),
            (
                "default_energy_unit",
                "J",
                "default_energy_unit is 'J'; default_energy_unit must be one of 'Wh', 'kWh'",
            ),
            (
                "id_tag_order",
                ["little"],
                "id_tag_order is ['little']; id_tag_order must be one of 'little', 'big'",
            ),
            (
                "zone_of_naive_times",
                "Zurich",
                "zone_of_naive_times is 'Zurich'; zone_of_naive_times must be"
                ' a zone, e.g. "UTC" or "Europe/Zurich"',
            ),
        ],
    )
    def test_a_wrong_key(self, key: str, value: object, complaint: str) -> None:
        """The error names profile, key, what it is and what it takes."""
        with pytest.raises(SettingsError) as caught:
            DeviceProfile.from_mapping("x", {key: value})
        assert f"device profile 'x': {complaint}" == str(caught.value)

    @pytest.mark.parametrize(
        ("digits", "said"), [(79, f"title is {'1' * 79}"), (80, "title is another")]
    )
    def test_what_is_long_is_not_repeated(self, digits: int, said: str) -> None:
        """A value of 80 signs or more is not shown."""
        with pytest.raises(SettingsError) as caught:
            DeviceProfile.from_mapping("x", {"title": int("1" * digits)})
        assert said == caught.value.what

    def test_nothing_is_a_number(self) -> None:
        """0 connectors are connectors that are not known; a step of 0 Wh holds no register."""
        profile = DeviceProfile.from_mapping("x", {"connectors": 0, "register_step_wh": 0})

        assert (0, Decimal(0)) == (profile.connectors, profile.register_step_wh)


class TestOnesOwn:
    """A profile that an operator makes of a bundled one."""

    def test_some_keys_are_otherwise(self) -> None:
        """What is not said is as in the base."""
        mine = derived_profile("mine", "etrel_inch", {"default_energy_unit": "kWh"})

        assert ("mine", "kWh", 1) == (mine.name, mine.default_energy_unit, mine.connectors)
        assert load_profile("etrel_inch").sends == mine.sends

    def test_a_base_nobody_wrote(self) -> None:
        """The error names the bases there are."""
        with pytest.raises(SettingsError, match="use one of etrel_inch, generic"):
            derived_profile("mine", "etrel", {})
