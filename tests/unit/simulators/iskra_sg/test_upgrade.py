"""The upgrade of the firmware: its steps, the certificate, the minute afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.errors import NotAccepted, NotPossible
from simulators.iskra_sg.upgrade import INSTALLING_LASTS, TRIAL_LASTS, Step, Upgrade

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
URL = "https://ota.example/files/sg-2.10.bin"


def begun(running: str = "2.09", *, has_certificate: bool = False) -> Upgrade:
    """Give one that has begun."""
    upgrade = Upgrade()
    upgrade.begin(URL, running, has_certificate=has_certificate)
    return upgrade


def test_the_steps_follow_one_another() -> None:
    """Fetched, installed, restarted, on trial for a minute, and then OK."""
    upgrade = Upgrade()
    assert ("N/A", False) == (upgrade.status, upgrade.is_under_way)
    upgrade.begin(URL, "2.09", has_certificate=False)
    assert ("Downloading", True, None) == (upgrade.status, upgrade.is_under_way, upgrade.due)
    upgrade.fetched(START)
    installed = START + INSTALLING_LASTS
    assert ("Installing", True, installed) == (upgrade.status, upgrade.is_under_way, upgrade.due)
    upgrade.advance(installed - timedelta(seconds=1))
    assert Step.INSTALLING is upgrade.step
    upgrade.advance(installed)
    assert ("Restarting", False) == (upgrade.status, upgrade.is_under_way)
    upgrade.restarted(installed)
    assert ("On trial", installed + TRIAL_LASTS) == (upgrade.status, upgrade.due)
    upgrade.advance(installed + TRIAL_LASTS)

    assert ("OK", None, "2.10") == (upgrade.status, upgrade.due, upgrade.version)
    assert not upgrade.settings_touched()


def test_settings_that_are_touched_on_trial_revert_it() -> None:
    """Once, and the version before is known."""
    upgrade = begun()
    upgrade.fetched(START)
    upgrade.advance(START + INSTALLING_LASTS)
    upgrade.restarted(START + INSTALLING_LASTS)

    assert upgrade.settings_touched()
    assert not upgrade.settings_touched()
    assert ("Reverted", "2.09", None) == (upgrade.status, upgrade.previous, upgrade.due)


@pytest.mark.parametrize("running", ["1.00", "2.01", "1.0.0"])
def test_old_versions_need_a_certificate(running: str) -> None:
    """2.01 and older do not begin without one, and do with one."""
    with pytest.raises(NotPossible, match=f"version {running} needs the server's certificate"):
        begun(running)

    assert Step.DOWNLOADING is begun(running, has_certificate=True).step


def test_one_at_a_time() -> None:
    """A second one is refused until the first has ended; a failed one may be tried again."""
    upgrade = begun()
    with pytest.raises(NotPossible, match="wait for its end"):
        upgrade.begin(URL, "2.09", has_certificate=False)
    upgrade.fail("the server answers 404")
    assert "Failed: the server answers 404" == upgrade.status
    upgrade.fetched(START)
    assert Step.FAILED is upgrade.step

    upgrade.begin(URL, "2.09", has_certificate=False)
    assert "Downloading" == upgrade.status


def test_a_restart_breaks_it_off() -> None:
    """What was under way fails; what had ended stays."""
    upgrade = begun()
    upgrade.restarted(START)
    assert "Failed: the gateway was restarted" == upgrade.status
    upgrade.restarted(START)
    assert Step.FAILED is upgrade.step


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://ota.example/sg-2.10.bin",
        "https:///sg-2.10.bin",
        "https://[/sg-2.10.bin",
        "https://ota.example:99999/sg-2.10.bin",
        "https://ota.example/firmware.bin",
        "https://ota.example/2.10/firmware.bin",
        "https://ota.example/ö-2.10.bin",
        "https://ota.example/" + "x" * 500 + "2.10.bin",
    ],
)
def test_what_is_no_url_of_a_firmware(url: str) -> None:
    """It is refused with what would be taken."""
    with pytest.raises(NotAccepted, match="give an https URL whose file name has the version"):
        Upgrade().begin(url, "2.09", has_certificate=True)


def test_the_last_version_in_the_name_counts() -> None:
    """Other numbers in it are passed over."""
    upgrade = Upgrade()
    upgrade.begin("https://ota.example/sg-1.00-to-02.11.bin?x=9.99", "2.09", has_certificate=False)

    assert "2.11" == upgrade.version
