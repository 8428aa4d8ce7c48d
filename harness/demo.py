"""
`isebench demo`: one day of two chargers, delivered, and compared with their meters.

The day is drawn from the seed: who comes when. Always the same is that the second charger's
line is cut for three hours in the middle of a session, so that a part of the day is queued in
the charger, and a part of it nobody can vouch for.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.bench import UTILITY, Bench
from harness.catalogue import BUNDLED_FEATURES, load_requirements
from harness.folders import clear_folder
from harness.frames import calls_of, rounded_kwh
from harness.local_time import ZURICH
from harness.outcomes import Outcome, Run, Step, Verdict
from harness.recording import write_recording
from harness.report import html_report
from harness.tables import Cell, Column, Ink, Paper, column_chart, paper_of, table
from harness.target import NAME
from harness.toml_text import to_toml
from harness.utility import Held
from simulators.people import draw_people

DAY = date(2025, 6, 3)
CHARGERS = ("Dorfplatz", "Bahnhof")
SESSIONS = (
    ("Dorfplatz", "07:15", "09:05"),
    ("Dorfplatz", "17:30", "21:40"),
    ("Bahnhof", "08:10", "11:00"),
    ("Bahnhof", "18:40", "22:15"),
)
"""Where somebody charges, from about when to about when."""
OFFLINE = ("Bahnhof", "09:30", "12:30")
STATUSES = ("W", "E", "F")
MARKER = "isebench-demo.txt"
DATABASE = "backend.sqlite"
WRITTEN = ("delivered", "recording.jsonl", "report.html", DATABASE, "settings.toml")
"""What a demo writes into its folder."""


@dataclass(frozen=True, slots=True)
class Balance:
    """
    A charger's day: what its meter counted beside what the utility holds.

    Attributes:
        name: the charger.
        sessions: how many it began.
        counted_kwh: the difference of its meter's register over the day.
        delivered_kwh: the sum of what the utility holds.
        values: what the utility holds, interval by interval.
    """

    name: str
    sessions: int
    counted_kwh: Decimal
    delivered_kwh: Decimal
    values: tuple[Held, ...]

    @property
    def agrees(self) -> bool:
        """Whether the two are equal to the last digit, and every interval has its row."""
        return self.counted_kwh == self.delivered_kwh and bool(self.values)


def demo(seed: int, out: Path) -> int:
    """
    Live the day, show it, and write what it left.

    Parameters:
        seed: what the day is drawn from.
        out: the folder for files, recording and report; made where it is missing.

    Returns:
        0 only if what was delivered equals the meters' registers exactly.

    Raises:
        UsageError: If ``out`` holds something that is not a demo's.
    """
    paper = paper_of(sys.stdout, os.environ)
    clear_folder(out, "--out", MARKER, WRITTEN)
    with TemporaryDirectory(prefix="isebench-") as folder:
        bench = Bench(seed, Path(folder))
        try:
            _declare(bench)
            opening = _live(bench)
            balances = [_balance(bench, name, *opening[name]) for name in CHARGERS]
            _write(bench, balances, out)
        finally:
            bench.close()
        # Only now, as nothing of it lies in the log of a backend any more.
        shutil.copyfile(bench.settings()["backend"]["database"], out / DATABASE)
    _show(balances, out, paper)
    return 0 if all(balance.agrees for balance in balances) else 1


def _declare(bench: Bench) -> None:
    bench.declare_day(DAY)
    for name in CHARGERS:
        bench.declare_station(name)
    chance = random.Random(f"{bench.seed} demo")

    def near(time: str) -> datetime:
        return bench.at(time) + timedelta(seconds=chance.randrange(-1200, 1201))

    people = draw_people(chance, len(SESSIONS))
    for person, (name, start, end) in zip(people, SESSIONS, strict=True):
        bench.cards[person.name] = person.card
        bench.plan_session(name, person.name, near(start), near(end))
    name, start, end = OFFLINE
    bench.plan_outage(name, bench.at(start), bench.at(end))


def _live(bench: Bench) -> dict[str, tuple[Decimal, Decimal]]:
    """Let the day pass, hour by hour; give each charger's register at its start and end, in Wh."""
    opening, closing = {}, {}
    bench.advance_to(bench.at("0:00"))
    for name in CHARGERS:
        opening[name] = _register_wh(bench, name)
    for hour in range(1, 25):
        _progress(f"{hour:02d}:00", hour, 27)
        bench.advance_to(bench.at(f"{hour}:00"))
    for name in CHARGERS:
        closing[name] = _register_wh(bench, name)
    _progress("delivery", 26, 27)
    bench.advance_to(bench.at("3:00", bench.day + timedelta(days=1)))
    bench.utility.collect()
    _progress("", 27, 27)
    return {name: (opening[name], closing[name]) for name in CHARGERS}


def _register_wh(bench: Bench, name: str) -> Decimal:
    """Read the display of the meter: six decimals of a kWh."""
    return Decimal(bench.chargers[name].register_kwh_text) * 1000


