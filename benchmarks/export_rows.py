"""
How fast files are made from stored registers, beside polars that only writes the finished table.

A store is filled with the registers of N metering points over D days, as the MeterValues of an
INCH on the clock are kept: a register on every quarter hour, one or two sessions a day, seeded.
Each day is then kept once more as the backend does at its end, as whole numbers; what that takes
is told by itself, and the ratio also with it. Then the D daily files are made with the backend's
own code, from the tables to the bytes, and each of their tables is written by
`polars.write_csv`, in turns and in the same process. The two must give the same bytes. The figure
is rows a second, of ours over those of polars, which uses all processors.

Memory is measured in processes that do nothing else, and how the time grows with the points in
stores of fewer. Exit code 1 where the ratio is under the target, or memory grows with the days.

Three mixes (``--mix``): ``clock``, a register on every quarter hour; ``sessions``, the same with
a StartTransaction and a StopTransaction for each session; ``values``, with all ten values that
an INCH sends.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from backend.__main__ import settle_memory
from backend.adapters import plain_series, records, tables
from backend.adapters.energies import chosen_of, series_of
from backend.adapters.meter_values import Keeper
from backend.adapters.store import Store, driver, for_driver
from backend.core.days import day_bounds, day_grid
from backend.core.exports import whole_days
from backend.core.formats.series_csv import write_series
from backend.core.readings import BEGIN, END, ENERGY, Kind, MeterValue
from backend.core.series import Series
from backend.settings import Settings
from simulators.clock import stopwatch

POINTS, DAYS, RUNS = 1_000, 30, 3
ALL_POINTS = 10_000
TARGET = 1.0
HAS_POLARS = importlib.util.find_spec("polars") is not None
#: Memory of 30 days over that of 3 days, at most.
GROWTH_LIMIT = 1.1
FIRST_DAY = date(2025, 6, 2)
QUARTER = timedelta(minutes=15)
#: Quarter hours before the first day and behind the last: a day is judged with those beside it.
AROUND = 100
#: Stations whose day is kept in one transaction.
AT_ONCE = 100
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
OBIS = "1-1:1.29.0*255"
CLOCK = Kind(ENERGY, None, "Outlet", "Sample.Clock", "Wh", "kWh", Decimal(0))
STARTED = Kind(ENERGY, None, "Outlet", BEGIN, "Wh", None, Decimal(1))
STOPPED = STARTED._replace(context=END)
#: What an INCH sends beside the register (document 003), with a value of each.
OTHERS = (
    *(
        (CLOCK._replace(measurand="Current.Import", phase=one, unit="A", raw_unit="A"), "15.936")
        for one in ("L1", "L2", "L3")
    ),
    (CLOCK._replace(measurand="Power.Active.Import", unit="W", raw_unit="kW"), "11041.000"),
    *(
        (CLOCK._replace(measurand="Voltage", phase=one, unit="V", raw_unit="V"), "233.24")
        for one in ("L1", "L2", "L3")
    ),
    (CLOCK._replace(measurand="Frequency", unit="Hertz", raw_unit=None), "49.98"),
    (CLOCK._replace(measurand="Power.Factor", unit="", raw_unit=None), "0.998"),
)
_ADD = for_driver(
    insert(tables.meter_value),
    *("station_id", "instant", "part", "value_kinds_id", "frame_id", "position"),
    *("transaction_said", "raw_values", "exact_values"),
)


def settings_of(folder: Path, points: int) -> Settings:
    """Give the settings of so many chargers, each activated, and one task for all."""
    text = f"""
        [backend]
        database = "store.sqlite"
        [[account]]
        name = "A"
        ise = true
        [[format]]
        account = "A"
        name = "csv"
        [[destination]]
        account = "A"
        name = "EDM"
        host = "sftp.example.ch"
        user = "ise"
        secret = "geheim"
        host_key = "{HOST_KEY}"
        [[task]]
        account = "A"
        name = "daily"
        format = "csv"
        destination = "EDM"
    """
    for number in range(points):
        text += f"""
            [[station]]
            account = "A"
            identity = "WB-{number:05}"
            profile = "etrel_inch"
            [station.ise]
            metering_code = "CH1012301234500000000000000{number:06}"
        """
    return Settings.from_toml(text, {}, folder=folder)


# ---------------------------------------------------------------- what is stored


def keep_registers(connection: Connection, settings: Settings, days: int, mix: str) -> None:
    """Fill the tables as the backend does, its kinds by its own keeper."""
    records.keep_settings(connection, settings, FIRST_DAY.isoformat())
    start, _ = day_bounds(FIRST_DAY)
    _, end = day_bounds(FIRST_DAY + timedelta(days=days - 1))
    chance = random.Random(days)
    for station_id in records.station_ids(connection).values():
        line = records.begin_connection(connection, station_id, start - AROUND * QUARTER)
        told = records.Told(station_id, line, start, "[]")
        (frame_id,) = records.keep_told(connection, [told])
        kinds = _kinds_of(connection, station_id, frame_id, start)
        rows = _rows(chance, start, (end - start) // QUARTER, mix)
        driver(connection).executemany(
            _ADD,
            (
                (
                    station_id,
                    at,
                    0,
                    kinds[kind],
                    frame_id,
                    0,
                    None,
                    json_list(raw),
                    json_list(exact),
                )
                for at, kind, raw, exact in rows
            ),
        )


def json_list(texts: Sequence[str]) -> str:
    """Write texts as they are kept."""
    return '["' + '","'.join(texts) + '"]'


def _kinds_of(
    connection: Connection, station_id: int, frame_id: int, start: datetime
) -> dict[str, int]:
    """Have each wording kept once, long before the period; give their keys."""
    wordings = {
        "clock": (CLOCK,),
        "values": (CLOCK, *(kind for kind, _ in OTHERS)),
        "started": (STARTED,),
        "stopped": (STOPPED,),
    }
    keeper, found = Keeper(connection), {}
    for number, (name, kinds) in enumerate(wordings.items()):
        at = start - timedelta(days=9, minutes=number)
        zero = (Decimal(0),) * len(kinds)
        keeper.keep(
            station_id, frame_id, [MeterValue(1, at, None, 0, kinds, zero, ("0",) * len(kinds))]
        )
        table = tables.meter_value.c
        query = tables.meter_value.select().where(
            table.station_id == station_id, table.instant == at
        )
        found[name] = connection.execute(query).one().value_kinds_id
    return found


def _rows(
    chance: random.Random, start: datetime, count: int, mix: str
) -> Iterator[tuple[int, str, list[str], list[str]]]:
    """Tell a register: instant, wording, and the values as sent and as they are."""
    milliwatthours = chance.randrange(10**8, 9 * 10**10)
    left, power_w = chance.randrange(1, 60), 0
    kind = "values" if mix == "values" else "clock"
    others = [text for _, text in OTHERS] if mix == "values" else []
    for index in range(-AROUND, count + AROUND):
        at = tables.to_microseconds(start + index * QUARTER)
        kwh = f"{milliwatthours // 10**6}.{milliwatthours % 10**6:06}"
        wh = f"{milliwatthours // 1000}.{milliwatthours % 1000:03}"
        yield at, kind, [kwh, *others], [wh, *others]
        left -= 1
        if left == 0:
            # A session of one to four hours, then a pause of eight to eighteen.
            power_w = 0 if power_w else chance.choice((3_680, 11_000, 11_000, 22_000))
            left = chance.randrange(4, 17) if power_w else chance.randrange(32, 73)
            if mix == "sessions":
                text = str((milliwatthours + 500) // 1000)
                yield at + 61_000_000, "started" if power_w else "stopped", [text], [text]
        if power_w:
            milliwatthours += power_w * 250 - chance.randrange(power_w)


async def keep_days(folder: Path, points: int, days: int) -> float:
    """Keep each day as the backend does once it is over; gives the seconds of those asked for."""
    settings = settings_of(folder, points)
    until = datetime(2030, 1, 1, tzinfo=UTC)
    async with opened(folder) as store:
        chosen = await store.read(lambda one: chosen_of(one, settings, settings.tasks[0]))
        wanted = [one.short for one in chosen if one.short is not None]
        took_s = 0.0
        for number in range(-1, days + 1):
            grid = day_grid(FIRST_DAY + timedelta(days=number), 15)
            seconds = stopwatch()
            for first in range(0, len(wanted), AT_ONCE):
                some = wanted[first : first + AT_ONCE]
                await store.write(
                    partial(plain_series.keep_days, wanted=some, grid=grid, until=until)
                )
            took_s += seconds() if 0 <= number < days else 0
    return took_s


# ---------------------------------------------------------------- ours and theirs


@dataclass(frozen=True, slots=True)
class Run:
    """The files of some days: rows, and the real and processor seconds of each of the two."""

    rows: int
    ours_s: float
    polars_s: float
    ours_cpu_s: float
    polars_cpu_s: float

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        return self.polars_s / self.ours_s

    @property
    def cpu_ratio(self) -> float:
        """How many times as much processor polars takes."""
        return self.polars_cpu_s / self.ours_cpu_s


def cpu_s() -> float:
    """Give the processor seconds of this process so far, its own and the kernel's."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@asynccontextmanager
