"""
Round trips of files: hypothesis thinks of rows and forms, two readers read what was written.

One reader is the backend's own, the other the utility's, written apart from it. Where a form
cannot carry something (no status column), nothing that would need it is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from backend.core import days
from backend.core.formats import mscons
from backend.core.formats.forms import Form, form_of, read_back, write_some
from backend.core.formats.mscons import Envelope
from backend.core.formats.obis_csv import ObisCsv
from backend.core.formats.row import Row
from backend.core.intervals import Status
from backend.core.obis_tables import CSV, FEED, IS_E
from backend.errors import BackendError
from harness.local_time import grid
from simulators.errors import SimulatorError
from simulators.ftp_server.agreements import agreed_of

TRIPS = 200
"""How many files are tried."""

Plain = tuple[str, str, datetime, datetime, Decimal | None, str]
"""Metering code, plain OBIS code, start, end, energy, status ("" where none is carried)."""
Case = tuple[dict[str, Any], date, list[str], int, int]
"""Kind and knobs, local day, metering codes, minutes of an interval, seed of the values."""


@dataclass(slots=True)
class RoundTrips:
    """
    What came of many round trips.

    Attributes:
        tried: how many files were written and read.
        failure: the smallest one that did not come back, in words; None where all did.
    """

    tried: int = 0
    failure: str | None = None


def check_round_trips(seed: int) -> RoundTrips:
    """Write and read files of all sorts, drawn from ``seed``."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    trips = RoundTrips()

    @seeded(seed)
    @settings(
        max_examples=TRIPS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(_cases())
    def trip(case: Case) -> None:
        trips.tried += 1
        _check(case[0], list(_rows(*case)))

    try:
        trip()
    except AssertionError as error:
        trips.failure = str(error)
    return trips


def _check(knobs: dict[str, Any], rows: list[Row]) -> None:
    try:
        _compare(knobs, rows)
    except (BackendError, SimulatorError) as error:
        raise AssertionError(f"{error}, in the form {knobs}") from error


def _compare(knobs: dict[str, Any], rows: list[Row]) -> None:
    turned = dict(knobs)
    form = form_of(turned.pop("kind"), turned, "form")
    content = write_some(rows, form, Envelope(datetime(2025, 6, 4, tzinfo=UTC), "1"))
    status = getattr(form, "status_column", True) and not isinstance(form, ObisCsv)
    ours = read_back(content, form)
    theirs = agreed_of(knobs).rows_in(content, {})
    expected = [_plain(row, row.status.value if status else "") for row in _carried(rows, form)]
    for reader, back in (
        ("the backend", [_plain(row, row.status.value if status else "") for row in ours]),
        ("the utility", [_plain(row, row.status if status else "") for row in theirs]),
    ):
        if back != expected:
            raise AssertionError(f"{reader} read {_first(back, expected)} in the form {knobs}")


def _carried(rows: list[Row], form: Form) -> list[Row]:
    """Leave out what has no place in a file: a register that is not known."""
    leaves_out = isinstance(form, ObisCsv) or getattr(form, "missing", "") == "left out"
    return [row for row in rows if row.energy_kwh is not None or not leaves_out]


def _plain(row: Any, status: str) -> Plain:
    return (row.code, row.obis.removesuffix("*255"), row.start, row.end, row.energy_kwh, status)


def _first(back: list[Plain], expected: list[Plain]) -> str:
    for got, wanted in zip(back, expected, strict=False):
        if got != wanted:
            return f"{got} instead of {wanted}"
    return f"{len(back)} rows instead of {len(expected)}"


def _cases() -> Any:
    """Give a strategy of forms, each with what its rows are drawn from."""
    from hypothesis import strategies as st

    cells: dict[str, Any] = {
        "separator": st.sampled_from([";", "\t", "|"]),
        "decimal_mark": st.sampled_from([".", ","]),
        "decimals": st.integers(0, 6),
        "time_form": st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M"]),
        "zone": st.sampled_from(["local", "utc", "local+offset"]),
        "stamp": st.sampled_from(["end", "start"]),
        "header": st.booleans(),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
        "line_end": st.sampled_from(["\r\n", "\n"]),
    }
    rows = {**cells, "status_column": st.booleans(), "obis_suffix": st.booleans()}
    messages: dict[str, Any] = {
        "sender": st.just("12X-ABC-X------1"),
        "receiver": st.just("12X-DEF-X------2"),
        "version": st.sampled_from(mscons.VERSIONS),
        "zone": st.sampled_from(["by version", "local", "utc"]),
        "unit": st.sampled_from(["by version", "always", "never"]),
        "service_string": st.booleans(),
        "line_end": st.sampled_from(["none", "lf", "crlf"]),
        "decimals": st.integers(0, 6),
        "test": st.booleans(),
    }
    document = {
        "decimals": st.integers(0, 6),
        "missing": st.sampled_from(["left out", "empty"]),
        "true_status": st.sampled_from(["V", "W"]),
        "line_end": st.sampled_from(["lf", "crlf"]),
    }
    forms = st.one_of(
        *(
            st.fixed_dictionaries({"kind": st.just(kind), **knobs, **_codes(kind)})
            for kind, knobs in (
                ("ise-timeseries-csv", rows),
                ("mscons", messages),
                ("ise-readings-csv", rows),
                ("ise-feed-csv", rows),
                ("csv", cells),
                ("ise-readings-xml", document),
                ("mscons-readings", messages),
            )
        )
    )
    dates = st.dates(date(2024, 1, 1), date(2027, 12, 31)) | st.sampled_from(
        [date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)]
    )
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
    points = st.lists(
        st.tuples(
            st.text("0123456789", min_size=11, max_size=11),
            st.text(signs, min_size=20, max_size=20),
        ).map(lambda parts: f"CH{parts[0]}{parts[1]}"),
        min_size=1,
        max_size=3,
        unique=True,
    ).map(sorted)
    minutes = st.sampled_from([5, 15, 30, 60])
    return st.tuples(forms, dates, points, minutes, st.integers(0, 2**32))


