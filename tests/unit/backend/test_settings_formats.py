"""The settings of formats of every kind: numbers, registers, virtual tariffs, and what fits."""

from __future__ import annotations

from datetime import date, time

import pytest

from backend.core.day_values import VirtualTariff
from backend.core.formats.row import Numbers
from backend.errors import BackendError
from backend.settings import Settings

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"


def code(number: int) -> str:
    """Give a metering code."""
    return f"CH98765012345AAAAAAAAAAAAAAA{number:05d}"


DAY_TARIFF = """[[folder.virtual_tariff]]
number = 1
name = "Tag"
since = 2025-06-03
hours = ["07:00-20:00"]
"""
NIGHT_TARIFF = """[[folder.virtual_tariff]]
number = 3
since = "2025-06-03"
hours = ["20:00-07:00"]
weekdays = ["Mon", "Sun"]
"""
PARTIES = 'sender = "12X-A"\nreceiver = "12X-B"\n'
GOOD = f"""
[[account]]
name = "A"
ise = true
[[station]]
account = "A"
identity = "WB-1"
[station.ise]
metering_code = "{code(1)}"
factory_no = "38157930"
internal_no = "TG-7"
device_location_id = "Dorfplatz Süd"
[[meter]]
account = "A"
name = "Keller"
[meter.ise]
metering_code = "{code(3)}"
internal_no = "K-1"
[[meter]]
account = "A"
name = "Dach"
[meter.ise]
metering_code = "{code(4)}"
[[meter]]
account = "A"
name = "Reserve"
[[folder]]
account = "A"
name = "Haus"
meters = ["Keller", "Reserve"]
{DAY_TARIFF}{NIGHT_TARIFF}
[[folder]]
account = "A"
name = "Hof"
meters = ["Dach"]
[[card]]
account = "A"
id_tag = "FA2AFD77"
[card.ise]
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
FORMAT = '[[format]]\naccount = "A"\nname = "F"\n'
STATION, METER = "[station.ise]\n", "[meter.ise]\n"
VIRTUAL = 'folders = ["Haus"]\nvalues = "virtual tariffs"\n'


def read(more: str = "", form: str = "", text: str = GOOD) -> Settings:
    """Read settings, with something more in the task, and in the format."""
    return Settings.from_toml(text.replace(FORMAT, FORMAT + form) + more, {})


def told(more: str = "", form: str = "", text: str = GOOD) -> str:
    """Give what is said of settings that are refused."""
    with pytest.raises(BackendError) as caught:
        read(more, form, text)
    return str(caught.value)


def kind(name: str, more: str = "") -> str:
    """Give the lines of a format."""
    return f'kind = "{name}"\n{PARTIES if name.startswith("mscons") else ""}{more}'


READINGS, FEED, XML = kind("ise-readings-csv"), kind("ise-feed-csv"), kind("ise-readings-xml")


class TestNumbers:
    """What a meter is called besides (document 001)."""

    def test_each(self) -> None:
        """They are texts, as the utility has them; what is not set is empty."""
        settings = read()
        (station,), (keller, dach, _) = settings.stations, settings.meters
        assert [
            Numbers("Dorfplatz Süd", "38157930", "TG-7"),
            Numbers(internal_no="K-1"),
            Numbers(),
        ] == [
            one.activation.numbers for one in (station, keller, dach) if one.activation is not None
        ]

    def test_the_longest(self) -> None:
        """It may have 48 signs."""
        (station,) = read(text=GOOD.replace('"TG-7"', f'"{"7" * 48}"')).stations
        assert station.activation is not None
        assert "7" * 48 == station.activation.numbers.internal_no

    @pytest.mark.parametrize("number", ["7" * 49, " 7", "7 ", r"7\n", r"a\tb"])
    def test_what_is_no_number(self, number: str) -> None:
        """It is refused where it is set."""
        assert (
            "settings, [[station]] 'WB-1', [ise], key 'internal_no': is longer than 48 signs, or "
            "has some that cannot be printed; write it as the utility has it"
        ) == told(text=GOOD.replace('"TG-7"', f'"{number}"'))

    @pytest.mark.parametrize(
        "form",
        [
            'key = "device_location_id"\n',
            kind("ise-readings-csv", 'key = "factory_no"\n'),
            kind("ise-feed-csv", 'key = "internal_no"\n'),
            kind("csv", 'key = "factory_no"\n'),
            kind("ise-readings-xml", 'keys = ["factory_no", "internal_no"]\n'),
            kind("mscons"),
        ],
    )
    def test_a_format_that_calls_meters_by_them(self, form: str) -> None:
        """Whoever has what it asks for can be called by it."""
        assert read(form=form).tasks

    @pytest.mark.parametrize(
        ("more", "form", "sentence"),
        [
            (
                'meters = ["Dach"]',
                'key = "factory_no"\n',
                "settings, [[task]] 'T': meter 'Dach' has no factory_no, by which the format 'F' "
                "calls meters; add factory_no to its [meter.ise], or turn another key of the "
                "format",
            ),
            (
                'meters = ["Keller"]',
                kind("ise-readings-xml", 'keys = ["internal_no", "device_location_id"]\n'),
                "settings, [[task]] 'T': meter 'Keller' has no device_location_id, by which the "
                "format 'F' calls meters; add device_location_id to its [meter.ise], or turn "
                "another key of the format",
            ),
            (
                'cards = "all"',
                'key = "internal_no"\n',
                "settings, [[task]] 'T': card 'FA2AFD77' has no internal_no, by which the format "
                "'F' calls meters; take the card out, or turn another key of the format",
            ),
        ],
    )
    def test_a_number_that_it_does_not_have(self, more: str, form: str, sentence: str) -> None:
        """It is told before a file is due, with what would mend it."""
        assert sentence == told(more, form)

    def test_a_station_without_it(self) -> None:
        """Its table is named."""
        assert (
            "settings, [[task]] 'T': station 'WB-1' has no factory_no, by which the format 'F' "
            "calls meters; add factory_no to its [station.ise], or turn another key of the format"
        ) == told(form='key = "factory_no"\n', text=GOOD.replace('factory_no = "38157930"\n', ""))


class TestRegisters:
    """Which register's energies a source has."""

    @pytest.mark.parametrize(
        "obis",
        ["1-1:1.29.0*255", "1-1:2.29.0", "1-1:1.9.1", "1-1:8.29.0*255", "9-1:1.29.0", "6-0:1.29.0"],
    )
    def test_of_a_meter(self, obis: str) -> None:
        """Any that it can have, as a load profile or as the energy of a period."""
        settings = read(text=GOOD.replace(METER, f'{METER}obis = "{obis}"\n'))
        activation = settings.meter("Keller").activation
        assert activation is not None
        assert obis == activation.obis

    @pytest.mark.parametrize(
        ("obis", "sentence"),
        [
            (
                "1-1:3.29.0",
                "'1-1:3.29.0' (electricity, main meter, reactive energy import, load profile, "
                "all tariffs) is of no register that a meter has here; use D = 29 or 9 of one of "
                "these: 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, 1-1:2.8.1, 1-1:2.8.2, "
                "1-1:5.8.0, 1-1:6.8.0, 1-1:7.8.0, 1-1:8.8.0, 5-1:1.0.0, 6-1:1.0.0, 8-1:1.0.0, "
                "9-1:1.0.0",
            ),
            (
                "1-1:1.8.0",
                "'1-1:1.8.0' (electricity, main meter, active energy import, register reading, "
                'all tariffs) is not the energy of an interval; use e.g. "1-1:1.29.0*255" (load '
                'profile) or "1-1:1.9.0" (energy of a period)',
            ),
            ("x", "'x' is no OBIS code; write it as \"1-1:1.29.0*255\""),
        ],
    )
    def test_of_no_meter(self, obis: str, sentence: str) -> None:
        """It is refused where it is set."""
        assert f"settings, [[meter]] 'Keller', [ise], key 'obis': {sentence}" == told(
            text=GOOD.replace(METER, f'{METER}obis = "{obis}"\n', 1)
        )

    def test_of_a_station(self) -> None:
        """A charger tells imported energy alone; its code may bear a tariff."""
        assert read(text=GOOD.replace(STATION, f'{STATION}obis = "1-1:1.9.2"\n')).stations
        assert (
            "settings, [[station]] 'WB-1', [ise], key 'obis': '1-1:2.29.0' (electricity, main "
            "meter, active energy export, load profile, all tariffs) is not the imported energy "
            'of an interval; use e.g. "1-1:1.29.0*255" (load profile) or "1-1:1.9.0" (energy of '
            "a period)"
        ) == told(text=GOOD.replace(STATION, f'{STATION}obis = "1-1:2.29.0"\n'))