async def opened(folder: Path) -> Any:
    """Open the store of a folder for a while."""
    store = Store(folder / "store.sqlite")
    await store.open()
    settle_memory()
    try:
        yield store
    finally:
        await store.close()


def made(connection: Connection, settings: Settings, day: date) -> bytes:
    """Make the file of a day, as the backend does."""
    task = settings.tasks[0]
    layout = settings.format_of(task).form
    until = datetime(2030, 1, 1, tzinfo=UTC)
    series = series_of(connection, settings, task, whole_days(day, day), layout.decimals, until)
    return write_series(series, layout)


def table_of(connection: Connection, settings: Settings, day: date) -> Any:
    """Give the finished table of a day as polars holds it: texts, instants and exact energies."""
    import polars

    task = settings.tasks[0]
    until = datetime(2030, 1, 1, tzinfo=UTC)
    found: list[Series] = list(
        series_of(connection, settings, task, whole_days(day, day), 3, until)
    )
    found.sort(key=lambda one: one.code)
    codes = [one.code for one in found for _ in range(len(one))]
    ends = [end for one in found for end in one.grid[1:]]
    energies = [energy for one in found for energy in one.energies]
    at = polars.col("Zeitstempel")
    value = polars.col("Wert").cast(polars.Decimal(18, 3)) / 1000
    return polars.DataFrame({"Messpunkt": codes, "Zeitstempel": ends, "Wert": energies}).select(
        polars.col("Messpunkt"),
        polars.lit(OBIS).alias("OBIS"),
        at.dt.convert_time_zone("Europe/Zurich"),
        value.cast(polars.Decimal(18, 3)),
        polars.lit("kWh").alias("Einheit"),
        polars.lit("W").alias("Status"),
    )


