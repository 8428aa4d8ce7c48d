"""The profile of a charger that is certified: what it says, and what is refused in it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from harness.catalogue import Case, load_cases
from harness.certify.acts import Command, Request
from harness.certify.profile import NO_FIRMWARE, NO_SECURITY, SECURITY, Profile, load
from harness.errors import UsageError

WHO = '[charger]\nidentity = "WB-1"\n'


def read(tmp_path: Path, text: str) -> Profile:
    """Read a profile with this text."""
    path = tmp_path / "charger.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def case(id: str) -> Case:
    """Give a case by its id."""
    return next(one for one in load_cases() if one.id == id)


def test_the_identity_is_enough(tmp_path: Path) -> None:
    """All else has a value that is usual; where nothing is declared, everything is asked."""
    profile = read(tmp_path, WHO)

    assert "WB-1" == profile.charger.identity
    assert ("127.0.0.1", 9000, "/ocpp", "127.0.0.1") == (
        profile.listen.address,
        profile.listen.port,
        profile.listen.path,
        profile.listen.reached_as,
    )
    assert Decimal(32) == profile.charger.most_a
    assert {"local list", "reservation", "smart charging", "socket", "no back-up power"} <= (
        profile.has
    )
    assert profile.is_selected(case("TC_003_CS"))
    assert profile.left_out(case("TC_003_CS")) is None


def test_what_is_not_declared_is_not_asked(tmp_path: Path) -> None:
    """Needs of a case are held against the declaration; each has its reason."""
    text = (
        WHO + "backup_power = true\noffline_transactions = false\n"
        '[declaration.declared.messages]\nReset = ["1.6J"]\n'
    )
    profile = read(tmp_path, text)

    assert {"no local list", "no reservation", "back-up power", "socket"} == set(profile.has)
    assert "local list: SendLocalList is not declared to be answered" == profile.left_out(
        case("TC_043_CS")
    )
    assert (
        'the case is for chargers with "offline transactions", and by its profile this is none'
        == profile.left_out(case("TC_039_CS"))
    )
    assert profile.left_out(case("TC_042_1_CS")) is None


def test_what_this_bench_cannot_show_is_told_apart(tmp_path: Path) -> None:
    """Security profiles do not apply to who has none, and are beyond the bench for who has one."""
    without, with_one = read(tmp_path, WHO), read(tmp_path, WHO + "security_profile = 2\n")

    assert NO_SECURITY == without.left_out(case("TC_073_CS"))
    assert SECURITY == with_one.left_out(case("TC_073_CS"))
    assert [False, True] == [one.is_beyond(case("TC_073_CS")) for one in (without, with_one)]
    assert NO_FIRMWARE == without.left_out(case("TC_044_1_CS"))


def test_a_second_connector_is_none_that_is_not_there(tmp_path: Path) -> None:
    """Cases about a connector 2 that is not there do not apply to who has one."""
    profile = read(tmp_path, WHO + "connectors = 2\n")

    assert "second" in (profile.left_out(case("TC_031_CS")) or "")


def test_selection_and_scope_take_ids_and_beginnings(tmp_path: Path) -> None:
    """A beginning stands for all whose ids go on after an underscore, and for no others."""
    profile = read(
        tmp_path, WHO + '[cases]\nrun = ["tc_004", "TC_011_1_CS"]\n[scope]\nTC_004_2 = "no"\n'
    )

    selected = [one.id for one in load_cases() if profile.is_selected(one)]
    assert {"TC_004_1_CS", "TC_004_2_CS", "TC_011_1_CS"} <= set(selected)
    assert "TC_044_1_CS" not in selected
    assert "no" == profile.left_out(case("TC_004_2_CS"))
    assert profile.is_scoped(case("TC_004_2_CS"))


def test_hands_are_commands_or_requests(tmp_path: Path) -> None:
    """A text is a command or a URL; a table has a URL and a body."""
    ways = read(
        tmp_path,
        WHO
        + '[hands]\n"plug in" = "relay on \'the first\'"\nunplug = ["relay", "off"]\n'
        + '"cut power" = "http://h/off"\nmend = { url = "https://h/m", body = { a = 1 } }\n',
    ).hands

    assert Command(("relay", "on", "the first")) == ways["plug in"]
    assert Command(("relay", "off")) == ways["unplug"]
    assert Request("http://h/off", {}) == ways["cut power"]
    assert Request("https://h/m", {"a": 1}) == ways["mend"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no charger; begin with [charger]"),
        ("[charger", "is no TOML"),
        ("charger = 1", "[charger]: is no table"),
        ("[charger]\n", "identity is None; it must be a text"),
        ('[charger]\nidentity = "a/b"', "without a slash"),
        (WHO + 'colour = "red"', "'colour' is no key there; use backup_power"),
        (WHO + "[light]", "'light' is no key there; use cards"),
        (WHO + 'cable = "long"', '"socket" or "fixed"'),
        (WHO + "phases = 4", "phases is 4; it must be a whole number from 1 to 3"),
        (WHO + "backup_power = 1", "backup_power is 1; it must be true or false"),
        (WHO + '[listen]\npath = "ocpp/"', 'a path such as "/ocpp"'),
        (WHO + '[listen]\naddress = "0.0.0.0"', "what the charger calls this machine"),
        (WHO + '[listen]\ncertificate = "no.pem"', "a file that is there"),
        (WHO + '[limits]\nanswer_s = "1"', "answer_s is '1'; it must be a number from 0.2"),
        (WHO + "[limits]\nanswer_s = 0", "answer_s is 0; it must be a number"),
        (WHO + '[cards]\nAnna = "AA"\nBert = "aa"', "two cards have one idTag"),
        (WHO + '[cards]\nAnna = "123456789012345678901"', "of 1 to 20 signs"),
        (WHO + '[cards]\nEmil = "AA"', "'Emil' is no key there"),
        (WHO + "[cases]\nrun = 3", "a list of ids or their beginnings"),
        (WHO + '[cases]\nrun = ["TC_003_CSMS"]', "is no case of a charge point"),
        (WHO + '[scope]\nTC_003 = ""', 'TC_003 has no reason; write TC_003 = "the reason"'),
        ("scope = 1\n" + WHO, "[scope]: is no table"),
        (WHO + '[hands]\n"wave" = "x"', "'wave' is no key there"),
        (WHO + "[hands]\nunplug = 3", "'unplug' must be a command, a URL"),
        (WHO + '[hands]\nunplug = "a \'b"', "No closing quotation"),
        (WHO + '[declaration]\nprofile = "no_such"', "there is no device profile 'no_such'"),
        (WHO + "[declaration]\nprofile = 3", "must be the name of a model's profile"),
        ("declaration = 1\n" + WHO, "[declaration]: is no table"),
        (WHO + '[declaration]\ncolour = "red"', "'colour' is no key of a profile"),
        (WHO + '[firmware]\nversion = "2"', "a firmware that the charger takes"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    """Each mistake is told by its place and with what to write instead."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)

    assert told in str(caught.value)
    assert "charger.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A profile that cannot be read is told as that."""
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_wss_needs_both_files(tmp_path: Path) -> None:
    """A certificate without its key is refused."""
    (tmp_path / "c.pem").write_text("x", encoding="ascii")

    with pytest.raises(UsageError, match="wss needs both"):
        read(tmp_path, WHO + '[listen]\ncertificate = "c.pem"\n')


def test_ways_of_hands_are_not_stated(tmp_path: Path) -> None:
    """What is stated of a profile has the acts, and no command or URL with its secrets."""
    profile = read(tmp_path, WHO + '[hands]\nunplug = "http://me:secret@relay/off"\n')

    assert {"charger": {"identity": "WB-1"}, "hands": ["unplug"]} == profile.tables