def _progress(label: str, done: int, whole: int) -> None:
    if not sys.stderr.isatty():
        return
    bar = ("#" * (30 * done // whole)).ljust(30)
    end = "\n" if done == whole else ""
    print(f"\r{bar} {DAY:%d.%m.%Y} {label:9}", end=end, file=sys.stderr, flush=True)


def _balance(bench: Bench, name: str, opening_wh: Decimal, closing_wh: Decimal) -> Balance:
    held = bench.utility.held(bench.station(name).metering_code or "")
    starts = [value.start for value in held]
    whole = starts == bench.grid(name)[:-1]
    return Balance(
        name=name,
        sessions=sum(
            call.action == "StartTransaction" for call in calls_of(bench.tap.crossings, name)
        ),
        counted_kwh=rounded_kwh(closing_wh) - rounded_kwh(opening_wh),
        delivered_kwh=sum((value.energy_kwh or Decimal(0) for value in held), Decimal(0)),
        values=tuple(held) if whole else (),
    )


def _show(balances: list[Balance], out: Path, paper: Paper) -> None:
    rows: list[list[str | Cell]] = []
    for balance in balances:
        counts = Counter(value.status for value in balance.values)
        verdict = Cell("equal", Ink.GOOD) if balance.agrees else Cell("DIFFERENT", Ink.BAD)
        rows.append(
            [
                balance.name,
                str(balance.sessions),
                f"{balance.counted_kwh:.3f}",
                f"{balance.delivered_kwh:.3f}",
                *(str(counts[status]) for status in STATUSES),
                verdict,
            ]
        )
    headings = ["charger", "sessions", "kWh at the meter", "kWh delivered", *STATUSES, ""]
    print(f"\n{DAY:%A, %d %B %Y}, as {UTILITY} would bill it\n")
    print(table(headings, rows, paper=paper, right={1, 2, 3, 4, 5, 6}))
    name, start, end = OFFLINE
    print(f"W from the device, E estimated, F missing. {name} was offline from {start} to {end}.")
    for balance in balances:
        print(f"\n{balance.name}")
        print(column_chart(_columns(balance), unit="kWh a quarter hour", paper=paper), end="")
    print(f"\ndelivered files  {out / 'delivered'}")
    print(f"recording        {out / 'recording.jsonl'}")
    print(f"report           {out / 'report.html'}")
    print(f"database         {out / DATABASE}")
    print(f"its settings     {out / 'settings.toml'}")


def _columns(balance: Balance) -> list[Column]:
    return [
        Column(
            value.energy_kwh,
            label=_hour(value.start),
            mark=" " if value.status == "W" else value.status or " ",
        )
        for value in balance.values
    ]


def _hour(start: datetime) -> str:
    local = start.astimezone(ZURICH)
    return f"{local:%H}" if local.minute == 0 and local.hour % 3 == 0 else ""


def _write(bench: Bench, balances: list[Balance], out: Path) -> None:
    delivered = out / "delivered"
    delivered.mkdir()
    files = bench.utility.arrived()
    for file in files:
        (delivered / file.name).write_bytes(file.content)
    crossings = bench.tap.crossings
    write_recording(out / "recording.jsonl", crossings, seed=bench.seed, start=bench.start)
    verdict = _verdict(bench, balances, tuple((file.name, file.text()) for file in files))
    run = Run(target=NAME, title="Demo", facts=(("Seed", str(bench.seed)),))
    wanted = [row for row in load_requirements(BUNDLED_FEATURES) if row.id == "ISE-18"]
    (out / "report.html").write_text(html_report(run, wanted, [verdict]), encoding="utf-8")
    settings = bench.settings()
    settings["backend"] = {"database": DATABASE}
    (out / "settings.toml").write_text(to_toml(settings), encoding="utf-8")


def _verdict(bench: Bench, balances: list[Balance], files: tuple[tuple[str, str], ...]) -> Verdict:
    counted = [
        f"{balance.name} counted {balance.counted_kwh} kWh in {balance.sessions} sessions"
        for balance in balances
    ]
    seen = [
        (
            f"{UTILITY} holds {balance.delivered_kwh} kWh of {balance.name}, {_letters(balance)}",
            Outcome.PASSED if balance.agrees else Outcome.FAILED,
        )
        for balance in balances
    ]
    deciding = [
        call.crossing
        for balance in balances
        for call in calls_of(bench.tap.crossings, balance.name)
        if call.action in ("StartTransaction", "MeterValues", "StopTransaction")
    ]
    different = [balance.name for balance in balances if not balance.agrees]
    return Verdict(
        requirements=("ISE-18",),
        feature="A day of two chargers",
        scenario=f"What the meters counted is what {UTILITY} holds",
        outcome=Outcome.FAILED if different else Outcome.PASSED,
        seed=bench.seed,
        steps=(
            *(Step("Given", text, Outcome.PASSED) for text in counted),
            *(Step("Then", text, outcome) for text, outcome in seen),
        ),
        evidence=tuple(bench.tap.crossings),
        deciding=tuple(deciding),
        files=files,
        message=f"delivered and counted differ at {', '.join(different)}" if different else "",
        simulated=(bench.start, bench.clock.now()),
        recording="recording.jsonl",
    )


def _letters(balance: Balance) -> str:
    counts = Counter(value.status for value in balance.values)
    return "quarter hours: " + ", ".join(f"{counts[status]} {status}" for status in STATUSES)