class TestDays:
    """What has one value a day."""

    @pytest.mark.parametrize("form", [READINGS, XML, FEED, kind("csv"), kind("mscons-readings")])
    def test_by_the_day(self, form: str) -> None:
        """It is asked for daily, or now."""
        for schedule in ("daily", "now"):
            assert read(f'schedule = "{schedule}"\n', form).tasks

    def test_by_the_hour(self) -> None:
        """It cannot be, and the task says so."""
        assert read('schedule = "1 h"\n').tasks
        assert (
            "settings, [[task]] 'T' with [[format]] 'F', key 'schedule': is '1 h', and the "
            "format has one value a day; write 'daily' or 'now'"
        ) == told('schedule = "1 h"\n', FEED)

    @pytest.mark.parametrize("form", [READINGS, XML, kind("csv"), kind("mscons-readings")])
    def test_a_card(self, form: str) -> None:
        """It has no register; its energies can be had otherwise."""
        assert read('cards = "all"\n', FEED).tasks
        assert read('cards = "all"\n').tasks
        assert (
            "settings, [[task]] 'T' with [[format]] 'F': the card 'FA2AFD77' has no register; "
            "send its energies, as a load profile or as a feed (ise-feed-csv)"
        ) == told('cards = "all"\n', form)

    def test_a_code_that_the_format_does_not_list(self) -> None:
        """FMT-07: the place is that of the format."""
        assert (
            "settings, [[format]] 'F', key 'obis': '1-0:1.8.0*255' (electricity, channel 0, active "
            "energy import, register reading, all tariffs) is not listed for this format; use of "
            "its 14 codes: 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, 1-1:2.8.1, 1-1:2.8.2, …"
        ) == told(form=kind("ise-readings-csv", 'obis = "1-0:1.8.0*255"\n'))


