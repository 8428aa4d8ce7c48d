"""What is particular about a model of charger, as data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backend.core.device_profile import (
    GENERIC,
    DeviceProfile,
    derived_profile,
    load_profile,
    profile_names,
)
from backend.errors import SettingsError


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
        """They are values."""
        assert load_profile("generic") == GENERIC
        assert 2 == len({GENERIC, load_profile("etrel_inch")})


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
            ("titel", "X", "'titel' is no key of a profile"),
            ("title", 1, "title must be a text"),
            ("vendor_pattern", "(", "vendor_pattern must be"),
            ("decimal_comma", 1, "true or false"),
            ("connectors", -1, "a whole number, 0 or more"),
            ("connectors", True, "a whole number, 0 or more"),
            ("max_power_w", 1.5, "a number, as a whole number or in quotes"),
            ("max_power_w", "x", "a number, as a whole number or in quotes"),
            ("max_power_w", "NaN", "a number, 0 or more"),
            ("max_power_w", True, "a number, as a whole number or in quotes"),
            ("rollovers_wh", 1, "a list of numbers"),
            ("keys", "NumberOfConnectors", "a list of texts"),
            ("keys", [1], "a text"),
            ("declared", [], "declared must be a table with vendor, model"),
            ("declared", {"x" * 100: ""}, "declared is another; declared must be a table with"),
            ("default_energy_unit", "J", "one of 'Wh', 'kWh'"),
            ("id_tag_order", ["little"], "one of 'little', 'big'"),
            ("zone_of_naive_times", "Zurich", "a zone"),
        ],
    )
    def test_a_wrong_key(self, key: str, value: object, complaint: str) -> None:
        """The error names profile, key and what it takes."""
        with pytest.raises(SettingsError, match="device profile 'x'") as caught:
            DeviceProfile.from_mapping("x", {key: value})
        assert complaint in str(caught.value)


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
