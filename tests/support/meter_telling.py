"""A meter's day, from the charger's messages to the bytes of the file, by the backend's core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from support.meter_days import (
    HOUR,
    MINUTE,
    WH,
    Course,
    Day,
    Said,
    any_day,
    bounds,
    settled,
    told,
)
from support.meter_truth import CODE, OBIS, truth_of

from backend.core.days import day_grid
from backend.core.exports import Activation, rows_of
from backend.core.formats.ise_timeseries_csv import Layout, write
from backend.core.intervals import Presence, make_intervals
from backend.core.plain import PlainMeterValue, PlainMeterValues, PlainSampledValue, read_plain
from backend.core.readings import ENERGY, Reading, Reception, read_start, read_stop, with_connector
from backend.core.registers import Register, build_register, register_readings
from backend.core.timestamps import BY_RECEPTION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTIVATION = Activation("WB-1", CODE, OBIS)
_LAYOUTS = tuple(Layout(decimals=each) for each in range(7))


class Read(NamedTuple):
    """What the backend keeps of a message."""

    readings: tuple[Reading, ...]
    by_reception: tuple[datetime, ...]


class Wrong(AssertionError):
    """What came of a day is not what has to come of it."""


def instant_of(at: int) -> datetime:
    """Give milliseconds since 1970 as an instant."""
    return _EPOCH + timedelta(milliseconds=at)


def _stamp(at: int) -> str:
    return instant_of(at).isoformat(timespec="milliseconds")[:-6] + "Z"


def messages_of(day: Day) -> list[Read]:
    """Have the charger send the day's messages, and the backend read them."""
    course = Course(day)
    return [read for said in day.said for read in [_read(day, course, said)] * said.times]