def by_polars(table: Any) -> bytes:
    """Write the table as our layout has it."""
    file = io.BytesIO()
    table.write_csv(
        file, separator=";", line_terminator="\r\n", datetime_format="%d.%m.%Y %H:%M:%S"
    )
    return file.getvalue()


def compare(connection: Connection, settings: Settings, days: int) -> Run:
    """Make the files of all days by both, in turns; they must be the same."""
    rows, ours_s, polars_s, ours_cpu_s, polars_cpu_s = 0, 0.0, 0.0, 0.0, 0.0
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        seconds, cpu = stopwatch(), cpu_s()
        ours = made(connection, settings, day)
        ours_s, ours_cpu_s = ours_s + seconds(), ours_cpu_s + cpu_s() - cpu
        rows += ours.count(b"\n") - 1
        if not HAS_POLARS:
            continue
        table = table_of(connection, settings, day)
        seconds, cpu = stopwatch(), cpu_s()
        theirs = by_polars(table)
        polars_s, polars_cpu_s = polars_s + seconds(), polars_cpu_s + cpu_s() - cpu
        assert ours == theirs, f"the files of {day} differ"
    return Run(rows, ours_s, polars_s, ours_cpu_s, polars_cpu_s)


def make_days(connection: Connection, settings: Settings, days: int) -> tuple[int, float]:
    """Make the files of some days and nothing else; gives the bytes and the seconds."""
    size, seconds = 0, stopwatch()
    for number in range(days):
        size += len(made(connection, settings, FIRST_DAY + timedelta(days=number)))
    return size, seconds()


# ---------------------------------------------------------------- the figures


async def fill(folder: Path, points: int, days: int, mix: str) -> None:
    """Fill a store."""
    settings = settings_of(folder, points)
    async with opened(folder) as store:
        await store.write(lambda connection: keep_registers(connection, settings, days, mix))


async def measure(folder: Path, points: int, days: int) -> None:
    """Make files in this process alone, and print what it took as JSON."""
    settings = settings_of(folder, points)
    before_mb = peak_mb()
    async with opened(folder) as store:
        size, took_s = await store.read(lambda one: make_days(one, settings, days))
    said = {"before_mb": before_mb, "peak_mb": peak_mb(), "file_mb": size / days / 1e6}
    print(json.dumps({**said, "seconds": took_s}))


