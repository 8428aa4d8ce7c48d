"""The settings of sources: groups, meters, folders, cards, and meters in front of chargers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backend.core.meter_difference import DifferenceLimit
from backend.errors import SettingsError
from backend.settings import Settings, StationSettings

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"


def code(number: int) -> str:
    """Give a metering code."""
    return f"CH98765012345AAAAAAAAAAAAAAA{number:05d}"


GOOD = f"""
[[account]]
name = "A"
ise = true
[[account]]
name = "B"
[[station]]
account = "A"
identity = "WB-1"
[station.ise]
metering_code = "{code(1)}"
[[station]]
account = "A"
identity = "WB-2"
[station.ise]
metering_code = "{code(2)}"
[[station]]
account = "A"
identity = "WB-3"
[[station]]
account = "B"
identity = "WB-9"
[[group]]
account = "A"
name = "Tiefgarage"
stations = ["WB-2", "WB-3"]
[[meter]]
account = "A"
name = "Keller"
max_power_w = 50000
[meter.ise]
metering_code = "{code(3)}"
obis = "1-1:1.9.0"
interval = 60
[[meter]]
account = "A"
name = "Dach"
[meter.ise]
metering_code = "{code(4)}"
[[meter]]
account = "B"
name = "Fremd"
[[folder]]
account = "A"
name = "Haus"
meters = ["Keller"]
[[card]]
account = "A"
id_tag = "fa2afd77"
[card.ise]
[[card]]
account = "A"
id_tag = "04:AA:BB:CC"
[card.ise]
metering_code = "Flotte-7"
interval = 30
[[card]]
account = "A"
id_tag = "04AABBDD"
[[format]]
account = "A"
name = "F"
[[destination]]
account = "A"
name = "D"
host = "sftp.example.ch"
user = "u"
secret = "s"
host_key = "{HOST_KEY}"
[[task]]
account = "A"
name = "T"
format = "F"
destination = "D"
"""


def read(more: str = "", text: str = GOOD) -> Settings:
    """Read settings, with something more at the end, which is in the task."""
    return Settings.from_toml(text + more, {})


def sources(more: str = "", text: str = GOOD) -> list[str]:
    """Give the names of the sources of the task."""
    settings = read(more, text)
    return [one.station for _, one in settings.activations_of(settings.tasks[0])]


class TestTasks:
    """What a task takes."""

    @pytest.mark.parametrize(
        ("taken", "names"),
        [
            ("", ["WB-1", "WB-2"]),
            ('stations = "all"', ["WB-1", "WB-2"]),
            ('groups = ["Tiefgarage"]', ["WB-2"]),
            ('groups = "all"\nstations = ["WB-1", "WB-2"]', ["WB-1", "WB-2"]),
            ('meters = ["Keller"]', ["Keller"]),
            ('meters = "all"', ["Dach", "Keller"]),
            ('folders = ["Haus"]\nmeters = ["Keller"]', ["Keller"]),
            ('folders = "all"', ["Keller"]),
            ('cards = ["04aabbcc"]', ["04AABBCC"]),
            ('cards = "all"', ["04AABBCC", "FA2AFD77"]),
            (
                'stations = "all"\nfolders = "all"\ncards = ["FA2AFD77", "04AABBDD"]',
                ["WB-1", "WB-2", "Keller", "FA2AFD77"],
            ),
        ],
    )
    def test_sources(self, taken: str, names: list[str]) -> None:
        """Each once, stations before meters before cards; what is not activated is in none."""
        assert names == sources(taken)

    @pytest.mark.parametrize(
        ("taken", "told"),
        [
            ("groups = []", r"key 'groups': is \[\]; write a list of names of station groups, or"),
            ("meters = [1]", r"key 'meters': is \[1\]; write a list"),
            ('cards = "FA2AFD77"', "key 'cards': is 'FA2AFD77'; write a list"),
            ('stations = ["WB-9"]', r"'stations': names 'WB-9', .*\[\[station\]\] of the account"),
            ('groups = ["X"]', r"'groups': names 'X', which no \[\[group\]\] .* 'Tiefgarage'"),
            ('meters = ["Fremd"]', r"'meters': names 'Fremd', which no \[\[meter\]\]"),
            ('folders = ["X"]', r"'folders': names 'X', which no \[\[folder\]\]"),
            ('cards = ["X"]', r"'cards': names 'X', which no \[\[card\]\]"),
        ],
    )
    def test_what_is_wrong(self, taken: str, told: str) -> None:
        """It is told with what there is."""
        with pytest.raises(SettingsError, match=told):
            read(taken)

    def test_two_sources_of_one_metering_point(self) -> None:
        """In one task they are refused, however the OBIS code is spelled; in two they may be."""
        alike = GOOD.replace(f'"{code(4)}"', f'"{code(1)}"\nobis = "1-1:1.29.0"')
        told = rf"\[\[task\]\] 'T': the metering point '{code(1)}' is fed by station 'WB-1' and by"
        with pytest.raises(SettingsError, match=told):
            read('stations = "all"\nmeters = "all"', alike)

        assert ["Dach", "Keller"] == sources('meters = "all"', alike)

    def test_other_obis_codes_are_other_metering_points(self) -> None:
        """A code alone does not tell them apart."""
        text = GOOD.replace(code(3), code(1))

        assert "Keller" in sources('stations = "all"\nmeters = "all"', text)

    def test_cards_of_one_name(self) -> None:
        """They would be one metering point."""
        text = GOOD.replace(
            "[card.ise]\n[[card]]", '[card.ise]\nmetering_code = "Flotte-7"\n[[card]]'
        )
        with pytest.raises(SettingsError, match="by card '04AABBCC' and by card 'FA2AFD77'"):
            read('cards = "all"', text)


class TestMeters:
    """What is said of a meter."""

    def test_its_keys(self) -> None:
        """The activation of a station, and what its connection can carry."""
        settings = read()
        meter = settings.meter("Keller")

        assert Decimal(50000) == meter.profile.max_power_w
        assert Decimal(1_000_000) == settings.meter("Dach").profile.max_power_w
        assert meter.activation is not None
        assert ("Keller", code(3), "1-1:1.9.0", 60) == (
            meter.activation.station,
            meter.activation.metering_code,
            meter.activation.obis,
            meter.activation.interval_minutes,
        )
        assert settings.meter("Fremd").activation is None

    def test_a_meter_that_is_not_there(self) -> None:
        """Asking for it tells those that are."""
        with pytest.raises(SettingsError, match=r"meter 'X': is no meter; .* 'Keller', 'Dach'"):
            read().meter("X")

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('name = "Keller"', 'name = "Keller "', "key 'name': is longer .*; give it a shorter"),
            ('name = "Fremd"', 'name = "Keller"', r"\[\[meter\]\], name: 'Keller' is there twice"),
            ("max_power_w = 50000", "max_power_w = 0", "key 'max_power_w': is 0"),
            ("interval = 60", "interval = 7", r"\[\[meter\]\] 'Keller', \[ise\], key 'interval'"),
            ("interval = 60", 'upstream_meter = "Dach"', "key 'upstream_meter': is not a key"),
            ('meters = ["Keller"]', 'meters = ["Fremd"]', r"\[\[folder\]\] 'Haus', key 'meters'"),
            ('meters = ["Keller"]', 'meters = "all"', r"write a list of names of meters$"),
            ('stations = ["WB-2", "WB-3"]', "", "key 'stations': is missing; write a list of"),
            ('["WB-2", "WB-3"]', '["WB-9"]', r"\[\[group\]\] 'Tiefgarage', key 'stations': names"),
            ('account = "A"\nname = "Haus"', 'account = "X"\nname = "Haus"', "names 'X', which"),
        ],
    )
    def test_what_is_wrong(self, old: str, new: str, told: str) -> None:
        """It is told with its place."""
        assert old in GOOD
        with pytest.raises(SettingsError, match=told):
            read(text=GOOD.replace(old, new, 1))


class TestCards:
    """What a card is called in files."""

    def test_its_number_or_a_name(self) -> None:
        """The number as it is written, unless a name is set."""
        named, other, unused = read().cards

        assert named.activation is not None
        assert other.activation is not None
        assert ("fa2afd77", 15) == (
            named.activation.metering_code,
            named.activation.interval_minutes,
        )
        assert ("Flotte-7", 30) == (
            other.activation.metering_code,
            other.activation.interval_minutes,
        )
        assert unused.activation is None

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('metering_code = "Flotte-7"', "", "is not set, and the number '04:AA:BB:CC' is no"),
            ("Flotte-7", "Flotte;7", r"'metering_code': position 7: ';' .*; write a metering code"),
            ("Flotte-7", "=7", "position 1: '='"),
            ("interval = 30", "obis = 7", "key 'obis': is 7"),
            ("interval = 30", 'counts = "meter"', "key 'counts': is not a key"),
        ],
    )
    def test_what_is_wrong(self, old: str, new: str, told: str) -> None:
        """A name that could break a file is refused."""
        assert old in GOOD
        with pytest.raises(SettingsError, match=told):
            read(text=GOOD.replace(old, new, 1))


IN_FRONT = f'metering_code = "{code(1)}"'


def in_front(*lines: str) -> str:
    """Put a meter in front of WB-1."""
    return GOOD.replace(IN_FRONT, "\n".join((IN_FRONT, 'upstream_meter = "Keller"', *lines)), 1)


class TestUpstream:
    """The meter in front of a charger."""

    def station(self, *lines: str) -> StationSettings:
        """Give the station."""
        return read(text=in_front(*lines)).station("WB-1")

    def test_the_charger_counts_unless_told_otherwise(self) -> None:
        """The limits have defaults, too."""
        upstream = self.station().upstream

        assert upstream is not None
        assert ("Keller", "charger") == (upstream.meter, upstream.counts)
        assert DifferenceLimit() == upstream.limit

    def test_limits_are_exact(self) -> None:
        """As numbers or as texts, to the last digit."""
        lines = 'counts = "meter"', "difference_limit_percent = 1.1", 'difference_limit_kwh = "0"'
        upstream = self.station(*lines).upstream

        assert upstream is not None
        assert "meter" == upstream.counts
        assert DifferenceLimit(Decimal("1.1"), Decimal(0)) == upstream.limit

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('counts = "both"', "key 'counts': is 'both'; write one of 'charger', 'meter'"),
            ("difference_limit_percent = 101", "is 101; write a number from 0 to 100"),
            ("difference_limit_percent = true", "is True; write a number"),
            ("difference_limit_kwh = -1", "is -1; write a number"),
            ("difference_limit_kwh = nan", "is nan; write a number"),
            ('difference_limit_kwh = "1 kWh"', "is '1 kWh'; write a number"),
            ("difference_limit_kwh = []", r"is \[\]; write a number"),
        ],
    )
    def test_what_is_wrong(self, line: str, told: str) -> None:
        """It is told with what to write."""
        with pytest.raises(SettingsError, match=told):
            self.station(line)

    def test_a_meter_of_another_account(self) -> None:
        """It is none that could be named."""
        with pytest.raises(SettingsError, match="key 'upstream_meter': names 'Fremd', which no"):
            read(text=in_front().replace('upstream_meter = "Keller"', 'upstream_meter = "Fremd"'))

    def test_one_meter_in_front_of_two(self) -> None:
        """Its sums would be held against each of them."""
        other = f'metering_code = "{code(2)}"'
        text = in_front().replace(other, f'{other}\nupstream_meter = "Keller"')
        with pytest.raises(
            SettingsError, match="'Keller', which stands in front of 'WB-1' already"
        ):
            read(text=text)

    def test_without_a_meter_its_keys_have_no_meaning(self) -> None:
        """Which is told, as what is meant is not done."""
        text = GOOD.replace(IN_FRONT, f'{IN_FRONT}\ncounts = "meter"', 1)
        with pytest.raises(SettingsError, match="'counts': has no meaning without upstream_meter"):
            read(text=text)
