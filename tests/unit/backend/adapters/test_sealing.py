"""Secrets are sealed for one place, open there alone, and their key is guarded."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import Settings
from backend.adapters.sealing import FILE, VARIABLE, Keys, name_of, new_key, place_of
from backend.errors import SettingsError

ONE, TWO = new_key(), new_key()
PLACE = place_of("EW", "Drop", "secret")
SETTINGS = """
[[account]]
name = "EW"
[[destination]]
account = "EW"
name = "Drop"
kind = "ftp"
host = "ftp.example"
user = "ise"
secret_sealed = "SEALED"
"""


@given(st.text(min_size=1))
def test_what_is_sealed_opens(secret: str) -> None:
    """Any text comes back, and is not seen in what is sealed."""
    keys = Keys.read(ONE, "here")
    sealed = keys.seal(secret, PLACE)
    assert secret == keys.open(sealed, PLACE, "there")
    assert sealed.isascii()


def test_twice_is_not_the_same() -> None:
    """One secret sealed twice does not show that it is one."""
    keys = Keys.read(ONE, "here")
    assert keys.seal("geheim", PLACE) != keys.seal("geheim", PLACE)


def test_for_another_place() -> None:
    """What was copied to another destination, or to another key of it, does not open."""
    keys = Keys.read(ONE, "here")
    sealed = keys.seal("geheim", PLACE)
    for other in (place_of("EW", "Drop 2", "secret"), place_of("EW", "Drop", "key_passphrase")):
        with pytest.raises(SettingsError, match="does not open: it was changed, or sealed for"):
            keys.open(sealed, other, "there")


def test_what_was_changed() -> None:
    """A change of any character is found out."""
    keys = Keys.read(ONE, "here")
    sealed = keys.seal("geheim", PLACE)
    head, _, text = sealed.rpartition(":")
    content = base64.b64decode(text)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(SettingsError, match="does not open"):
            keys.open(f"{head}:{base64.b64encode(changed).decode()}", PLACE, "there")


@pytest.mark.parametrize(
    "text", ["", "geheim", "v1:zz:AAAA", "v2:00000000:AAAA", "v1:0123abcd:AA AA", "v1:0123abcd:"]
)
def test_what_is_nothing_sealed(text: str) -> None:
    """A plain password in its place is told as such, and not repeated."""
    with pytest.raises(SettingsError) as caught:
        Keys.read(ONE, "here").open(text, PLACE, "there")
    assert "there: is nothing sealed; write it anew with 'isebench seal'" == str(caught.value)


def test_too_short() -> None:
    """What holds less than a nonce does not open."""
    keys = Keys.read(ONE, "here")
    with pytest.raises(SettingsError, match="does not open"):
        keys.open(f"v1:{name_of(keys.keys[0])}:AAAA", PLACE, "there")


def test_keys_are_changed_one_after_the_other() -> None:
    """The first key seals, each opens its own; without the old key it is named."""
    old, both, new = (Keys.read(text, "here") for text in (ONE, f"{TWO}\n{ONE}", TWO))
    sealed = old.seal("geheim", PLACE)
    assert "geheim" == both.open(sealed, PLACE, "there")
    assert "geheim" == new.open(both.seal("geheim", PLACE), PLACE, "there")
    with pytest.raises(SettingsError) as caught:
        new.open(sealed, PLACE, "there")
    told = f"was sealed by key {name_of(old.keys[0])}, and here has {name_of(new.keys[0])}"
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "here: holds no key; write one with 'openssl rand -base64 32'"),
        ("geheim", "here: key 1 is no base64 of 32 bytes; write one with"),
        (f"{ONE}\nAAAA", "here: key 2 is no base64 of 32 bytes"),
        ("ä", "here: key 1 is no base64 of 32 bytes"),
    ],
    ids=["none", "a password", "the second", "no ASCII"],
)
def test_keys_that_are_none(text: str, told: str) -> None:
    """What stands where keys should is told by its number, and not repeated."""
    with pytest.raises(SettingsError) as caught:
        Keys.read(text, "here")
    assert str(caught.value).startswith(told)
    assert "geheim" not in str(caught.value)


class TestFound:
    """Where keys come from."""

    def test_in_their_order(self, tmp_path: Path) -> None:
        """Systemd's credential stands above the variable, this above the file."""
        (tmp_path / FILE).write_text(ONE)
        (tmp_path / FILE).chmod(0o600)
        assert ONE == base64.b64encode(Keys.found({}, tmp_path).keys[0]).decode()
        variable = {VARIABLE: TWO}
        assert "environment, ISEBENCH_KEY" == Keys.found(variable, tmp_path).origin
        there = {**variable, "CREDENTIALS_DIRECTORY": str(tmp_path)}
        assert "environment, ISEBENCH_KEY" == Keys.found(there, tmp_path).origin
        (tmp_path / "isebench-key").write_text(ONE)
        assert "credential isebench-key" == Keys.found(there, tmp_path).origin

    def test_a_file_that_others_may_read(self, tmp_path: Path) -> None:
        """It is refused, with the command that mends it."""
        (tmp_path / FILE).write_text(ONE)
        (tmp_path / FILE).chmod(0o640)
        with pytest.raises(SettingsError, match="others may read it; chmod 600"):
            Keys.found({}, tmp_path)

    def test_none(self, tmp_path: Path) -> None:
        """Without any, it is told how to come by one."""
        with pytest.raises(SettingsError, match="cannot be read; make one with 'isebench seal'"):
            Keys.found({}, tmp_path)


def test_keys_are_not_shown() -> None:
    """No representation holds a key."""
    assert ONE not in repr(Keys.read(ONE, "here"))
    assert repr(base64.b64decode(ONE)) not in repr(Keys.read(ONE, "here"))


def test_settings_open_what_is_sealed_for_them() -> None:
    """A destination's password comes out of the settings, as it would from any other place."""
    sealed = Keys.read(ONE, "here").seal("geheim", PLACE)
    settings = Settings.from_toml(SETTINGS.replace("SEALED", sealed), {VARIABLE: ONE})
    assert "geheim" == settings.destinations[0].destination.secret
    moved = SETTINGS.replace("SEALED", sealed).replace('"Drop"', '"Other"')
    with pytest.raises(SettingsError, match=r"'Other', key 'secret_sealed': does not open"):
        Settings.from_toml(moved, {VARIABLE: ONE})
