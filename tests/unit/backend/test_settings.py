"""The settings: what is wrong is told with its place and what to write instead."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest
from asyncssh import SSHKey, generate_private_key

from backend.core.exports import SCHEDULES, Plan, Trigger, spread
from backend.errors import LayoutError, MeteringCodeError, ObisError, SettingsError
from backend.settings import BackendSettings, Settings

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
CODE = "CH1012301234500000000000000012345"

GOOD = f"""
[backend]
port = 9001
database = "data/isebench.sqlite"

[[account]]
name = "Stadtwerke"
ise = true

[[station]]
account = "Stadtwerke"
identity = "WB-1"
name = "Dorfplatz"
profile = "etrel_inch"
[station.ise]
metering_code = "{CODE}"
obis = "1-1:1.29.0*255"
interval = 15
[station.configuration]
ClockAlignedDataInterval = "900"

[[station]]
account = "Stadtwerke"
identity = "WB-2"

[[card]]
account = "Stadtwerke"
id_tag = "77:fd:2a:fa"

[[format]]
account = "Stadtwerke"
name = "ePonet"
decimals = 2

[[destination]]
account = "Stadtwerke"
name = "EDM"
host = "sftp.example.ch"
user = "ise"
secret = "geheim"
folder = "in"
host_key = "{HOST_KEY} a comment"

[[task]]
account = "Stadtwerke"
name = "daily"
format = "ePonet"
destination = "EDM"
stations = ["WB-1", "WB-2"]
at = "00:45"
"""


def read(text: str = GOOD, **environment: str) -> Settings:
    """Read settings with this environment only."""
    return Settings.from_toml(text, environment)


class TestReading:
    """What good settings come to."""

    def test_everything(self) -> None:
        """Every table is read, with its defaults."""
        settings = read()

        assert 9001 == settings.backend.port
        assert Path("data/isebench.sqlite") == settings.backend.database
        assert [("Stadtwerke", True)] == [(one.name, one.ise) for one in settings.accounts]
        first, second = settings.stations
        assert ("Dorfplatz", "etrel_inch") == (first.name, first.profile.name)
        assert ("WB-2", "generic", None) == (second.name, second.profile.name, second.activation)
        assert first.activation is not None
        assert (CODE, 15) == (first.activation.metering_code, first.activation.interval_minutes)
        assert {"ClockAlignedDataInterval": "900"} == first.configuration
        assert [("77FD2AFA", "Accepted")] == [(one.id_tag, one.status) for one in settings.cards]

    def test_a_list_of_measurands_may_be_empty(self) -> None:
        """A configuration key may be set to nothing (OCPP 1.6 §9.1)."""
        wanted = read(GOOD.replace('"900"', '""')).stations[0].configuration

        assert {"ClockAlignedDataInterval": ""} == wanted

    def test_tasks_find_what_they_name(self) -> None:
        """A task's format, destination and activated stations are found by name."""
        settings = read()
        task = settings.task("daily")

        assert task.plan is not None
        assert time(0, 45) == task.plan.at
        assert 2 == settings.format_of(task).form.decimals
        assert "sftp.example.ch" == settings.destination_of(task).host
        assert HOST_KEY == settings.destination_of(task).host_key
        assert ["WB-1"] == [one.identity for one, _ in settings.activations_of(task)]

    def test_nothing_is_enough(self) -> None:
        """Empty settings are a backend without chargers, with all its defaults."""
        assert Settings(BackendSettings()) == read("")

    def test_paths_begin_at_the_file(self, tmp_path: Path) -> None:
        """Relative paths in a file begin at the file's folder."""
        (tmp_path / "password").write_text("geheim\n")
        file = tmp_path / "settings.toml"
        file.write_text(GOOD.replace('secret = "geheim"', 'secret_file = "password"'))

        settings = Settings.from_file(file, {})

        assert tmp_path / "data/isebench.sqlite" == settings.backend.database
        assert "geheim" == settings.destinations[0].destination.secret

    def test_the_environment_stands_above_the_file(self) -> None:
        """ISEBENCH_… replaces the keys of [backend]; a secret may come from a variable."""
        settings = read(
            GOOD.replace('secret = "geheim"', 'secret_env = "EDM_SECRET"'),
            ISEBENCH_PORT="0",
            ISEBENCH_HOST="0.0.0.0",
            ISEBENCH_DATABASE="other.sqlite",
            EDM_SECRET="aus der Umgebung",
        )

        assert ("0.0.0.0", 0) == (settings.backend.host, settings.backend.port)
        assert Path("other.sqlite") == settings.backend.database
        assert "aus der Umgebung" == settings.destinations[0].destination.secret

    def test_toml_times_are_times(self) -> None:
        """A local time of TOML is as good as a text."""
        plan = read(GOOD.replace('at = "00:45"', "at = 01:05:00")).tasks[0].plan
        assert plan is not None
        assert time(1, 5) == plan.at

    def test_all_stations(self) -> None:
        """Stations "all", or none named, are all of the account."""
        for text in ('stations = "all"', ""):
            assert read(GOOD.replace('stations = ["WB-1", "WB-2"]', text)).tasks[0].stations is None

    def test_secrets_are_not_shown(self) -> None:
        """No representation of the settings holds a secret."""
        settings = read()

        assert "geheim" not in repr(settings)
        assert "geheim" not in str(settings)


