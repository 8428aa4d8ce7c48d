"""Bugs of a backend: energies, their status, local days, and what is corrected later."""

from __future__ import annotations

from bites.mutant import mutant

from backend.adapters import (
    corrections,
    dispatch,
    energies,
    files,
    known,
)
from backend.core import corrections as core_corrections
from backend.core import (
    days,
    exports,
    intervals,
    plain,
    readings,
)
from backend.core.formats import cells, series_csv
from backend.core.formats import ise_timeseries_csv as csv

FLOAT32 = "__import__('struct').unpack('f', __import__('struct').pack('f', wh))[0]"


ENERGIES = (
    mutant(
        "each interval is rounded by itself, not the register",
        "ISE-18",
        "sum to 1.001 kWh",
        (
            intervals.make_intervals,
            "steps = rounded[index + 1] - rounded[index] - lost.get(index, 0)",
            "a, b = _rounded_at(register, (start, end), 9)\n"
            "        steps = _rounded(Fraction(b - a, 10**6), decimals)",
        ),
        only="thirds",
    ),
    mutant(
        "registers are floats of single precision, seven digits",
        "ISE-18",
        "sum to",
        (intervals._rounded, "(2 * wh * scale", f"(2 * Fraction({FLOAT32}) * scale"),
        only="thirds",
    ),
    mutant(
        "registers are floats, and are cut off instead of rounded",
        "ISE-18",
        "sum to",
        (
            intervals._rounded,
            "return (2 * wh * scale + 1000) // 2000",
            "return int(float(wh) / 1000 * scale)",
        ),
        only="thirds",
    ),
    mutant(
        "halves are rounded to the even digit",
        "ISE-18",
        "EW Seedorf holds for",
        (
            intervals._rounded,
            "return (2 * wh * scale + 1000) // 2000",
            "return round(wh*scale/1000)",
        ),
        only="half_a_watt_hour",
    ),
    mutant(
        "rows bear the start of their interval",
        "ISE-02",
        "EW Seedorf holds for",
        (cells.stamp_of, 'row.end if layout.stamp == "end" else row.start', "row.start"),
        only="registers_difference_stands",
    ),
    mutant(
        "rows of zero are left out",
        "ISE-03",
        "EW Seedorf holds 96 values",
        (
            energies._interval_series,
            "if (ended := series.ended_by(until)).energies:",
            "if any((ended := series.ended_by(until)).energies):",
        ),
        only="without_charging",
    ),
    mutant(
        "estimated energy is put into the last interval instead of spread",
        "ISE-17",
        "EW Seedorf holds for",
        (
            intervals._between,
            "return Fraction(before.wh) + share",
            "return Fraction(before.wh) + 0",
        ),
    ),
    mutant(
        "the interval setting is ignored",
        "ISE-01",
        "values for",
        (
            energies._interval_series,
            "grids[length] = grid(period.start, period.end, length)",
            "grids[length] = grid(period.start, period.end, 15)",
        ),
        only="60-24",
    ),
    mutant(
        "the time of arrival is taken for the time of measuring",
        "ISE-02",
        "EW Seedorf holds for",
        (
            readings._meter_values,
            'read_instant(message, meter_value.get("timestamp"), f"{where}.timestamp")',
            "message.received",
        ),
        (plain._read, "plain_instant(each.timestamp, received)", "received"),
        only="comes_late",
    ),
    mutant(
        "rows are stamped a second before the end of their interval",
        "ISE-02",
        "EW Seedorf holds",
        (
            cells.stamp_of,
            'row.end if layout.stamp == "end" else row.start',
            "row.end - __import__('datetime').timedelta(seconds=1)",
        ),
        only="registers_difference_stands",
    ),
)

STATUS = (
    mutant(
        "the status is always W",
        "ISE-16",
        "EW Seedorf holds for",
        (series_csv._Writer._lines_with, '"status": status.value', '"status": "W"'),
        only="turns_missing_into_estimated",
    ),
    mutant(
        "what is missing is delivered as 0 with status W",
        "ISE-16",
        "EW Seedorf holds for",
        (
            intervals.make_intervals,
            "status = RULES[rule][0]",
            "status = RULES[rule][0]\n        if status is Status.MISSING: status = Status.TRUE",
        ),
        only="without_a_later_register",
    ),
    mutant(
        "an outage over a session is filled in as if it were measured",
        "ISE-16",
        "EW Seedorf holds for",
        (intervals._rule_of_pair, 'return "interpolated"', 'return "measured"'),
        only="turns_missing_into_estimated",
    ),
    mutant(
        "the zeros of an outage are delivered as measured",
        "ISE-16",
        "EW Seedorf holds for",
        (intervals._rule_of_pair, 'else "idle-proven"', 'else "idle-online"'),
        only="offline_and_idle",
    ),
    mutant(
        "registers that cannot be read are taken for silence",
        "ISE-16",
        "EW Seedorf holds for",
        (
            known.known_by_id,
            "meter_values.unread_instants(connection, number, start, end)",
            "()",
        ),
        only="decimal comma",
    ),
)

