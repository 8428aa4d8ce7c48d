"""Our sender before a utility's servers, which can have any trouble: `drop`."""

from decimal import Decimal

import asyncssh
import pytest
from own_sender import send_now

from harness.fixtures import Drop

CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
FILE = (
    "Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
    f"{CODE};1-1:1.29.0*255;03.06.2025 14:15:00;2.300;kWh;W\r\n"
    f"{CODE};1-1:1.29.0*255;03.06.2025 14:30:00;0.125;kWh;W\r\n"
).encode()


def test_a_file_arrives_and_is_believed(drop: Drop) -> None:
    send_now(drop.destination("sftp"), NAME, FILE)

    assert [file.name for file in drop.files()] == [NAME]
    assert [value.energy_kwh for value in drop.values(CODE)] == [Decimal("2.300"), Decimal("0.125")]
    assert [(pickup.new, pickup.reason) for pickup in drop.pickups()] == [(2, None)]


@pytest.mark.drop(user="ewa", secret="geheim", faults=["full-disk:free_bytes=100"])
def test_a_full_disk_leaves_nothing_that_looks_like_a_file(drop: Drop) -> None:
    with pytest.raises(asyncssh.SFTPError):
        send_now(drop.destination("sftp"), NAME, FILE)
    assert drop.files() == []

    drop.switch_off("full-disk")
    send_now(drop.destination("sftp"), NAME, FILE)

    assert len(drop.values(CODE)) == 2


def test_another_server_in_its_place_gets_nothing(drop: Drop) -> None:
    destination = drop.destination("sftp")
    drop.switch_on("changed-host-key")

    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        send_now(destination, NAME, FILE)

    assert drop.files() == []


@pytest.mark.drop(layout={"separator": ","})
def test_a_file_of_another_form_is_refused(drop: Drop) -> None:
    send_now(drop.destination("sftp"), NAME, FILE)

    (pickup,) = drop.pickups()
    assert pickup.reason is not None
    assert pickup.new == 0