WRONG = [
    # (replace this, by that, what is told)
    ("port = 9001", "prot = 9001", r"\[backend\], key 'prot': is not a key .* 'port'\?"),
    ("port = 9001", "port = 70000", "key 'port': is 70000; write a whole number from 0 to 65535"),
    ("port = 9001", 'port = "9001"', "key 'port': is '9001'; write a whole number"),
    ("port = 9001", "port = true", "key 'port': is True"),
    ('"data/isebench.sqlite"', '":memory:"', "key 'database': is ':memory:'; name a file"),
    ("[backend]", "[backand]", r"key 'backand': is not a key .* 'backend'\?"),
    ('name = "Stadtwerke"\nise = true', "ise = true", "key 'name': is missing; add name ="),
    ("ise = true", 'ise = "yes"', r"\[\[account\]\] 'Stadtwerke', key 'ise': is 'yes'; write true"),
    ('name = "Stadtwerke"\nise', 'name = " "\nise', "key 'name': is empty"),
    ('identity = "WB-1"', 'identity = "WB-1 "', "key 'identity': is longer"),
    ('identity = "WB-2"', 'identity = "WB-1"', r"\[\[station\]\], identity: 'WB-1' is there twice"),
    ('identity = "WB-2"', 'identity = "WB-2"\nise = 5', "key 'ise': is 5; write a table"),
    ('"etrel_inch"', '"etrel"', "key 'profile': there is no device profile 'etrel'"),
    ("interval = 15", "interval = 20", "key 'interval': is 20; write one of 1, 5, 10, 15, 30, 60"),
    ("interval = 15", "intervall = 15", "key 'intervall': is not a key"),
    ("interval = 15", "interval = true", "key 'interval': is True"),
    ('"900"', "900", r"\[configuration\], key 'ClockAlignedDataInterval': is 900; write the value"),
    ('"900"', f'"{"9" * 501}"', "key 'ClockAlignedDataInterval': is too long"),
    ("77:fd:2a:fa", "77FD2AFA77FD2AFA77FD2AFA", "key 'id_tag': is '77FD"),
    ('"77:fd:2a:fa"', '"XYZ"\nwritten = "printed"', "key 'id_tag': is 'XYZ', which is no UID"),
    ('"77:fd:2a:fa"', '"77FD2AF"\nwritten = "printed"', "'77FD2AF', which is no UID; write 8,"),
    ("77:fd:2a:fa", "A\\u0000B", r"is 'A\\x00B', with a sign that cannot be printed; type it"),
    ('id_tag = "77:fd:2a:fa"', 'id_tag = "A"\nstatus = "Ok"', "key 'status': is 'Ok'; write one"),
    ('name = "ePonet"', 'name = "ePonet"\nkind = "xml"', "key 'kind': is 'xml'; write one of"),
    ('user = "ise"', 'user = "ise"\nkind = "ftp"', "key 'host_key': is not a key of this table"),
    ("sftp.example.ch", "sftp://x", "key 'host': is 'sftp://x'; write a host name or address"),
    ("sftp.example.ch", "ise@x", "key 'host': is 'ise@x'; write a host name or address; user"),
    ('secret = "geheim"', "", "'secret': is missing; give one of .*, or key_file .a private key"),
    ('secret = "geheim"', 'key_file = "no"', "'key_file': names 'no', which cannot be read .No su"),
    ('secret = "geheim"', 'key_file = "a\\u0000b"', "'key_file': names .*, which cannot be read"),
    ('secret = "geheim"', 'key_file = "."', "'key_file': names '.', which cannot be read .Is a"),
    ('secret = "geheim"', 'key_file = ""', "'key_file': is empty; write the path of a private key"),
    ('secret = "geheim"', "key_file = 7", "'key_file': is 7; write the path of a private key"),
    ('secret = "geheim"', 'key_passphrase = "a"\nsecret = "a"', "'key_file': is missing; add"),
    (
        'secret = "geheim"',
        'key_file = "no"\nkey_passphrase = "a"\nkey_passphrase_env = "B"',
        "'key_passphrase': is given more than once: key_passphrase, key_passphrase_env; give one",
    ),
    (
        'secret = "geheim"',
        'key_file = "no"\nkey_passphrase_env = "B"',
        "'key_passphrase_env': names 'B', which is not set",
    ),
    ('secret = "geheim"', 'secret = "a"\nkey_files = "no"', "did you mean 'key_file'"),
    ('secret = "geheim"', 'secret = "a"\nsecret_env = "B"', "given more than once"),
    ('secret = "geheim"', 'secret_env = "B"', "key 'secret_env': names 'B', which is not set"),
    ('secret = "geheim"', 'secret_file = "no"', "key 'secret_file': names 'no', which cannot"),
    (HOST_KEY, "AAAA", "key 'host_key': is 'AAAA a comment'; write the server's key"),
    (HOST_KEY, "ssh-dss AAAA", "key 'host_key'"),
    (HOST_KEY, "ssh-ed25519 A?A", "key 'host_key': is no base64"),
    (HOST_KEY, HOST_KEY.replace("ed25519", "rsa"), "key 'host_key': holds no ssh-rsa key"),
    ('at = "00:45"', 'at = "25:00"', "key 'at': is '25:00'; write a local time"),
    ('at = "00:45"', "at = 45", "key 'at': is 45; write a local time"),
    ('at = "00:45"', 'at = "00:45"\nschedule = "now"', "key 'at': has no meaning"),
    ('at = "00:45"', 'schedule = "hourly"', "key 'schedule': is 'hourly'; write one of 'daily'"),
    ('["WB-1", "WB-2"]', '"WB-1"', "key 'stations': is 'WB-1'; write a list"),
    ('["WB-1", "WB-2"]', "[]", "key 'stations': is \\[\\]; write a list"),
    ('["WB-1", "WB-2"]', '["WB-3"]', "key 'stations': names 'WB-3', .* there: 'WB-1', 'WB-2'"),
    ('format = "ePonet"', 'format = "x"', "'daily', key 'format': names 'x', .* 'ePonet'"),
    ('destination = "EDM"', 'destination = "x"', "key 'destination': names 'x'"),
    ("[[account]]", "[account]", "key 'account': is .*; write tables"),
]