def _codes(kind: str) -> dict[str, Any]:
    """Give a strategy of the codes that a kind of files has of each meter, where it has any."""
    from hypothesis import strategies as st

    table = _TABLES.get(kind)
    if table is None:
        return {}
    codes = sorted(one.code for one in table.values())
    return {"obis": st.lists(st.sampled_from(codes), min_size=1, max_size=4, unique=True)}


_TABLES = {
    "ise-readings-csv": IS_E,
    "ise-feed-csv": FEED,
    "csv": CSV,
    "ise-readings-xml": IS_E,
    "mscons-readings": IS_E,
}


def _rows(
    knobs: dict[str, Any], day: date, points: list[str], minutes: int, seed: int
) -> Iterable[Row]:
    # Hypothesis knows the seed only: with each of thousands of values its own, finding the
    # smallest failure takes minutes.
    chance = random.Random(seed)
    step = Decimal(1).scaleb(-int(knobs["decimals"]))
    has_status = knobs.get("status_column", True) and knobs["kind"] != "csv"
    # Registers are in the order of their codes, but for columns, which stand as they are set.
    codes = knobs.get("obis") or ["1-1:1.29.0"]
    if knobs["kind"] != "csv":
        codes = sorted(codes)
    spans: Iterable[tuple[datetime, datetime]] = pairwise(grid(day, minutes))
    if "obis" in knobs:
        spans = (days.day_bounds(day + timedelta(days=more)) for more in (0, 1))
    for point, (start, end), code in _ordered(points, list(spans), codes, knobs["kind"]):
        status = chance.choice(list(Status)) if has_status else Status.TRUE
        missing = status is Status.MISSING
        energy = None if missing else chance.randrange(10**9) * step
        yield Row(point, code, start, end, energy, status)


def _ordered(
    points: list[str], spans: list[tuple[datetime, datetime]], codes: list[str], kind: str
) -> Iterable[tuple[str, tuple[datetime, datetime], str]]:
    """Give what rows are of, in the order in which a file of that kind has them."""
    if kind in ("csv", "ise-readings-xml", "mscons-readings"):
        return product(points, spans, codes)
    return ((point, span, code) for point, code, span in product(points, codes, spans))
