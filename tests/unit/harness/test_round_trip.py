"""Round trips of files, which must be able to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from backend.core.formats.forms import Form, write_some
from backend.core.formats.mscons import Envelope
from backend.core.formats.row import Row
from backend.core.intervals import Status
from harness import round_trip
from harness.round_trip import RoundTrips, check_round_trips
from simulators.ftp_server import timeseries_csv

Writer = Callable[[list[Row], Form, Envelope], bytes]


def writer_of_other_energies(rows: list[Row], form: Form, envelope: Envelope) -> bytes:
    """Write as much again for what is not missing."""
    step = Decimal(1).scaleb(-form.decimals)
    return write_some(
        [
            row if row.energy_kwh is None else replace(row, energy_kwh=row.energy_kwh + step)
            for row in rows
        ],
        form,
        envelope,
    )


def writer_of_other_statuses(rows: list[Row], form: Form, envelope: Envelope) -> bytes:
    """Write what was estimated as measured."""
    return write_some(
        [
            replace(row, status=Status.TRUE) if row.status is Status.ESTIMATED else row
            for row in rows
        ],
        form,
        envelope,
    )


def writer_of_fewer(rows: list[Row], form: Form, envelope: Envelope) -> bytes:
    """Leave the last row out."""
    return write_some(rows[:-1], form, envelope)


def writer_of_nothing_readable(rows: list[Row], form: Form, envelope: Envelope) -> bytes:
    """Write what is no such file."""
    return b"1"


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try fewer files than the scenario does."""
    monkeypatch.setattr(round_trip, "TRIPS", 30)


def test_what_is_written_comes_back() -> None:
    """The backend's writer passes, and every file was tried."""
    assert RoundTrips(tried=30, failure=None) == check_round_trips(1)


@pytest.mark.parametrize(
    ("writer", "said"),
    [
        (writer_of_other_energies, "the backend read ('CH"),
        (writer_of_other_statuses, "instead of ('CH"),
        (writer_of_fewer, "rows instead of"),
        (writer_of_nothing_readable, "is not closed"),
    ],
)
def test_a_writer_that_alters_something_fails(
    monkeypatch: pytest.MonkeyPatch, writer: Writer, said: str
) -> None:
    """Energies, statuses and rows that do not come back are told, with the form."""
    monkeypatch.setattr(round_trip, "write_some", writer)

    trips = check_round_trips(1)

    assert said in (trips.failure or "")
    assert "in the form {'kind': '" in (trips.failure or "")


def test_a_utility_that_reads_otherwise_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the utility's reader makes of a file counts as much as what the backend's does."""

    def read(
        content: bytes, layout: timeseries_csv.Layout, known: dict[timeseries_csv.Series, int]
    ) -> list[timeseries_csv.Row]:
        return reader(content, layout, known)[1:]

    reader = timeseries_csv.read
    monkeypatch.setattr(timeseries_csv, "read", read)

    assert (check_round_trips(1).failure or "").startswith("the utility read ")


def test_one_seed_tries_the_same_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files are tried again with the same seed, and others with another."""
    written: list[bytes] = []

    def write_and_keep(rows: list[Row], form: Form, envelope: Envelope) -> bytes:
        written.append(write_some(rows, form, envelope))
        return written[-1]

    monkeypatch.setattr(round_trip, "write_some", write_and_keep)
    monkeypatch.setattr(round_trip, "TRIPS", 5)
    for seed in (1, 1, 2):
        check_round_trips(seed)

    assert written[:5] == written[5:10]
    assert written[:5] != written[10:]