@pytest.fixture(scope="module")
def key() -> SSHKey:
    """A private key."""
    return generate_private_key("ecdsa-sha2-nistp256")


class TestKeyFiles:
    """Destinations that are logged in to by key."""

    @staticmethod
    def written(folder: Path, key: SSHKey, settings: str, passphrase: str | None = None) -> Path:
        """Write a key beside settings that hold this in the place of the password."""
        (folder / "keys").mkdir()
        content = key.export_private_key("pkcs1-pem", passphrase, "des3-cbc")
        (folder / "keys/edm.pem").write_bytes(content)
        file = folder / "settings.toml"
        file.write_text(GOOD.replace('secret = "geheim"', settings))
        return file

    def test_a_key_alone(self, tmp_path: Path, key: SSHKey) -> None:
        """A key is enough; its path begins at the settings' folder."""
        file = self.written(tmp_path, key, 'key_file = "keys/edm.pem"')
        destination = Settings.from_file(file, {}).destinations[0].destination

        assert key == destination.key
        assert "" == destination.secret

    def test_a_key_and_a_password(self, tmp_path: Path, key: SSHKey) -> None:
        """A server may demand both, so both can be given."""
        file = self.written(tmp_path, key, 'key_file = "keys/edm.pem"\nsecret = "geheim"')
        destination = Settings.from_file(file, {}).destinations[0].destination

        assert (key, "geheim") == (destination.key, destination.secret)

    def test_a_password_alone(self) -> None:
        """Without a key file there is no key."""
        assert read().destinations[0].destination.key is None

    @pytest.mark.parametrize("way", ["", "_env", "_file"])
    def test_a_passphrase(self, tmp_path: Path, key: SSHKey, way: str) -> None:
        """The passphrase is given as the password is: in the file, by a variable, in a file."""
        # With the mark that editors on Windows put before it.
        (tmp_path / "passphrase").write_text("Zähler 7\n", encoding="utf-8-sig")
        named = {"": "Zähler 7", "_env": "EDM_PASSPHRASE", "_file": "passphrase"}[way]
        lines = f'key_file = "keys/edm.pem"\nkey_passphrase{way} = "{named}"'
        file = self.written(tmp_path, key, lines, "Zähler 7")

        settings = Settings.from_file(file, {"EDM_PASSPHRASE": "Zähler 7"})

        assert key == settings.destinations[0].destination.key

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            ("", "is protected by a passphrase (traditional form, DES-EDE3-CBC), and none is"),
            ('key_passphrase = "falsch"', "is not opened by the passphrase that is given"),
            ('key_passphrase_env = "EMPTY"', "and none is given; give it as key_passphrase,"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, key: SSHKey, lines: str, told: str) -> None:
        """What is wrong with a key is told when the settings are read, with the place."""
        file = self.written(tmp_path, key, f'key_file = "keys/edm.pem"\n{lines}', "Zähler 7")
        with pytest.raises(SettingsError) as caught:
            Settings.from_file(file, {"EMPTY": ""})

        place = f"{file}, [[destination]] 'EDM', key 'key_file', file 'keys/edm.pem': "
        assert str(caught.value).startswith(place)
        assert told in str(caught.value)

    def test_a_large_file_is_not_read(self, tmp_path: Path, key: SSHKey) -> None:
        """A file that is no key is not read to its end."""
        file = self.written(tmp_path, key, 'key_file = "keys/edm.pem"')
        with (tmp_path / "keys/edm.pem").open("wb") as large:
            large.truncate(10**12)

        with pytest.raises(SettingsError, match="has more than 65536 bytes, so it is no key"):
            Settings.from_file(file, {})

    def test_nothing_secret_is_shown(self, tmp_path: Path, key: SSHKey) -> None:
        """Settings that are written down by mistake show neither password nor key."""
        lines = 'key_file = "keys/edm.pem"\nsecret = "geheim"\nkey_passphrase = "Zähler 7"'
        file = self.written(tmp_path, key, lines, "Zähler 7")
        settings = Settings.from_file(file, {})
        private = key.export_private_key("pkcs8-pem").decode().splitlines()[1]

        shown = f"{settings!r} {settings.destinations[0].destination.key!r}"
        assert not [word for word in ("geheim", "Zähler", "PRIVATE", private) if word in shown]


