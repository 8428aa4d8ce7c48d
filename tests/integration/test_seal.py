"""`isebench seal`, as a person or a script runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend import Settings
from backend.adapters.sealing import FILE, VARIABLE, new_key

SETTINGS = """
[[account]]
name = "EW"
[[destination]]
account = "EW"
name = "Drop"
kind = "ftp"
host = "ftp.example"
user = "ise"
"""


def seal(
    folder: Path, *arguments: str, typed: str = "", **environment: str
) -> tuple[int, str, str]:
    """Run the command; gives exit code, lines for the settings, and what was told."""
    command = [sys.executable, "-m", "harness", "seal", "--settings", "settings.toml", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        input=typed,
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings that lack a password."""
    (tmp_path / "settings.toml").write_text(SETTINGS)
    return tmp_path


def test_the_first_time(folder: Path) -> None:
    """A key is made that others cannot read, and the line that is printed opens."""
    code, line, told = seal(folder, "EW", "Drop", typed="geheim\n")
    assert 0 == code, told
    assert "made the key isebench.key; keep a copy of it elsewhere" in told
    assert 0o600 == (folder / FILE).stat().st_mode & 0o777
    (folder / "settings.toml").write_text(SETTINGS + line)
    read = Settings.from_file(folder / "settings.toml", {})
    assert "geheim" == read.destinations[0].destination.secret
    code, _, told = seal(folder, "EW", "Drop", typed="geheim\n")
    assert (0, "") == (code, told)


def test_a_gateway_has_secrets_too(folder: Path) -> None:
    """They open in its table alone, also where a destination has its name."""
    gateway = """
[[gateway]]
account = "EW"
name = "Drop"
serial = "IS001093"
way = "mqtt"
host = "broker.example"
user = "admin"
"""
    (folder / "settings.toml").write_text(SETTINGS + 'secret = "geheim"\n' + gateway)
    _, web, _ = seal(folder, "EW", "Drop", "--key", "password", typed="iskra\n")
    _, broker, told = seal(folder, "EW", "Drop", "--key", "broker_password", typed="mosquito\n")
    assert "" == told
    (folder / "settings.toml").write_text(SETTINGS + 'secret = "geheim"\n' + gateway + web + broker)
    (found,) = Settings.from_file(folder / "settings.toml", {}).gateways
    assert "iskra" == found.gateway.secret
    assert found.gateway.mqtt is not None
    assert "mosquito" == found.gateway.mqtt.secret


def test_keys_are_changed(folder: Path) -> None:
    """A new key in front of the old one seals all anew; then the old one may go."""
    _, line, _ = seal(folder, "EW", "Drop", typed="geheim\n")
    (folder / "settings.toml").write_text(SETTINGS + line)
    new = new_key()
    (folder / FILE).write_text(f"{new}\n{(folder / FILE).read_text()}")
    code, again, told = seal(folder, "--again")
    assert (0, "") == (code, told)
    (folder / "settings.toml").write_text(SETTINGS + again)
    read = Settings.from_file(folder / "settings.toml", {VARIABLE: new})
    assert "geheim" == read.destinations[0].destination.secret


def test_nothing_is_sealed_yet(folder: Path) -> None:
    """Where nothing is sealed, that is told."""
    code, lines, told = seal(folder, "--again", **{VARIABLE: new_key()})
    assert (0, "") == (code, lines)
    assert "nothing in the settings is sealed" in told


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("EW", "Other"), "geheim\n", "the settings have no destination 'Other' of 'EW'"),
        (("EW", "Drop"), "\n", "nothing was entered; type the secret"),
        (("EW",), "", "name the account and whose secret it is, or say --again"),
        (("--again",), "", "the key that opens sealed secrets cannot be read"),
    ],
)
def test_wrong_usage(folder: Path, arguments: tuple[str, ...], typed: str, told: str) -> None:
    """What is wrong is told in one line, with exit code 2, and nothing is printed."""
    code, lines, trouble = seal(folder, *arguments, typed=typed)
    assert (2, "", True) == (code, lines, told in trouble), trouble


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    code, _, told = seal(tmp_path, "EW", "Drop", typed="geheim\n")
    assert (2, True) == (code, "settings.toml: cannot be read" in told)