class TestTariffs:
    """Virtual tariffs of a folder (document 002 "Export virtual tariffs")."""

    def test_each(self) -> None:
        """Number, name, first day, hours and weekdays."""
        haus, hof = read().folders
        assert (
            VirtualTariff(1, "Tag", date(2025, 6, 3), ((time(7), time(20)),)),
            VirtualTariff(
                3, "tariff 3", date(2025, 6, 3), ((time(20), time(7)),), frozenset((0, 6))
            ),
        ) == haus.tariffs
        assert () == hof.tariffs

    @pytest.mark.parametrize(
        ("hours", "wanted"),
        [
            ('"all"', ((time(), time()),)),
            ('["00:00-24:00"]', ((time(), time()),)),
            ('["06:00-12:00", "13:30-24:00"]', ((time(6), time(12)), (time(13, 30), time()))),
        ],
    )
    def test_hours(self, hours: str, wanted: object) -> None:
        """All of them, or several; a day ends at 24:00."""
        text = GOOD.replace(NIGHT_TARIFF, "").replace('["07:00-20:00"]', hours)
        assert wanted == read(text=text).folders[0].tariffs[0].hours

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("number = 1", "number = 0", "'number': is 0; write a whole number from 1 to 63"),
            ("number = 1", "number = 64", "'number': is 64; write a whole number from 1 to 63"),
            ("since = 2025-06-03", "", "'since': is missing; write a day: 2026-01-01"),
            (
                "since = 2025-06-03",
                "since = 2025-06-03T12:00:00",
                "'since': is 2025-06-03 12:00:00; write a day: 2026-01-01",
            ),
            (
                "since = 2025-06-03",
                'since = "3.6.2025"',
                "'since': is 3.6.2025; write a day: 2026-01-01",
            ),
            (
                "since = 2025-06-03",
                "since = 1999-12-31",
                "'since': is 1999-12-31; write a day from 2000 to 2099",
            ),
            (
                'hours = ["07:00-20:00"]',
                "",
                "'hours': is missing; write a list of hours, or \"all\" for all",
            ),
            (
                '"07:00-20:00"',
                '"7-20"',
                "'hours': has '7-20'; write local times as \"HH:MM-HH:MM\"",
            ),
            (
                '"07:00-20:00"',
                '"24:00-07:00"',
                "'hours': has '24:00-07:00'; write local times as \"HH:MM-HH:MM\"",
            ),
            (
                '"07:00-20:00"',
                '"07:00-19:60"',
                "'hours': has '07:00-19:60'; write local times as \"HH:MM-HH:MM\"",
            ),
            (
                'hours = ["07:00-20:00"]',
                'hours = "all"\nweekdays = ["Mo"]',
                "'weekdays': has 'Mo'; write of Mon, Tue, Wed, Thu, Fri, Sat, Sun",
            ),
            (
                'hours = ["07:00-20:00"]',
                'hours = ["07:00-20:00", "19:00-21:00"]',
                "'hours': Mon 19:00 counts in more than one of the folder's hours; "
                "let each hour count once",
            ),
        ],
    )
    def test_what_is_wrong(self, old: str, new: str, sentence: str) -> None:
        """It is told with its place."""
        assert old in DAY_TARIFF
        found = told(text=GOOD.replace(DAY_TARIFF, DAY_TARIFF.replace(old, new)))
        place, _, rest = found.partition(", key ")
        assert "settings, [[folder]] 'Haus', [[virtual_tariff]] 'Tag'" == place
        if not rest.startswith("'hours': Mon"):
            assert sentence == rest
        else:
            assert sentence.partition(" counts")[2] == rest.partition(" counts")[2]

    def test_a_number_twice(self) -> None:
        """Two tariffs are two codes."""
        assert (
            "settings, [[folder]] 'Haus', [[virtual_tariff]] number 2, key 'number': 1 is there "
            "twice; take another"
        ) == told(text=GOOD.replace("number = 3", "number = 1"))

    def test_hours_twice(self) -> None:
        """No minute is in two tariffs of a folder."""
        text = GOOD.replace('hours = ["20:00-07:00"]', 'hours = ["19:30-07:00"]')
        assert (
            "settings, [[folder]] 'Haus', [[virtual_tariff]] number 2, key 'hours': Mon 19:30 "
            "counts in more than one of the folder's hours; let each hour count once"
        ) == told(text=text.replace('"Mon", "Sun"', '"Mon"'))

    def test_a_key_that_is_none(self) -> None:
        """It is told with the one that is meant."""
        found = told(text=GOOD.replace('name = "Tag"', 'names = "Tag"'))
        assert found.startswith(
            "settings, [[folder]] 'Haus', [[virtual_tariff]] number 1, key 'names': is not a key "
            "of this table; did you mean 'name'? Known: "
        )

    @pytest.mark.parametrize("form", [READINGS, XML, FEED])
    def test_a_task_of_them(self, form: str) -> None:
        """It has those of its folders, of each meter that is activated."""
        settings = read(VIRTUAL, form)
        found = settings.tariffs_of(settings.tasks[0])
        assert [("Keller", code(3), 1), ("Keller", code(3), 3)] == [
            (meter.name, activation.metering_code, tariff.number)
            for meter, activation, tariff in found
        ]
        every = read(VIRTUAL.replace('["Haus"]', '"all"'), form)
        assert found == every.tariffs_of(every.tasks[0])

    def test_a_task_of_what_is_measured(self) -> None:
        """That is so where nothing is said."""
        for more in ("", 'values = "measured"\n'):
            assert "measured" == read(f'folders = ["Haus"]\n{more}').tasks[0].values
        assert (
            "settings, [[task]] 'T', key 'values': is 'all'; "
            "write one of 'measured', 'virtual tariffs'"
        ) == told('values = "all"\n')

    @pytest.mark.parametrize("form", ["", kind("mscons"), kind("mscons-readings"), kind("csv")])
    def test_other_formats(self, form: str) -> None:
        """AEX-21: they refuse them, with that reason."""
        assert (
            "settings, [[task]] 'T' with [[format]] 'F': virtual tariffs are exported in the "
            "format IS-E only; take a format of kind ise-readings-csv, ise-readings-xml or "
            "ise-feed-csv"
        ) == told(VIRTUAL, form)

    @pytest.mark.parametrize(
        ("more", "remedy"),
        [
            ('folders = ["Haus"]\nmeters = ["Dach"]', "no meters"),
            ('folders = ["Haus"]\nmeters = ["Dach"]\nstations = "all"', "no stations or meters"),
            ("", "no stations"),
            ('meters = ["Dach"]', "no meters"),
        ],
    )
    def test_other_sources(self, more: str, remedy: str) -> None:
        """Virtual tariffs are those of folders."""
        assert (
            "settings, [[task]] 'T': virtual tariffs are those of folders; "
            f"name folders, and {remedy}"
        ) == told(f'{more}\nvalues = "virtual tariffs"\n', READINGS)

    def test_no_tariff(self) -> None:
        """A task of nothing is none."""
        sentence = (
            "settings, [[task]] 'T': its folders have no virtual tariff, or no meter that is "
            "activated; add [[folder.virtual_tariff]]"
        )
        assert sentence == told(VIRTUAL.replace("Haus", "Hof"), READINGS)
        alone = GOOD.replace('["Keller", "Reserve"]', '["Reserve"]')
        assert sentence == told(VIRTUAL, READINGS, alone)

    def test_one_meter_in_two_folders(self) -> None:
        """One code of one meter is one register."""
        text = GOOD.replace('meters = ["Dach"]\n', f'meters = ["Keller"]\n{DAY_TARIFF}')
        assert read(VIRTUAL, READINGS, text).tasks
        assert (
            "settings, [[task]] 'T': the meter 'Keller' has the virtual tariff 1 twice; "
            "take it out of one of the folders"
        ) == told(VIRTUAL.replace('["Haus"]', '"all"'), READINGS, text)