class TestMistakes:
    """What is wrong is told."""

    @pytest.mark.parametrize(("old", "new", "told"), WRONG)
    def test_mistakes(self, old: str, new: str, told: str) -> None:
        """A mistake is told with table, key, what is wrong and what to write."""
        assert old in GOOD
        with pytest.raises(SettingsError, match=told):
            read(GOOD.replace(old, new, 1))

    def test_an_account_that_is_not_there(self) -> None:
        """A station of an account that no table defines is told with those that are."""
        text = GOOD.replace(
            'account = "Stadtwerke"\nidentity = "WB-2"', 'account = "x"\nidentity = "W"'
        )

        with pytest.raises(SettingsError, match=r"'W', key 'account': names 'x', .* 'Stadtwerke'"):
            read(text)

    def test_a_metering_code_says_where(self) -> None:
        """A wrong metering code is told with the place and the character in it."""
        with pytest.raises(MeteringCodeError, match=r"position 5: .*'\?'") as told:
            read(GOOD.replace(CODE, f"{CODE[:4]}?{CODE[5:]}"))

        assert "[[station]] 'WB-1', [ise], key 'metering_code'" in str(told.value)

    def test_an_obis_code_says_where(self) -> None:
        """A wrong OBIS code is told with its table and key."""
        with pytest.raises(ObisError, match=re.escape("[ise], key 'obis'")):
            read(GOOD.replace("1-1:1.29.0*255", "1-1:2.29.0*255"))

    def test_a_layout_says_where(self) -> None:
        """A wrong knob of a format is told with its table."""
        with pytest.raises(LayoutError, match=re.escape("[[format]] 'ePonet'")):
            read(GOOD.replace("decimals = 2", 'decimals = "two"'))

    def test_a_format_lists_its_obis_codes(self) -> None:
        """MSCONS has what document 002 lists, and says which source has something else."""
        form = 'kind = "mscons"\nsender = "12X-A"\nreceiver = "12X-B"\n'
        text = GOOD.replace("decimals = 2\n", form)
        assert form.splitlines()[0] in text
        assert "mscons" == read(text).formats[0].kind
        with pytest.raises(ObisError) as told:
            read(text.replace("1-1:1.29.0*255", "1-1:1.9.0"))
        assert "[[task]] 'daily' with [[format]] 'ePonet', station 'WB-1', obis" in str(told.value)
        assert "is not listed for this format; use of its 10 codes: 1-1:1.29.0*255, " in str(
            told.value
        )

    def test_a_name_that_cannot_stand_in_a_file_name(self) -> None:
        """A task whose name cannot be in a file's name is refused at once."""
        with pytest.raises(LayoutError, match=r"\[\[task\]\] 'a/b', key 'name'"):
            read(GOOD.replace('name = "daily"', 'name = "a/b"'))

    def test_one_metering_point_is_not_two_stations(self) -> None:
        """The same metering and OBIS code at two stations is refused."""
        ise = f'[station.ise]\nmetering_code = "{CODE}"\n'
        with pytest.raises(SettingsError, match=r"metering_code with ise.obis: .* there twice"):
            read(GOOD.replace('identity = "WB-2"\n', f'identity = "WB-2"\n{ise}'))

    def test_no_toml(self) -> None:
        """What is no TOML is told with its line."""
        with pytest.raises(SettingsError, match=r"settings: is no TOML: .*line 2"):
            read("[backend]\nport = = 1\n")

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        """A file that is not there, or no UTF-8, is told by its name."""
        (tmp_path / "latin.toml").write_bytes(b"# \xe4\n")

        with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
            Settings.from_file(tmp_path / "none.toml", {})
        with pytest.raises(SettingsError, match=r"latin\.toml: is not UTF-8 at byte 2"):
            Settings.from_file(tmp_path / "latin.toml", {})

    def test_a_wrong_variable(self) -> None:
        """A variable that is no number is told by its name."""
        with pytest.raises(SettingsError, match="environment, ISEBENCH_PORT: is 'http'; write"):
            read(ISEBENCH_PORT="http")

    def test_a_task_that_is_not_there(self) -> None:
        """Asking for a task by a wrong name tells the right ones."""
        with pytest.raises(SettingsError, match=r"task 'weekly': is no task; .* 'daily'"):
            read().task("weekly")