def _read(day: Day, course: Course, said: Said) -> Read:
    ticks = told(day, course, said)[0]
    shown = ticks % day.modulus if day.modulus else ticks
    received = instant_of(said.at)
    stamp = said.at + 2 * HOUR if said.ahead else said.at
    if said.kind == "start":
        start = {"connectorId": 1, "idTag": "FA2AFD77", "meterStart": shown // WH}
        reception = read_start(
            {**start, "timestamp": _stamp(stamp)}, day.profile, received
        ).reception
    elif said.kind == "stop":
        stop = {"transactionId": 7, "meterStop": shown // WH, "timestamp": _stamp(stamp)}
        reception = read_stop(stop, day.profile, received).reception
        values = tuple(with_connector(each, 1) for each in reception.meter_values)
        reception = replace(reception, meter_values=values)
    else:
        if said.kind == "clock" and day.profile.aligned_stamp == "start":
            stamp -= day.minutes * MINUTE
        text = "NaN" if said.kind == "unread" else _text(day, shown)
        value = PlainSampledValue(text, ENERGY, None, None, said.context, None, day.unit)
        message = PlainMeterValues(1, [PlainMeterValue(_stamp(stamp), [value])])
        reception = read_plain(message, day.profile, received)
    return Read(tuple(reception.readings), tuple(_instants_of_reception(reception)))


def _instants_of_reception(reception: Reception) -> Iterator[datetime]:
    if any(one.rule in BY_RECEPTION for one in reception.leniencies):
        yield from (each.instant for each in reception.meter_values)


def _text(day: Day, shown: int) -> str:
    """Write a register as the model does: all decimals that its resolution has."""
    whole, finest = (WH, 4) if day.unit == "Wh" else (1_000 * WH, 7)
    decimals = max(0, finest - len(str(day.resolution)) + 1)
    mark = "," if day.profile.decimal_comma else "."
    rest = f"{shown % whole:0{finest}d}"[:decimals]
    return f"{shown // whole}{mark}{rest}" if rest else str(shown // whole)


def register_of(day: Day, messages: list[Read]) -> Register:
    """Make the register, whatever the order of the messages."""
    readings = [reading for each in messages for reading in each.readings]
    by_reception = {instant for each in messages for instant in each.by_reception}
    shown = register_readings(readings, day.profile, day.minutes * 60, 1, by_reception)
    return build_register(shown, day.profile)


def file_of(day: Day, register: Register) -> bytes:
    """Make the file of a register."""
    presence = Presence(
        online=tuple((instant_of(a), instant_of(b)) for a, b in day.online),
        sessions=tuple((instant_of(a), instant_of(b)) for a, b in day.open),
        unread=tuple(instant_of(each.at) for each in day.said if each.kind == "unread"),
    )
    grid = day_grid(day.day, day.minutes)
    until = instant_of(day.until)
    intervals = make_intervals(register, grid, presence, day.decimals, until)
    return write(rows_of(_ACTIVATION, intervals), _LAYOUTS[day.decimals])


def check(day: Day, random: Random) -> bytes:
    """
    See that a day comes out right; give its file.

    Raises:
        Wrong: It does not.
    """
    messages = messages_of(day)
    shuffled = random.sample(messages, len(messages))
    register = register_of(day, shuffled)
    content = file_of(day, register)
    truth = truth_of(day)
    expected = truth.file(day)
    if content != expected:
        raise Wrong(_difference(expected, content))
    cells = [line.split(";") for line in content.decode().splitlines()[1:]]
    values = [int(each[3].replace(".", "")) for each in cells if each[3]]
    if any("-" in each[3] for each in cells) or len(cells) != len(truth.energies):
        raise Wrong("an energy is negative, or rows are missing")
    if len(values) == len(cells) and sum(values) != truth.total:
        raise Wrong(f"the sum is {sum(values)} instead of {truth.total}")
    # All come in an order at random; some come once more in the order of time.
    if random.random() < 0.1 and file_of(day, register_of(day, messages)) != content:
        raise Wrong("another order of the messages gives another file")
    return content


def same_again(seed: int) -> bytes:
    """
    Make the day of a seed, see that it comes out right, and give its file.

    Raises:
        Wrong: It does not; names the seed and the shortest form of the day that is still wrong.
    """
    random = Random(seed)
    day = any_day(random)
    try:
        return check(day, random)
    except Wrong as wrong:
        raise Wrong(f"seed {seed}: {wrong}; shortest form: {shortest(day)!r}") from None


def portion(first: int, count: int) -> set[int]:
    """Check the days of some seeds, and tell how many hours they had."""
    for seed in range(first, first + count):
        same_again(seed)
    days = (any_day(Random(seed)).day for seed in range(first, first + min(count, 200)))
    return {(end - start) // HOUR for start, end in map(bounds, days)}


def _difference(expected: bytes, actual: bytes) -> str:
    """Name the first line that is not as it has to be."""
    there, here = expected.decode().splitlines(), actual.decode().splitlines()
    if len(there) != len(here):
        return f"{len(here)} lines instead of {len(there)}"
    number = next(i for i, pair in enumerate(zip(there, here, strict=True)) if pair[0] != pair[1])
    return f"line {number + 1} is {here[number]!r}, and has to be {there[number]!r}"


def shortest(day: Day) -> Day:
    """Leave out of a day that is wrong what can be left out, and it is still wrong."""
    day = settled(day)
    smaller = True
    while smaller:
        smaller = False
        for part in ("said", "sessions", "restarts", "online", "open"):
            size = max(len(getattr(day, part)) // 2, 1)
            while size:
                for begin in range(0, len(getattr(day, part)), size):
                    kept = getattr(day, part)
                    kept = (*kept[:begin], *kept[begin + size :])
                    less = settled(replace(day, **{part: kept}))
                    if len(kept) < len(getattr(day, part)) and is_wrong(less):
                        day, smaller = less, True
                size //= 2
    plain = tuple(replace(each, times=1, lower=0) for each in day.said)
    less = settled(replace(day, said=plain))
    return less if is_wrong(less) else day


def is_wrong(day: Day) -> bool:
    """Tell whether a day comes out wrong."""
    try:
        check(day, Random(0))
    except Wrong:
        return True
    return False