DAYS = (
    mutant(
        "days are days of UTC",
        "ISE-19",
        "values for",
        (
            days.day_bounds,
            "return local_instant(day, time()), local_instant(day + _DAY, time())",
            "start = datetime.combine(day, time(), UTC)\n    return start, start + _DAY",
        ),
        only="1 June",
    ),
    mutant(
        "every day has 96 quarter hours",
        "ISE-19",
        "values for",
        (days.day_bounds, "local_instant(day + _DAY, time())", "local_instant(day, time()) + _DAY"),
        only="30 March",
    ),
    mutant(
        "October's doubled hour is sorted by its labels",
        "ISE-19",
        "EW Seedorf holds 100 values",
        (
            csv.write,
            "lines += _lines_of(series, layout, gaps)",
            "lines += sorted(_lines_of(series, layout, gaps), key=lambda x: x.split(';')[2])",
        ),
        only="26 October",
    ),
    mutant(
        "October's second hour takes the place of the first",
        "ISE-19",
        "values for",
        (
            csv.write,
            "lines += _lines_of(series, layout, gaps)",
            "lines += {x.split(';')[2]: x for x in _lines_of(series, layout, gaps)}.values()",
        ),
        only="26 October",
    ),
)

REVISIONS = (
    mutant(
        "late readings are not looked for",
        "ISE-20",
        "holds what its meter counted in it",
        (corrections.Corrections._look_at, "if not since:", "if since:"),
        only="session_comes_to_light",
    ),
    mutant(
        "readings are compared with what the day began with, not with what was told",
        "ISE-20",
        "1 file arrives at EW Seedorf",
        (
            core_corrections.changed,
            "(before := told.get(each.start)) is not None",
            "(before := next(iter(told.values()))) is not None",
        ),
        only="said_again",
    ),
    mutant(
        "a correction holds the whole day",
        "ISE-20",
        "nothing that was known before",
        (
            corrections._new_of,
            "return Correction(activation, new)",
            "return Correction(activation, intervals)",
        ),
        only="two_portions",
    ),
    mutant(
        "a correction bears the name of the file that it corrects",
        "ISE-20",
        "later name",
        (
            files.Files._named,
            "now if last is None or last < now else last + _SECOND",
            "now if last is None else last",
        ),
        only="session_comes_to_light",
    ),
    mutant(
        "in October the second hour at two o'clock is corrected by a label of the first",
        "ISE-20",
        "EW Seedorf holds for",
        (csv.stand_alone, "return False", "pass"),
        (csv._lines_of, "instant_of(label, layout, previous, where) != stamp", "False"),
        only="second_hour",
    ),
    mutant(
        "a period is sent before all values are there",
        "AEX-14",
        "no file had arrived",
        (dispatch.Dispatch._lacks, "if series.lacks_any:", "if False:"),
        only="keeps_the_file_back",
    ),
    mutant(
        "a period that lacks values is given up",
        "AEX-14",
        "1 file arrives",
        (
            dispatch.Dispatch._is_ready,
            "is not None and await self._heard(lacking.made_of, heard) == lacking.heard:",
            "is not None:",
        ),
        only="keeps_the_file_back",
    ),
    mutant(
        "twelve hours after the end are noon",
        "AEX-15",
        "1 file arrives",
        (
            exports.due_at,
            "period.end + LATER",
            "days.local_instant(days.local_day_of(period.end), time(12))",
        ),
        only="25 October",
    ),
    mutant(
        "all tasks begin at one moment",
        "AEX-16",
        "different minutes",
        (exports.spread, "zlib.crc32(name.encode()) % seconds", "0"),
        only="3 June",
    ),
    mutant(
        "a start date in the past is passed over",
        "AEX-17",
        "5 files arrive",
        (dispatch.Dispatch._start_of, "first = task.start", "first = None"),
        only="day_by_day",
    ),
    mutant(
        "days that are made in one second bear one creation",
        "AEX-17",
        "later name",
        (files.Files._named, "last + _SECOND", "last"),
        only="day_by_day",
    ),
    mutant(
        "parts of a day are parts of the UTC day",
        "ISE-01",
        "files of the day",
        (
            days.part_of_day,
            "[*(local_instant(day, time(hour)) for hour in hours), day_bounds(day)[1]]",
            "[\n        datetime.combine(instant.date(), time(), UTC) + _HOUR * hour\n"
            "        for hour in (*hours, 24)\n    ]",
        ),
        only="26 October 2025-12 h",
    ),
)