class TestPlans:
    """What a task delivers when."""

    def plan(self, *lines: str) -> Plan | None:
        """Read the plan of a task with these lines in place of its time."""
        return read(GOOD.replace('at = "00:45"', "\n".join(lines))).tasks[0].plan

    def test_a_day_at_a_moment_of_its_own(self) -> None:
        """Where nothing is said, the name of the task chooses within the hour."""
        assert Plan(delay=spread("daily", 1440)) == self.plan()

    @pytest.mark.parametrize(("schedule", "minutes"), SCHEDULES.items())
    def test_how_often(self, schedule: str, minutes: int) -> None:
        """A day, or a part of it."""
        plan = self.plan(f'schedule = "{schedule}"')
        assert Plan(minutes, delay=spread("daily", minutes)) == plan

    @pytest.mark.parametrize("trigger", list(Trigger))
    def test_what_triggers_it(self, trigger: Trigger) -> None:
        """A time, all values, or twelve hours."""
        plan = self.plan(f'trigger = "{trigger.value}"')
        assert plan is not None
        assert trigger is plan.trigger

    def test_only_a_person(self) -> None:
        """Then nothing is corrected by itself, either."""
        (task,) = read(GOOD.replace('at = "00:45"', 'schedule = "now"')).tasks
        assert (None, "off") == (task.plan, task.corrections)

    @pytest.mark.parametrize("day", ["2026-01-31", '"2026-01-31"'])
    def test_a_start(self, day: str) -> None:
        """A day as TOML writes it, or as a text."""
        (task,) = read(GOOD.replace('at = "00:45"', f"start = {day}")).tasks
        assert date(2026, 1, 31) == task.start

    @pytest.mark.parametrize(
        ("lines", "complaint"),
        [
            ('schedule = "weekly"', "key 'schedule': is 'weekly'; write one of 'daily', '12 h'"),
            ('trigger = "noon"', "key 'trigger': is 'noon'; write one of 'time', 'complete'"),
            ('at = "00:10"\ntrigger = "complete"', "key 'at': has no meaning with .*'complete'"),
            ('at = "00:10"\nschedule = "6 h"', "key 'at': has no meaning with schedule '6 h'"),
            ('at = "00:10"\nschedule = "now"', "key 'at': has no meaning with schedule 'now'"),
            ('trigger = "time"\nschedule = "now"', "key 'trigger': has no meaning with"),
            ('start = 2026-01-01\nschedule = "now"', "key 'start': has no meaning with"),
            ('start = "soon"', "key 'start': is soon; write a day: 2026-01-01"),
            ("start = 2026-01-01T00:00:00", "key 'start': is .*; write a day"),
            ("start = 0001-01-01", "key 'start': is 0001-01-01; write a day from 2000 to 2099"),
            ("start = 9999-12-31", "key 'start': is 9999-12-31; write a day from 2000 to 2099"),
            ('corrections = "all"', "key 'corrections': is 'all'; write one of 'changed'"),
        ],
    )
    def test_what_cannot_be(self, lines: str, complaint: str) -> None:
        """Each mistake says where it stands and what to write instead."""
        with pytest.raises(SettingsError, match=complaint):
            self.plan(lines)

    def test_an_interval_longer_than_the_period(self) -> None:
        """It would never end within one."""
        longer = GOOD.replace('at = "00:45"', 'schedule = "15 min"').replace(
            "interval = 15", "interval = 30"
        )
        with pytest.raises(SettingsError, match="is shorter than the interval of 'WB-1', 30 min"):
            read(longer)