def peak_mb() -> float:
    """Give the most memory that this process has held, in MB (10⁶ bytes)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("/proc/self/status has no VmHWM")


def alone(folder: Path, points: int, days: int) -> dict[str, float]:
    """Measure in a process of its own."""
    arguments = [sys.executable, __file__, "--alone", str(folder)]
    arguments += ["--points", str(points), "--days", str(days)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def show_ratio(folder: Path, points: int, days: int, runs: int, kept_s: float) -> float:
    """
    Print rows a second of both; gives the best ratio, 0 where it cannot be measured.

    Parameters:
        kept_s: what keeping the days took.
    """
    settings = settings_of(folder, points)
    async with opened(folder) as store:
        found = [
            await store.read(lambda connection: compare(connection, settings, days))
            for _ in range(runs)
        ]
    show_rate("isebench, registers to bytes", found[0].rows, [run.ours_s for run in found])
    if not HAS_POLARS:
        print("polars.write_csv alone         not measured: polars is not installed")
        return 0
    show_rate("polars.write_csv alone", found[0].rows, [run.polars_s for run in found])
    ratios = sorted(run.ratio for run in found)
    print(f"ratio: {ratios[-1]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), target {TARGET}")
    best = min(found, key=lambda run: run.ours_s / run.polars_s)
    print(f"ratio with the days kept: {best.polars_s / (best.ours_s + kept_s):.2f}")
    cpu_ratio = max(run.cpu_ratio for run in found)
    print(f"processor seconds of polars over ours: {cpu_ratio:.2f}")
    return ratios[-1]


def show_rate(name: str, rows: int, seconds: Sequence[float]) -> None:
    """Print the rows a second of the best run, and how far the runs lie apart."""
    best, worst = rows / min(seconds) / 1e6, rows / max(seconds) / 1e6
    print(f"{name:30} {best:>6.2f} M rows/s ({worst:.2f} to {best:.2f})")


def show_memory(folder: Path, points: int, days: int) -> bool:
    """Print the peak for more and more days; tells whether it stays."""
    peaks = []
    for count in sorted({min(days, each) for each in (3, 10, days)}):
        found = alone(folder, points, count)
        peaks.append(found["peak_mb"])
        print(
            f"memory, {count:>2} days: peak {found['peak_mb']:.0f} MB, "
            f"{found['before_mb']:.0f} MB of them before; a file has {found['file_mb']:.0f} MB"
        )
    return peaks[-1] <= GROWTH_LIMIT * peaks[0]


def show_growth(points: int, mix: str) -> None:
    """Print what a day costs with a hundredth and a tenth of the points, and with all."""
    for count in sorted({max(points // 100, 1), max(points // 10, 1), points}):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(fill(Path(folder), count, 2, mix))
            asyncio.run(keep_days(Path(folder), count, 2))
            took_s = min(alone(Path(folder), count, 2)["seconds"] / 2 for _ in range(3))
            rows = count * 96
            print(
                f"{count:>6} points: {took_s * 1000:>7.1f} ms a day, {took_s / count * 1e6:.0f} µs "
                f"a point, {rows / took_s / 1e6:.2f} M rows/s"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--points", type=int, default=POINTS, help=f"metering points ({POINTS:,})")
    parser.add_argument("--days", type=int, default=DAYS, help=f"daily files ({DAYS})")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of both, in turns ({RUNS})")
    parser.add_argument("--mix", choices=("clock", "sessions", "values"), default="clock")
    parser.add_argument(
        "--all", action="store_true", help=f"{ALL_POINTS:,} points: 2 GB of disk, ten minutes"
    )
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.alone is not None:
        asyncio.run(measure(chosen.alone, chosen.points, chosen.days))
        return 0
    points = ALL_POINTS if chosen.all else chosen.points
    rows = points * chosen.days * 96
    print(f"{points:,} points, {chosen.days} days, {rows / 1e6:.1f} M rows, mix {chosen.mix!r}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(fill(folder, points, chosen.days, chosen.mix))
        kept_s = asyncio.run(keep_days(folder, points, chosen.days))
        show_rate("days kept, once, before", rows, [kept_s])
        ratio = asyncio.run(show_ratio(folder, points, chosen.days, chosen.runs, kept_s))
        stays = show_memory(folder, points, chosen.days)
    show_growth(points, chosen.mix)
    print(f"memory {'does not grow' if stays else 'grows'} with the days")
    return 0 if ratio >= TARGET and stays else 1


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Shows the text above as it stands."""


if __name__ == "__main__":
    sys.exit(main())