def test_a_file_that_a_windows_editor_marked(tmp_path: Path) -> None:
    """A byte order mark is passed over."""
    path = tmp_path / "settings.toml"
    path.write_text("\ufeff[backend]\nport = 9001\n", encoding="utf-8")

    assert 9001 == Settings.from_file(path, {}).backend.port


TOKEN = "0123456789abcdef"


class TestWeb:
    """The table [web]."""

    def test_off_unless_it_is_there(self) -> None:
        """Without the table nothing listens."""
        assert read().web is None

    def test_its_keys(self) -> None:
        """Only the token is needed; it may come from elsewhere, and is not shown."""
        found = read(f'[web]\ntoken = "{TOKEN}"\n' + GOOD).web
        assert found is not None
        assert ("127.0.0.1", 9080, TOKEN, False) == (
            found.host,
            found.port,
            found.token,
            found.behind_https,
        )
        assert TOKEN not in repr(found)
        found = read('[web]\ntoken_env = "T"\n' + GOOD, T=TOKEN).web
        assert found is not None
        assert TOKEN == found.token

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ("[web]", r"\[web\], key 'token': is missing; give one of token, token_env"),
            ('[web]\ntoken = "short"', "key 'token': is shorter than 16 signs"),
            ('[web]\ntoken = "äöüäöüäöüäöüäöüäöü"', "or holds others than ASCII"),
            (f'[web]\ntoken = "{TOKEN}"\nhttps = true', "key 'https': is not a key"),
        ],
    )
    def test_what_is_wrong(self, table: str, words: str) -> None:
        """It is told with its place, and the token is not repeated."""
        with pytest.raises(SettingsError, match=words) as caught:
            read(f"{table}\n{GOOD}")
        assert "short'" not in str(caught.value)


class TestModels:
    """Models that an operator describes himself."""

    def test_a_profile_of_ones_own(self) -> None:
        """It is a bundled one with some keys otherwise, and stations name it."""
        text = '[[profile]]\nname = "mine"\nbase = "etrel_inch"\ndecimal_comma = true\n' + GOOD
        settings = read(text.replace('profile = "etrel_inch"', 'profile = "mine"'))

        assert ["mine"] == [one.name for one in settings.profiles]
        assert settings.stations[0].profile.decimal_comma
        assert "little" == settings.stations[0].profile.id_tag_order

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ('name = "generic"', "'generic' is there already; take another name"),
            ('name = "x"\nbase = "y"', r"\[\[profile\]\] 'x', key 'base': .* no device profile"),
            ('name = "x"\nconnectors = -1', "connectors must be a whole number, 0 or more"),
            ('name = "x"\n[[profile]]\nname = "x"', "'x' is there already"),
        ],
    )
    def test_what_is_wrong(self, table: str, words: str) -> None:
        """It is told with its table."""
        with pytest.raises(SettingsError, match=words):
            read(f"[[profile]]\n{table}\n{GOOD}")


class TestCards:
    """What can be said of a card."""

    CARD = 'id_tag = "77:fd:2a:fa"'

    def test_group_end_and_order(self) -> None:
        """All of it is optional."""
        more = (
            f'{self.CARD}\nparent_id_tag = "fleet 1"\nexpires = 2027-01-01T00:00:00+01:00\n'
            'written = "printed"'
        )
        (card,) = read(GOOD.replace(self.CARD, more)).cards
        assert ("FLEET 1", "2026-12-31T23:00:00+00:00", True) == (
            card.parent_id_tag,
            card.expires.isoformat() if card.expires else "",
            card.as_printed,
        )
        quoted = GOOD.replace(self.CARD, f'{self.CARD}\nexpires = "2027-01-01T00:00:00Z"')
        assert read(quoted).cards[0].expires is not None

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (f'parent_id_tag = "{"X" * 21}"', "key 'parent_id_tag': is"),
            ("expires = 2027-01-01", "key 'expires': is .* write an instant with its zone"),
            ("expires = 2027-01-01T00:00:00", "key 'expires'"),
            ('expires = "tomorrow"', "key 'expires': is 'tomorrow'"),
            ('written = "upside down"', "write one of 'sent', 'printed'"),
        ],
    )
    def test_what_is_wrong(self, line: str, words: str) -> None:
        """It is told with what to write."""
        with pytest.raises(SettingsError, match=words):
            read(GOOD.replace(self.CARD, f"{self.CARD}\n{line}"))

    def test_two_cards_that_would_be_one(self) -> None:
        """A printed card that an INCH sends as another one's number is refused."""
        other = '[[card]]\naccount = "Stadtwerke"\nid_tag = "FA2AFD77"\nwritten = "printed"\n'
        with pytest.raises(SettingsError, match=r"little-endian: .* is there twice"):
            read(GOOD + other)


def test_a_registration_is_one_of_three() -> None:
    """A station is accepted unless it says otherwise."""
    assert "accept" == read().stations[0].registration
    pending = GOOD.replace('identity = "WB-2"', 'identity = "WB-2"\nregistration = "pending"')
    assert "pending" == read(pending).stations[1].registration
    with pytest.raises(SettingsError, match="write one of 'accept', 'pending', 'reject'"):
        read(pending.replace('"pending"', '"perhaps"'))


def test_the_values_of_configuration_keys_are_not_shown() -> None:
    """One of them may be what a charger logs in with."""
    text = GOOD.replace('"900"', '"900"\nAuthorizationKey = "0815"')

    assert "0815" not in repr(read(text))


class TestMeterExchanges:
    """What an operator states of exchanged meters."""

    @staticmethod
    def with_exchange(*lines: str) -> str:
        """Give settings whose second station has an exchange."""
        table = "\n".join(("[[station.meter_exchange]]", *lines))
        return GOOD.replace('identity = "WB-2"\n', f'identity = "WB-2"\n{table}\n')

    def test_what_is_stated_is_exact(self) -> None:
        """Registers may have digits behind the point; what is left out is not known."""
        text = self.with_exchange(
            "at = 2026-03-25T14:20:00+01:00", 'old_end_wh = "12345678.901"', "new_start_wh = 0"
        )
        (found,) = read(text).stations[1].exchanges
        assert "2026-03-25T13:20:00+00:00" == found.at.isoformat()
        assert ("12345678.901", "0", 1) == (
            str(found.old_end_wh),
            str(found.new_start_wh),
            found.connector,
        )
        text = self.with_exchange('at = "2026-03-25T14:20:00+01:00"', "connector = 2")
        (found,) = read(text).stations[1].exchanges
        assert (None, None, 2) == (found.old_end_wh, found.new_start_wh, found.connector)
        assert () == read().stations[0].exchanges

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ((), "key 'at': is missing; write an instant with its zone"),
            (("at = 2026-03-25T14:20:00",), "key 'at': is .* write an instant with its zone"),
            (("at = 2026-03-25T14:20:00Z", "old_end_wh = 1.5"), "'old_end_wh': is 1.5; write Wh"),
            (("at = 2026-03-25T14:20:00Z", "old_end_wh = true"), "'old_end_wh': is True"),
            (("at = 2026-03-25T14:20:00Z", "new_start_wh = -1"), "'new_start_wh': is -1"),
            (("at = 2026-03-25T14:20:00Z", "connector = 0"), "'connector': is 0"),
            (("at = 2026-03-25T14:20:00Z", "old_end = 1"), "did you mean 'old_end_wh'"),
            (
                (
                    "at = 2026-03-25T14:20:00Z",
                    "[[station.meter_exchange]]",
                    "at = 2026-03-25T15:20:00+01:00",
                ),
                "key 'at': is there twice for this connector",
            ),
            (
                tuple(
                    line
                    for minute in range(101)
                    for line in (
                        "[[station.meter_exchange]]",
                        f"at = 2026-03-25T{14 + minute // 60}:{minute % 60:02d}:00Z",
                    )
                )[1:],
                "is there 101 times; keep it to 100",
            ),
        ],
    )
    def test_mistakes(self, lines: tuple[str, ...], sentence: str) -> None:
        """Each is told with its place and what to write."""
        with pytest.raises(SettingsError, match=sentence):
            read(self.with_exchange(*lines))
