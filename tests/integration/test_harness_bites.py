"""
Does the harness bite? Bugs that real systems have had, put into what is under test one by one.

Each mutant is a few signs of code of the backend, or of the emulated charger where that is under
test, exchanged in this process; the bundled scenarios of a requirement must fail because of it, in
a Then, at the sentence that is about it.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_bdd.parser import Step
from pytest_bdd.scenario import make_python_name
from support.inner_pytest import run_within

from backend.adapters import (
    card_energies,
    cards,
    corrections,
    dispatch,
    drop_ftp,
    drop_sftp,
    energies,
    files,
    gateways,
    known,
    ledger,
    lines,
    ocpp_answers,
    ocpp_commands,
    ocpp_json,
    ocpp_schemas,
    private_keys,
    registration,
    sealing,
    upload,
)
from backend.core import (
    card_energy,
    cross_check,
    day_values,
    days,
    explain,
    exports,
    file_names,
    id_tags,
    intervals,
    local_list,
    meter_difference,
    metering_code,
    obis_tables,
    plain,
    quantities,
    readings,
    registers,
    sg_counters,
    sg_profile,
    sg_push,
    sg_registers,
    standings,
    timestamps,
)
from backend.core import corrections as core_corrections
from backend.core.declaration import Declaration
from backend.core.formats import cells, esl_xml, layout, mscons, obis_csv, series_csv
from backend.core.formats import forms as forms_of_files
from backend.core.formats import ise_timeseries_csv as csv
from backend.settings import Settings, destinations
from backend.web import api, forms
from harness.catalogue import BUNDLED_FEATURES, load_scenarios
from harness.errors import Disagreement
from harness.target import CENTRAL_SYSTEM, NOT_YET_COVERED
from simulators.charger_inch import (
    authority,
    connector,
    device,
    maintenance,
    measurements,
    metering,
    outbox,
    reservations,
    smart_charging,
)

pytest_plugins = ["pytester"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "verdicts.md"
JUDGED = ("ISE", "AEX", "FMT", "DLV", "COL")
"""Areas whose requirements judge the backend; INC judges the charger, HAR the harness."""
NOT_HERE = "killed"
"""In the names of scenarios whose backend is a process of its own, which no mutant reaches."""
TALK = drop_ftp._Talk
UPLOAD = upload.Upload
PROBE = upload.Probe


@dataclass(frozen=True, slots=True)
class Edit:
    """
    A change of one function.

    Attributes:
        function: which.
        changes: what stands there, once, and what the mutant has in its place.
    """

    function: Callable[..., Any]
    changes: tuple[tuple[str, str], ...]

    def code(self) -> object:
        """Give the function's code with the changes."""
        source = textwrap.dedent(inspect.getsource(self.function))
        begin = re.search(r"^(?:async )?def ", source, re.MULTILINE)
        assert begin is not None
        source = source[begin.start() :]
        for old, new in self.changes:
            assert 1 == source.count(old), f"{self.function.__qualname__}: {old!r} is not there"
            source = source.replace(old, new)
        there = dict(self.function.__globals__)
        exec(compile(source, "<mutant>", "exec"), there)
        changed: Callable[..., Any] = there[self.function.__name__]
        return changed.__code__


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    A bug of a backend, and what must find it.

    Attributes:
        bug: in words.
        requirement: whose scenarios must fail.
        sentence: what the Then that must fail holds.
        edits: the bug in code.
        only: what the names of the scenarios that are run hold; all of the requirement's without.
    """

    bug: str
    requirement: str
    sentence: str
    edits: tuple[Edit, ...]
    only: str = ""

    def is_about(self, item: pytest.Item) -> bool:
        """Tell whether a scenario is one that is run against this mutant."""
        mine = any(
            mark.kwargs["id"] == self.requirement for mark in item.iter_markers("requirement")
        )
        return mine and self.only in item.name and NOT_HERE not in item.name

    def put_in_force(self, patch: pytest.MonkeyPatch) -> None:
        """Exchange the code, wherever the functions are known by now."""
        for edit in self.edits:
            patch.setattr(edit.function, "__code__", edit.code())


def _mutant(
    bug: str, requirement: str, sentence: str, *edits: tuple[Any, str, str], only: str = ""
) -> Mutant:
    changes: dict[Callable[..., Any], tuple[tuple[str, str], ...]] = {}
    for at, old, new in edits:
        function = getattr(at, "fget", at)  # a property is what it is read with
        changes[function] = (*changes.get(function, ()), (old, new))
    made = tuple(Edit(function, each) for function, each in changes.items())
    return Mutant(bug, requirement, sentence, made, only)


FLOAT32 = "__import__('struct').unpack('f', __import__('struct').pack('f', wh))[0]"

ENERGIES = (
    _mutant(
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
    _mutant(
        "registers are floats of single precision, seven digits",
        "ISE-18",
        "sum to",
        (intervals._rounded, "(2 * wh * scale", f"(2 * Fraction({FLOAT32}) * scale"),
        only="thirds",
    ),
    _mutant(
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
    _mutant(
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
    _mutant(
        "rows bear the start of their interval",
        "ISE-02",
        "EW Seedorf holds for",
        (cells.stamp_of, 'row.end if layout.stamp == "end" else row.start', "row.start"),
        only="registers_difference_stands",
    ),
    _mutant(
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
    _mutant(
        "estimated energy is put into the last interval instead of spread",
        "ISE-17",
        "EW Seedorf holds for",
        (
            intervals._between,
            "return Fraction(before.wh) + share",
            "return Fraction(before.wh) + 0",
        ),
    ),
    _mutant(
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
    _mutant(
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
)

STATUS = (
    _mutant(
        "the status is always W",
        "ISE-16",
        "EW Seedorf holds for",
        (series_csv._Writer._lines_with, '"status": status.value', '"status": "W"'),
        only="turns_missing_into_estimated",
    ),
    _mutant(
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
    _mutant(
        "an outage over a session is filled in as if it were measured",
        "ISE-16",
        "EW Seedorf holds for",
        (intervals._rule_of_pair, 'return "interpolated"', 'return "measured"'),
        only="turns_missing_into_estimated",
    ),
    _mutant(
        "the zeros of an outage are delivered as measured",
        "ISE-16",
        "EW Seedorf holds for",
        (intervals._rule_of_pair, 'else "idle-proven"', 'else "idle-online"'),
        only="offline_and_idle",
    ),
    _mutant(
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
    _mutant(
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
    _mutant(
        "every day has 96 quarter hours",
        "ISE-19",
        "values for",
        (days.day_bounds, "local_instant(day + _DAY, time())", "local_instant(day, time()) + _DAY"),
        only="30 March",
    ),
    _mutant(
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
    _mutant(
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
    _mutant(
        "late readings are not looked for",
        "ISE-20",
        "holds what its meter counted in it",
        (corrections.Corrections._look_at, "if not since:", "if since:"),
        only="session_comes_to_light",
    ),
    _mutant(
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
    _mutant(
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
    _mutant(
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
    _mutant(
        "in October the second hour at two o'clock is corrected by a label of the first",
        "ISE-20",
        "EW Seedorf holds for",
        (csv.stand_alone, "return False", "pass"),
        (csv._lines_of, "instant_of(label, layout, previous, where) != stamp", "False"),
        only="second_hour",
    ),
    _mutant(
        "a period is sent before all values are there",
        "AEX-14",
        "no file had arrived",
        (dispatch.Dispatch._lacks, "if series.lacks_any:", "if False:"),
        only="keeps_the_file_back",
    ),
    _mutant(
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
    _mutant(
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
    _mutant(
        "all tasks begin at one moment",
        "AEX-16",
        "different minutes",
        (exports.spread, "zlib.crc32(name.encode()) % seconds", "0"),
        only="3 June",
    ),
    _mutant(
        "a start date in the past is passed over",
        "AEX-17",
        "5 files arrive",
        (dispatch.Dispatch._start_of, "first = task.start", "first = None"),
        only="day_by_day",
    ),
    _mutant(
        "days that are made in one second bear one creation",
        "AEX-17",
        "later name",
        (files.Files._named, "last + _SECOND", "last"),
        only="day_by_day",
    ),
    _mutant(
        "parts of a day are parts of the UTC day",
        "ISE-01",
        "files of the day",
        (days.part_of_day, "day = local_day_of(instant)", "day = instant.date()"),
        only="26 October 2025-12 h",
    ),
)

ACTIVATION = (
    _mutant(
        "a charger that is not activated is exported, too",
        "ISE-15",
        "no file tells anything of",
        (
            Settings.activations_of,
            "(one, one.activation)",
            "(one, one.activation or Activation(one.identity, 'CH' + 31 * '0', '1-1:1.29.0'))",
        ),
        (Settings.activations_of, " if one.activation is not None", ""),
        only="in_no_file",
    ),
    _mutant(
        "rows bear another charger's metering code",
        "ISE-06",
        "Bahnhof",
        (
            energies.chosen_of,
            "for source, activation in activations:",
            "for (source, _), (_, activation) in zip(activations, activations[::-1]):",
        ),
    ),
    _mutant(
        "the OBIS code of the activation is ignored",
        "ISE-15",
        "begins with",
        (series_csv.shown_name, "series.activation.obis", "'1-1:1.29.0*255'"),
        only="three_fields",
    ),
    _mutant(
        "a metering code is not checked",
        "FMT-10",
        "the settings are refused",
        (metering_code.check_metering_code, "if len(text) != LENGTH:", "return text\n    if 1:"),
        only="position 22",
    ),
)

COLLECTING = (
    _mutant(
        "a MeterValues that deviates is confirmed and dropped",
        "COL-02",
        "EW Seedorf holds for",
        (
            ocpp_answers._meter_values,
            "reception.leniencies, reception.meter_values)",
            "reception.leniencies, () if reception.leniencies else reception.meter_values)",
        ),
        only="no unit",
    ),
    _mutant(
        "a MeterValues that deviates is answered with an error",
        "COL-02",
        "was confirmed",
        (
            ocpp_answers._meter_values,
            "return Answer(",
            "return Refusal(CallErrorCode.FORMATION_VIOLATION, 'no') if reception.leniencies else "
            "Answer(",
        ),
        only="no unit",
    ),
    _mutant(
        "a StopTransaction that nobody knows is refused",
        "COL-02",
        "was confirmed",
        (
            ocpp_answers._stop_transaction,
            "return Answer(odd",
            "return Refusal(CallErrorCode.INTERNAL_ERROR, 'unknown') if report.transaction > 1000"
            " else Answer(odd",
        ),
        only="nobody_knows",
    ),
    _mutant(
        "a StopTransaction that nobody knows is confirmed and dropped",
        "COL-02",
        "EW Seedorf holds for",
        (
            ocpp_answers._stop_transaction,
            "frame_id, told)",
            "frame_id, [] if report.transaction > 1000 else told)",
        ),
        only="nobody_knows",
    ),
    _mutant(
        "a register without unit is read as kWh",
        "COL-02",
        "EW Seedorf holds for",
        (quantities._default_unit, "_UNITS[message.profile.default_energy_unit]", "_UNITS['kWh']"),
        only="no unit",
    ),
    _mutant(
        "the offset of a timestamp is cut off",
        "COL-02",
        "EW Seedorf holds for",
        (
            timestamps._instant_of,
            'naive += offset if match["sign"] == "-" else -offset',
            "pass",
        ),
        only="an offset",
    ),
)

FIELD_FAULTS = (
    _mutant(
        "a time ahead of its reception is believed",
        "COL-03",
        "EW Seedorf holds for",
        (timestamps.read_instant, "if instant - message.received > _AHEAD:", "if False:"),
        (timestamps.plain_instant, " and instant - received <= _AHEAD", ""),
        only="test_f54_",
    ),
    _mutant(
        "the second hour at the end of summer time is read as the first",
        "COL-03",
        "labelled 02:15 are",
        (timestamps._instant_of_naive, "fold=1", "fold=0"),
        only="test_f63_",
    ),
    _mutant(
        "a register that contradicts the power is billed",
        "COL-03",
        "EW Seedorf holds for",
        (cross_check.contradicted, "in contradictions(register, powers)", "in ()"),
        only="test_f24_the_register",
    ),
    _mutant(
        "a register that sticks counts where another message tells its course",
        "COL-03",
        "EW Seedorf holds for",
        (registers._is_above, "return alike", "return False"),
        only="test_f48_",
    ),
    _mutant(
        "what a start shows where the register begins anew is set aside",
        "COL-03",
        "EW Seedorf holds for",
        (registers._begins_after, "start.context != BEGIN", "True"),
        only="test_f32_",
    ),
)

FILES = (
    _mutant(
        "the separator is a semicolon, whatever is set",
        "FMT-08",
        "the file shows",
        (cells.line_of, "layout.separator.join", "';'.join"),
        (cells.header_of, "layout.separator.join", "';'.join"),
        only="separator",
    ),
    _mutant(
        "the decimal mark is a point, whatever is set",
        "FMT-08",
        "the file shows",
        (cells.value_text, '.replace(".", layout.decimal_mark)', ""),
        only="decimal_mark",
    ),
    _mutant(
        "energies have three decimals, whatever is set",
        "FMT-08",
        "the file shows",
        (files.Files.series_of, "self._settings.format_of(task).form.decimals", "3"),
        (cells.value_text, "row, layout.decimals,", "row, 3,"),
        only="decimals",
    ),
    _mutant(
        "energies are rounded to three decimals and written with six",
        "FMT-08",
        "holds what its meter counted in it",
        (files.Files.series_of, "self._settings.format_of(task).form.decimals", "3"),
        only="decimals",
    ),
    _mutant(
        "the file is UTF-8 without a mark, whatever is set",
        "FMT-08",
        "the file shows",
        (cells.file_of, ".encode(layout.encoding)", ".encode()"),
        (series_csv._Writer.lines, "before.encode(self._encoding)", "before.encode()"),
        only="encoding",
    ),
    _mutant(
        "the line end is that of Windows, whatever is set",
        "FMT-08",
        "the file shows",
        (cells.file_of, "line + layout.line_end", "line + '\\r\\n'"),
        only="line_end",
    ),
    _mutant(
        "there is always a header",
        "FMT-08",
        "the file shows",
        (csv.write, "if layout.header else []", ""),
        only="header",
    ),
    _mutant(
        "the zone is always the local one",
        "FMT-08",
        "the file shows",
        (days.to_label, "if zone == LOCAL else instant.astimezone(UTC)", ""),
        (
            days.from_utc_label,
            "_naive_of_label(text, form).replace(tzinfo=UTC)",
            "from_label(text, form, None)",
        ),
        only="zone-utc",
    ),
    _mutant(
        "rows bear the end of their interval, whatever is set",
        "FMT-08",
        "the file shows",
        (cells.stamp_of, 'row.end if layout.stamp == "end" else row.start', "row.end"),
        only="stamp",
    ),
    _mutant(
        "there is one file a task, whatever is set",
        "FMT-08",
        "files arrive",
        (exports.parts_of, 'if files == "task"', "if True"),
        only="one_file_a_meter",
    ),
    _mutant(
        "energies are written in Wh",
        "ISE-05",
        "its line for 14:15",
        (cells.line_of, '"unit": unit_of(row.obis)', '"unit": "Wh"'),
        only="file_type_is_csv",
    ),
    _mutant(
        "the name of a file bears local time, which runs backwards once a year",
        "ISE-05",
        "a file",
        (
            file_names.file_name,
            "created.astimezone(UTC)",
            "created.astimezone(__import__('zoneinfo').ZoneInfo('Europe/Zurich'))",
        ),
        only="file_type_is_csv",
    ),
    _mutant(
        "in October the second hour at two o'clock is read as the first",
        "FMT-12",
        "it tells 100 values",
        (mscons._Reader._local, "at < self.last_local", "False"),
        only="clock_is_changed",
    ),
    _mutant(
        "a wrong count in UNT is passed over in silence",
        "FMT-12",
        "the reader says",
        (mscons._Reader.end_message, "said != str(count)", "False"),
        only="counts its segments wrongly",
    ),
    _mutant(
        "receipts of earlier days are found for a day",
        "DLV-08",
        "the operator finds",
        (ledger.find_receipts, "table.first_at < end, ", ""),
    ),
    _mutant(
        "a receipt tells of one try",
        "DLV-08",
        "the receipts",
        (ledger.keep_arrival, '"tries": tries', '"tries": 1'),
    ),
    _mutant(
        "port 990 is spoken to in the clear at first",
        "AEX-02",
        "its encryption begins",
        (destinations._security, "port == _IMPLICIT_PORT", "False"),
        only="drop.example:990",
    ),
    _mutant(
        "FTPS protects the commands and not the files",
        "AEX-18",
        "1 file arrives",
        (TALK.log_in, 'self.voidcmd("PROT P")', 'self.voidcmd("PROT C")'),
        only="[FTPS]",
    ),
    _mutant(
        "a failed delivery is tried again each minute",
        "DLV-02",
        "EW Seedorf was tried at",
        (dispatch.pause_after, "min(tries, len(PAUSES_MINUTES)) - 1", "0"),
        only="pauses_that_grow",
    ),
    _mutant(
        "a later file overtakes one that failed",
        "DLV-02",
        "only the first was tried",
        (
            ledger._undelivered,
            "delivery.c.state.in_(_UNDELIVERED))",
            "delivery.c.state.in_(_UNDELIVERED), delivery.c.tries == 0)",
        ),
        only="later_file",
    ),
    _mutant(
        "the files of the next day do not wait for one that was refused",
        "DLV-02",
        "none of the next day",
        (
            ledger.next_deliveries,
            "undelivered.where(export_id == head.expected_export_id, revision == head.revision)",
            "undelivered",
        ),
        only="keeps_no_other_of_its_day_and_all_of_the_next[SFTP]",
    ),
    _mutant(
        "a file that is refused keeps the others of its day",
        "DLV-02",
        "the file of the day has arrived",
        (dispatch.Round.has_failed, "type(error) not in _OF_ONE_FILE", "True"),
        (dispatch._keeping_others, "one.cause not in _CAUSES_OF_ONE_FILE", "True"),
        only="keeps_no_other_of_its_day_and_all_of_the_next[SFTP]",
    ),
    _mutant(
        "each file has a login of its own",
        "DLV-02",
        "EW Seedorf was tried at",
        (lines.Way._put_back, "if self._idle and line in", "if False and line in"),
        only="need_one_login[FTP]",
    ),
    _mutant(
        "what an operator has stopped is tried again",
        "DLV-02",
        "EW Seedorf was tried at",
        (
            dispatch._is_stopped,
            "one.state in (STOPPED, HELD)",
            "one.state == STOPPED",
        ),
        (ledger.outgoing, "head.state != WAITING", "head.state == STOPPED"),
        only="operator_stops",
    ),
    _mutant(
        "a changed certificate is taken for the pinned one",
        "DLV-04",
        "0 files arrive",
        (TALK._wrapped, "if shown != pinned", "if False"),
        only="certificate-FTPS",
    ),
    _mutant(
        "a changed host key is tried again and again",
        "DLV-04",
        "the task has stopped",
        (dispatch._stops, "isinstance(error, CertificateChanged | HostKeyChanged)", "False"),
        only="host key-SFTP",
    ),
    _mutant(
        "data connections begin a TLS session of their own",
        "DLV-05",
        "1 file arrives",
        (TALK.ntransfercmd, "self._tls_session()", "None"),
        only="session_reuse",
    ),
    _mutant(
        "the address that PASV names is believed",
        "DLV-05",
        "1 file arrives",
        (TALK.makepasv, "_, port = ftplib.parse227", "address, port = ftplib.parse227"),
        (TALK.makepasv, "return peer[0], port", "return address, port"),
        only="FTP-PASV",
    ),
    _mutant(
        "a full disk is told as a broken line",
        "DLV-06",
        "the delivery waits because",
        (drop_ftp._refusal, "code in (451, 452, 552)", "code in ()"),
        (drop_ftp._refusal, "code in (425, 426)", "code in (425, 426, 452)"),
        only="FTP-full-disk",
    ),
    _mutant(
        "a sealed secret opens in any place",
        "DLV-07",
        "the settings are refused",
        (sealing.Keys.seal, "secret.encode(), place.encode()", "secret.encode(), b''"),
        (sealing.Keys.open, "rest, place.encode()", "rest, b''"),
        only="copied_from_another",
    ),
    _mutant(
        "the password of a login is logged",
        "DLV-07",
        "the password stands in none",
        (
            TALK.log_in,
            'self.voidcmd(f"PASS {to.secret}")',
            'self.voidcmd(f"PASS {to.secret}"), __import__("logging").debug(to.secret)',
        ),
        only="[FTP]",
    ),
    _mutant(
        "the test of a connection leaves its file behind",
        "ISE-13",
        "nothing else lies in the drop folder",
        (PROBE.try_out, "await self.session.remove(self.renamed)", "pass"),
        only="server_works",
    ),
    _mutant(
        "the test of a connection does not rename",
        "ISE-13",
        "the test fails at",
        (PROBE.try_out, "await self._try_rename(done)", "self.name += '.renamed'"),
        only="refused-rename",
    ),
    _mutant(
        "a wrong passphrase is told as a file that is not supported",
        "AEX-19",
        "the settings are refused",
        (private_keys._why_closed, "if not box.opens:", "if box.opens:"),
        only="wrong_passphrase",
    ),
    _mutant(
        "a key that the server refused is told as a wrong password",
        "AEX-19",
        "the operator reads",
        (drop_sftp._login_refused, "if destination.key is not None:", "if False:"),
        only="wrong_key_is_told",
    ),
    _mutant(
        "the password alone is offered",
        "AEX-19",
        "1 file arrives",
        (drop_sftp._ways_to_log_in, '("publickey",)', "()"),
        only="des-ede3-cbc",
    ),
    _mutant(
        "a decimal comma is written between commas",
        "FMT-09",
        "read back the same",
        (cells.value_text, 'replace(".", layout.decimal_mark)', 'replace(".", "")'),
        only="whatever_it_is",
    ),
    _mutant(
        "MSCONS tells a missing value as a true zero",
        "FMT-09",
        "the first file told of",
        (mscons.amount, "_QUALIFIERS[row.status]", "'220'"),
        only="comes_to_light",
    ),
    _mutant(
        "MSCONS tells an estimated value as a true one",
        "FMT-09",
        "read back the same",
        (
            mscons.amount,
            "_QUALIFIERS[row.status]",
            "_QUALIFIERS[row.status].replace('67', '220')",
        ),
        only="whatever_it_is",
    ),
    _mutant(
        "MSCONS 2.4a has local times",
        "FMT-09",
        "the file shows",
        (mscons._moment, "if form.is_utc else days", "if False else days"),
        only="arrives_as_mscons",
    ),
    _mutant(
        "a formula is accepted in the name of a task",
        "FMT-11",
        "the files keep their form",
        (
            file_names.check_name,
            "if character not in _SAFE",
            "if character not in _SAFE | set('@()')",
        ),
        only="an at sign",
    ),
    _mutant(
        "a path is accepted in the name of a task",
        "FMT-11",
        "the files keep their form",
        (
            file_names.check_name,
            "for position, character",
            "return text\n    for position, character",
        ),
        (upload.Courier.deliver, 'if "/" in name or', "if"),
        only="a way up",
    ),
    _mutant(
        "a formula is accepted as metering code",
        "FMT-11",
        "the files keep their form",
        (metering_code.check_metering_code, "if len(text) != LENGTH:", "return text\n    if 1:"),
        (layout.check_cell, "if text[0] in _FORMULA", "if False"),
        only="a formula-code",
    ),
)

DELIVERING = (
    _mutant(
        "a file is uploaded under its final name",
        "DLV-01",
        "at no moment",
        (UPLOAD.temporary, 'self.destination.temporary.replace("{name}", self.name)', "self.name"),
        (UPLOAD._rename, "await self.session.rename(self.temporary, self.name)", "pass"),
        only="only_when_it_is_complete",
    ),
    _mutant(
        "each try has a temporary file of its own, and leaves it behind",
        "DLV-01",
        "nothing else lies in the drop folder",
        (UPLOAD.temporary, '("{name}", self.name)', '("{name}", f"{self.name}.{id(self)}")'),
        only="left_behind",
    ),
    _mutant(
        "a delivery counts as done although its upload broke",
        "DLV-01",
        "1 file arrives",
        (
            dispatch.Dispatch._try,
            "await self._keep_failure(head, tries, error.cause, str(error), stops)",
            "there = __import__('backend').ports.Arrival(head.name, None, False)\n"
            "        await self._store.write(lambda connection: ledger.keep_arrival("
            "connection, head, tries, '', there, self._clock.now()))",
        ),
        only="left_behind",
    ),
    _mutant(
        "an upload to a full disk is renamed without a look at its size",
        "DLV-01",
        "EW Seedorf holds 96 values",
        (drop_sftp._Session.write, "except _BareFailure as failure:", "except DeliveryError:"),
        (
            drop_sftp._Session.write,
            "await self._explain_bare_failure(failure, len(content))",
            "pass",
        ),
        (UPLOAD.run, "await self._check(self.temporary)", "pass"),
        only="disk_that_is_full",
    ),
    _mutant(
        "a rename whose answer is lost is tried again under another name",
        "DLV-03",
        "1 file arrives",
        (
            UPLOAD.run,
            "return await self._compare(size_bytes)",
            "self.name = self.name.replace('.csv', '_2.csv')",
        ),
        only="answer_to_the_rename",
    ),
    _mutant(
        "a file is made anew, with a new name, for each try",
        "DLV-03",
        "1 file arrives",
        (
            ledger.outgoing,
            "row.name, row.content",
            "row.name.replace('_1.', f'_{row.tries + 1}.'), row.content",
        ),
        only="answer_to_the_rename",
    ),
    _mutant(
        "what is answered with OK is renamed without a look at its size",
        "DLV-01",
        "each delivery ends with one right file",
        (UPLOAD.run, "await self._check(self.temporary)", "pass"),
        only="FTP-uploading",
    ),
    _mutant(
        "the final name is not looked at before an upload, and a second copy is left beside it",
        "DLV-03",
        "each delivery ends with one right file",
        (UPLOAD.temporary, '("{name}", self.name)', '("{name}", f"{self.name}.{id(self)}")'),
        (UPLOAD.run, "is not None:", "is not None and self.destination.is_direct:"),
        (UPLOAD._explain_rename, "await self._tidy()", "pass"),
        only="FTP-renaming",
    ),
    _mutant(
        "a goodbye that is not answered makes a failure of an arrival",
        "DLV-06",
        "the status of the task told the cause",
        (upload.Courier._deliver, "if arrival is not None:", "if False:"),
        only="FTP-renaming",
    ),
    _mutant(
        "a line that ends before its TLS is told as a failure of TLS",
        "DLV-06",
        "the status of the task told the cause",
        (TALK._wrapped, "raise EOFError from None", 'raise _NoTls("no handshake") from None'),
        only="implicit FTPS-connecting",
    ),
    _mutant(
        "files go to the login folder, not to the account's",
        "ISE-04",
        "1 file arrives",
        (drop_sftp._Session.__init__, "destination.folder or", ""),
    ),
)

CARDS = (
    _mutant(
        "a card is known only with its bytes in the order in which it was entered",
        "INC-06",
        "has authorised the idTag",
        (id_tags.find_card, "other is not None and other in known", "False"),
    ),
)

IN_ORDER = "has said, in this order"


def _case(bug: str, case: str, *edits: tuple[Any, str, str], sentence: str = IN_ORDER) -> Mutant:
    """Give a bug that a compliance case must find."""
    return _mutant(bug, "HAR-08", sentence, *edits, only=f"test_{case.lower()}_")


CHARGERS = (
    _case(
        "a session ends with Finishing, and without a StopTransaction",
        "TC_012_CS",
        (
            connector.Connector._stop,
            'self._outbox.add_of_transaction(Message("StopTransaction", stop, transaction))',
            "pass",
        ),
    ),
    _case(
        "clock-aligned values are taken a second off the grid",
        "TC_071_CS",
        (metering.next_on_grid, "return min(", "return timedelta(seconds=1) + min("),
        sentence="lie on the grid of 20 s",
    ),
    _case(
        "sampled values come a second late each",
        "TC_070_CS",
        (metering.Metering.plan_samples, "seconds=interval_s)", "seconds=interval_s + 1)"),
        sentence="bear times 60 s apart",
    ),
    _case(
        "what was measured without a line is told in reverse",
        "TC_036_CS",
        (
            outbox.Outbox.add_of_transaction,
            "self._transactions.append(self._numbered(message))",
            "self._transactions.insert(0, self._numbered(message))",
        ),
        sentence="bear times 60 s apart",
    ),
    _case(
        "a charger that is rejected goes on as if it were accepted",
        "TC_001_CS",
        (
            device.Device._on_boot_answer,
            '_Registration(payload["status"])',
            '_Registration("Accepted")',
        ),
    ),
    _case(
        "a charger that is rejected does not wait as long as it was told",
        "TC_001_CS",
        (device.Device._on_boot_answer, "seconds=wait_s", "seconds=1"),
    ),
    _case(
        "a Heartbeat comes every five minutes, whatever was told",
        "TC_001_CS",
        (
            device.Device._plan_heartbeat,
            'self.configuration.number("HeartbeatInterval")',
            "300",
        ),
    ),
    _case(
        "a remote start is accepted where a transaction runs",
        "TC_026_CS",
        (
            connector.Connector.refusal_of_start,
            'return "the connector is taken"',
            'return ""',
        ),
    ),
    _case(
        "a connector that is not there is unlocked",
        "TC_031_CS",
        (connector.Connector.unlock_remotely, "if connector != CONNECTOR or", "if"),
    ),
    _case(
        "being out of service is forgotten at a boot",
        "TC_013_CS",
        (
            connector.Connector.start_up,
            'self.shown = "ready"',
            "self._memory.empty(SERVICE)",
        ),
    ),
    _case(
        "a hard reset is told as a loss of power",
        "TC_015_CS",
        (device.Device.reset, 'f"{kind}Reset"', '"PowerLoss"'),
    ),
    _case(
        "a transaction does not tell whose reservation it used",
        "TC_046_1_CS",
        (
            connector.Connector._begin_transaction,
            'start["reservationId"] = reservation.number',
            "pass",
        ),
    ),
    _case(
        "a difference to an older local list is taken",
        "TC_043_2_CS",
        (authority.Authority.update, "version <= self.version", "version < 0"),
    ),
    _case(
        "a card is let in whoever the connector is reserved for",
        "TC_046_1_CS",
        (
            connector.Connector._show_card_first,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        (
            connector.Connector._accept,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
    ),
    _case(
        "a remote start is taken whoever the connector is reserved for",
        "TC_046_2_CS",
        (
            connector.Connector.refusal_of_start,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
        (
            connector.Connector._accept,
            "reservation = self.reservations.current",
            "reservation = None",
        ),
    ),
    _case(
        "any group of cards may use what is reserved for one",
        "TC_053_CS",
        (reservations.Reservation.is_for, 'group != "" and group == parent_id_tag', 'group != ""'),
    ),
    _case(
        "a reservation ends although its cancellation was refused",
        "TC_052_CS",
        (
            connector.Connector.cancel_reservation,
            "return False",
            "return bool(self.reservations.end() and False)",
        ),
        sentence="the charger has said no StartTransaction.req",
    ),
    _case(
        "a difference to the local list takes its place",
        "TC_043_CS",
        (authority.Authority.update, 'if kind == "Full":', "if True:"),
        sentence="the charger has said no Authorize.req",
    ),
    _case(
        "a card that the local list blocks is let in",
        "TC_008_CS",
        (authority.Authority.lets_in_at_once, "and info.is_good(now)", ""),
    ),
    _case(
        "firmware is fetched before the time for it",
        "TC_044_1_CS",
        (maintenance.Maintenance.update_firmware, "now if due is None else max(due, now)", "now"),
    ),
    _case(
        "a charging profile outlives the transaction that it is for",
        "TC_057_CS",
        (
            smart_charging.Profiles.end_transaction,
            "self._installed = {",
            "_ = {",
        ),
        sentence="the car has drawn on each phase",
    ),
    _case(
        "the current is told of one phase of three",
        "TC_082_CS",
        (
            measurements._current,
            "zip(_PHASES, reading.flow.currents_ma, strict=True)",
            "zip(_PHASES[:1], reading.flow.currents_ma[:1], strict=True)",
        ),
        sentence="the car has drawn on each phase",
    ),
    _case(
        "a card that the cache lets in is asked for all the same",
        "TC_007_CS",
        (
            connector.Connector._ask,
            "self._authority.lets_in_at_once(id_tag, now)",
            "False",
        ),
    ),
    _case(
        "a charging profile is accepted and not followed",
        "TC_072_CS",
        (
            connector.Connector._apply_limit,
            "self._outlet.limit_to(now, self._profiles.limit_at(now, self.transaction))",
            "pass",
        ),
        sentence="the car has drawn on each phase",
    ),
    _case(
        "times are written without their zone",
        "TC_003_CS",
        (measurements.stamp, '"+00:00", "Z"', '"+00:00", ""'),
    ),
    _case(
        "all messages bear the same id",
        "TC_003_CS",
        (device.Device._next_number, 'f"{self._calls:x}"', '"1"'),
    ),
    _case(
        "a transaction ends with less than it began with",
        "TC_012_CS",
        (connector.Connector._stop, '"meterStop": self._register_wh(now)', '"meterStop": -1'),
    ),
    _case(
        "a transaction begins with a register that is not the meter's",
        "TC_003_CS",
        (
            connector.Connector._begin_transaction,
            "self._register_wh(now) if meter_start_wh is None else meter_start_wh",
            "987654321",
        ),
    ),
    _case(
        "a transaction begins before the cable is in",
        "TC_004_1_CS",
        (
            connector.Connector._accept,
            "if self._outlet.car is not None:",
            "if True:",
        ),
    ),
    _case(
        "a card is let in from afar and never asked for",
        "TC_010_CS",
        (
            connector.Connector.start_remotely,
            "self._ask(id_tag, now, remotely=True)",
            "self._accept(self._authorize(id_tag, remotely=True), now)",
        ),
        sentence="it has asked for the card",
    ),
    _case(
        "a card of any group ends the transaction",
        "TC_069_CS",
        (connector.Connector._stop_with, "group and info.parent_id_tag == group and", "group and"),
    ),
    _case(
        "a charger that is broken charges all the same",
        "TC_041_CS",
        (connector.Connector.refusal_of_start, "if self.is_faulted or", "if"),
        (connector.Connector._accept, "if self.is_faulted or", "if"),
    ),
    _case(
        "energy flows while the charger says that it holds it back",
        "TC_037_2_CS",
        (connector.Connector._on_allowance_used, "self._outlet.switch_off(due)", "pass"),
        sentence="its register stands still",
    ),
    _case(
        "a card that nobody knows is let in without a line",
        "TC_039_CS",
        (
            authority.Authority.lets_in_offline,
            'self._configuration.is_on("AllowOfflineTxForUnknownId")',
            "True",
        ),
    ),
    _case(
        "a charger that is rejected asks for a card",
        "TC_001_CS",
        (
            device.Device._on_boot_answer,
            "wait_s = interval_s",
            "self.outbox.add(Message('Authorize', {'idTag': 'A'}))\n        wait_s = interval_s",
        ),
    ),
    _case(
        "meter values do not tell of which transaction they are",
        "TC_070_CS",
        (metering.Metering.report, 'payload["transactionId"] = None', "pass"),
        sentence="each of its meter values bears",
    ),
    _case(
        "the register is told in ampere",
        "TC_070_CS",
        (measurements._energy, '"kWh"', '"A"'),
        sentence="bear times 60 s apart",
    ),
)

CENTRAL_SYSTEMS = (
    _case(
        "a StopTransaction that comes late is answered with an error",
        "TC_039_CSMS",
        (
            ocpp_answers._stop_transaction,
            "return Answer(odd=report.reception.leniencies + odd, work=work)",
            "return Refusal(CallErrorCode.INTERNAL_ERROR, 'too late')",
        ),
    ),
    _case(
        "a card that is blocked is answered as one that nobody knows",
        "TC_023_3_CSMS",
        (
            ocpp_answers._authorize,
            '{"idTagInfo": card}',
            '{"idTagInfo": card if card["status"] != "Blocked" else {"status": "Invalid"}}',
        ),
    ),
    _case(
        "a start is answered without a transactionId",
        "TC_010_CSMS",
        (ocpp_answers._start_transaction, '{"transactionId": number, "idTagInfo"', '{"idTagInfo"'),
    ),
    _case(
        "the time that chargers are told has no zone",
        "TC_001_CSMS",
        (ocpp_answers._time, '"+00:00", "Z"', '"+00:00", ""'),
    ),
    _case(
        "all transactions have the same id",
        "TC_003_CSMS",
        (ocpp_answers._start_transaction, '{"transactionId": number', '{"transactionId": 0'),
    ),
    _case(
        "a charger that boots is told a time of long ago",
        "TC_013_CSMS",
        (
            ocpp_answers._boot_notification,
            '"currentTime": _time(sender.now)',
            '"currentTime": "1970-01-01T00:00:00.000Z"',
        ),
    ),
    _case(
        "a card that was let in is refused at the end of its session",
        "TC_053_CSMS",
        (
            ocpp_answers._stop_transaction,
            '{"idTagInfo": card}',
            '{"idTagInfo": {"status": "Invalid"}}',
        ),
    ),
    _case(
        "a charger is restarted besides what was asked for",
        "TC_018_1_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "follow = _FOLLOW.get(action)",
            "await turn.call(Action('Reset'), {'type': 'Hard'})\n    follow = _FOLLOW.get(action)",
        ),
    ),
    _case(
        "an operator is told Accepted whatever the charger answers",
        "TC_026_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "return answer",
            'return {**answer, "status": "Accepted"}',
        ),
        sentence="the operator was told Rejected",
    ),
    _case(
        "the limit of a transaction is sent without an end",
        "TC_057_CSMS",
        (
            ocpp_commands.Commands._carry_out,
            "self._lines.registrations.asked(station, action, exact)",
            "exact.get('csChargingProfiles', {}).get('chargingSchedule', {}).pop('duration', 0)",
        ),
    ),
    _case(
        "all reservations have the same id",
        "TC_051_CSMS",
        (
            ocpp_commands.Commands._reserve,
            "number = await",
            "number = 1\n    await",
        ),
    ),
    _case(
        "a local list is cut to its first card",
        "TC_043_4_CSMS",
        (
            local_list.Update.payload,
            '"localAuthorizationList": entries',
            '"localAuthorizationList": entries[:1]',
        ),
        sentence="local list holds",
    ),
    _case(
        "a local list that the charger could not take counts as taken",
        "TC_043_3_CSMS",
        (ocpp_commands._listed, "if status == ACCEPTED:", "if True:"),
    ),
)

ASKING = (
    _mutant(
        "an action that OCPP does not know is refused as one that is not supported",
        "COL-01",
        "was answered with NotImplemented",
        (ocpp_answers.answer, "CallErrorCode.NOT_IMPLEMENTED", "CallErrorCode.NOT_SUPPORTED"),
        only="that OCPP does not know",
    ),
    _mutant(
        "a heartbeat is answered without the time",
        "COL-01",
        "the backend has answered",
        (ocpp_answers._heartbeat, '{"currentTime": _time(sender.now)}', "{}"),
        only="is_answered_over_wire",
    ),
    _mutant(
        "a command is sent as its caller writes it, good or not",
        "COL-01",
        "was asked no",
        (ocpp_commands.Commands._allowed, "exact = checked(action, payload)", "exact = payload"),
        only="connectorId breaks minimum",
    ),
    _mutant(
        "a reservation is asked for under an id that is no number",
        "COL-01",
        "was asked ReserveNow",
        (
            ocpp_commands.Commands.run,
            'if action == "ReserveNow":',
            'payload = {**payload, "reservationId": 0}\n    if action == "never":',
        ),
        only="by_a_scenario_command[ReserveNow",
    ),
    _mutant(
        "limits are cut to whole amperes on their way",
        "COL-01",
        "was asked SetChargingProfile",
        (ocpp_schemas._exact, "return Decimal(str(value))", "return int(value)"),
        (
            ocpp_schemas._exact,
            "return value\n",
            "return int(value) if isinstance(value, Decimal) else value\n",
        ),
        only="by_a_scenario_command[SetChargingProfile",
    ),
    _mutant(
        "the API says Accepted whatever the charger answers",
        "COL-01",
        "who sent it was told",
        (api.Api.command, '"answer": masked(answer)', '"answer": {"status": "Accepted"}'),
        only="over_the_api_command[ClearChargingProfile",
    ),
    _mutant(
        "the page sends a form without its nested fields",
        "COL-01",
        "has been asked SetChargingProfile once",
        (
            forms.payload_of,
            "found = _read",
            "values = {k: v for k, v in values.items() if '.' not in k}\n    found = _read",
        ),
        only="from_the_page_command[SetChargingProfile",
    ),
    _mutant(
        "a pending charger is told to start a session",
        "COL-01",
        "was asked no RemoteStartTransaction",
        (registration.Registrations.check, "if status == ACCEPTED or", "if True or"),
        only="is_asked_for_no_session",
    ),
    _mutant(
        "frames are shown with the keys in them",
        "COL-01",
        "shows of",
        (ocpp_json.CentralSystem.show, "masked_frame(text)", "text"),
        only="shown_nowhere",
    ),
    _mutant(
        "what a pending charger measures is refused",
        "COL-02",
        "EW Seedorf holds for",
        (registration.may_come, "or action in _ALWAYS", ""),
        only="before_the_boot_is_accepted",
    ),
)

MODELS = (
    _mutant(
        "an energy without unit is in Wh, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (quantities._default_unit, "_UNITS[message.profile.default_energy_unit]", "_UNITS['Wh']"),
        only="default_energy_unit",
    ),
    _mutant(
        "a clock-aligned value bears the instant of sampling, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (registers._on_grid, 'profile.aligned_stamp == "start"', "False"),
        only="aligned_stamp",
    ),
    _mutant(
        "a time without zone is UTC, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (timestamps._instant_of_naive, "message.profile.zone_of_naive_times", "'UTC'"),
        only="zone_of_naive_times",
    ),
    _mutant(
        "local lists hold cards as they are printed, whatever the model",
        "COL-04",
        "was asked SendLocalList",
        (cards._as_sent, 'if not card.as_printed or order == "big":', "if True:"),
        only="uid_is_sent",
    ),
    _mutant(
        "the questionnaire says yes to every message",
        "COL-04",
        "it answers",
        (Declaration.supports, "return transport in one.transports", "return True"),
        only="questionnaire_of_the_inch",
    ),
)

EXPLAINED = (
    _mutant(
        "exported energy is taken for imported",
        "COL-05",
        "EW Seedorf holds for",
        (sg_counters.meter_value, '("import", IMPORT)', '("export", IMPORT)'),
        only="come_over_way[REST",
    ),
    _mutant(
        "a push holds for the start of its interval",
        "COL-05",
        "EW Seedorf holds for",
        (
            sg_push.Push.held_at,
            "else self.instant",
            "else self.instant - timedelta(minutes=15)",
        ),
        only="come_over_way[the",
    ),
    _mutant(
        "the words of a counter are read in the wrong order",
        "COL-05",
        "EW Seedorf holds for",
        (sg_registers._scaled, '">HH", high, low', '">HH", low, high'),
        only="come_over_way[Modbus",
    ),
    _mutant(
        "a gateway is read at odd minutes over MQTT",
        "COL-05",
        "the same, byte by byte",
        (
            gateways.PolledGateway._poll,
            "due = _next(asked_at, self._gateway.every)",
            "due = _next(asked_at, self._gateway.every) + "
            "timedelta(minutes=self._gateway.way == 'mqtt')",
        ),
        only="all_ways_at_once",
    ),
    _mutant(
        "a load profile is believed whatever its clock",
        "COL-06",
        "EW Seedorf holds for",
        (gateways.Gaps._fill, "check(ends, profile, self._gateway.where(meter))", "pass"),
        only="by_a_wrong_clock",
    ),
    _mutant(
        "a gap is filled by a straight line",
        "COL-06",
        "EW Seedorf holds for",
        (
            sg_profile.fill,
            "here = here.plus(quarter, -1)",
            "here = here.plus(Quarter(here.instant, 700, 0), -1)",
        ),
        (sg_profile._agree, "> SLACK_WH", "> 10**9"),
        only="is_true_read_over_way[REST",
    ),
    _mutant(
        "energy is counted from the old meter to the new one",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course.go_on, "course.steps[0].rule = Rule.EXCHANGE", "pass"),
        only="shows_more",
    ),
    _mutant(
        "what the old meter showed at its end is not counted",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course.state, "self._state_end(_stated(ends.at, ends.old_end_wh))", "()"),
        only="loses_nothing",
    ),
    _mutant(
        "a register that starts again by design begins anew, whatever the model",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course._begin_anew, "self._profile.rollovers_wh", "()"),
        only="begins_again",
    ),
    _mutant(
        "an explanation names no reading that was set aside",
        "COL-08",
        "explains",
        (explain._part_of, "for each in register.discarded", "for each in ()"),
        only="a_spike",
    ),
    _mutant(
        "an outage is told as long as what is seen of it in the interval",
        "COL-08",
        "explains",
        (
            explain._offline,
            "yield ended, start",
            "yield max(ended, interval.start), min(start, interval.end)",
        ),
        only="within_an_outage",
    ),
    _mutant(
        "an interval is looked up in files by its start",
        "COL-08",
        "explains",
        (
            ledger.delivered_of,
            "if start + timedelta(seconds=row.step_s) == end",
            "if start == end",
        ),
        only="a_measured_interval",
    ),
    _mutant(
        "the page explains the interval after the one that is asked for",
        "COL-08",
        "explains",
        (
            api.instant_of,
            "return instant.astimezone(UTC)",
            "return instant.astimezone(UTC).replace(microsecond=1)",
        ),
        only="tell_the_same",
    ),
)

SOURCES = (
    _mutant(
        "a group of stations holds none",
        "ISE-09",
        "tells of",
        (Settings._stations_of, "wanted.update(group.stations)", "pass"),
        only="a_station_group",
    ),
    _mutant(
        "a meter is taken for a device that is there and silent",
        "ISE-09",
        "EW Seedorf holds for",
        (
            known.known_by_id,
            "records.online_spans(connection, number, start, end, until)",
            "((start, until),)",
        ),
        only="of_which_nothing_is_known",
    ),
    _mutant(
        "a card has what it took at one charger only",
        "ISE-21",
        "counted in its sessions",
        (card_energies.CardEnergies._divide, "in self._stations:", "in self._stations[:1]:"),
        only="wherever",
    ),
    _mutant(
        "a card has the whole quarter hour in which its session ran",
        "ISE-21",
        "counted in its sessions",
        (
            card_energy.shares,
            "cuts = sorted({*grid, *(edge for edge in edges if grid[0] < edge < grid[-1])})",
            "cuts = grid",
        ),
        (card_energy._owner_of, "piece.start, key=", "piece.end, key="),
        (card_energy._owner_of, "piece.end <= owned[index].end", "piece.start < owned[index].end"),
        only="share_a_quarter_hour",
    ),
    _mutant(
        "what a card takes is 0 and true until its charger tells of it",
        "ISE-21",
        "EW Seedorf holds for",
        (
            card_energy._whole,
            "replace(add_up(parts[place]), start=start, end=end)",
            "replace(part := add_up(parts[place]), energy_kwh=part.energy_kwh or _NOTHING)",
        ),
        only="is_missing_until",
    ),
    _mutant(
        "the meter in front of a charger never counts",
        "COL-07",
        'holds what "Keller" counted',
        (energies.what_counts, "if in_front.counts == METER_IN_FRONT else", "if False else"),
        only="the_meter_counts",
    ),
    _mutant(
        "only a meter that counts more than the charger is warned of",
        "COL-07",
        "warns of",
        (
            meter_difference.Comparison.is_beyond,
            "abs(self.difference_kwh)",
            "self.difference_kwh",
        ),
        only="10-less",
    ),
    _mutant(
        "one of the two limits is enough for a warning",
        "COL-07",
        "warns of nothing",
        (meter_difference.Comparison.is_beyond, "limit.kwh and", "limit.kwh or"),
        only="nearly_nothing",
    ),
    _mutant(
        "what only one of the two has told is compared as well",
        "COL-07",
        "with the sums that both have counted",
        (
            meter_difference.compare,
            "if one.energy_kwh is not None and other.energy_kwh is not None:",
            "if one.energy_kwh is not None:",
        ),
        (
            meter_difference.compare,
            "(meter_kwh, other.energy_kwh)",
            "(meter_kwh, other.energy_kwh or 0)",
        ),
        only="is_not_compared",
    ),
)

FORMATS = (
    _mutant(
        "a register is told as it stood when the day began",
        "FMT-01",
        "that value is what the meter",
        (
            day_values.reading_of,
            "standing_at(courses, end, step)",
            "standing_at(courses, start, step)",
        ),
        only="as_csv",
    ),
    _mutant(
        "an interpolated register is told as a true one",
        "FMT-01",
        "when the day ends, EW Seedorf holds",
        (
            day_values.reading_of,
            "found = standing_at(courses, end, step)",
            "found = standing_at(courses, end, step)\n"
            "    found = type(found)(found.wh, found.rule.replace('interpolated', 'measured'))",
        ),
        only="told_as_missing",
    ),
    _mutant(
        "a register stands still while its charger is away",
        "FMT-01",
        "when the day ends, EW Seedorf holds",
        (standings._standing, "if not first <= instant <= last:", "if False:"),
        only="charged_unseen",
    ),
    _mutant(
        "XML calls each meter by its metering code",
        "FMT-01",
        "the file shows",
        (esl_xml._meter, "for key in form.keys", "for key in (METERING_CODE,)"),
        only="numbers_that_the_profile",
    ),
    _mutant(
        "reactive energy is never told",
        "FMT-02",
        "EW Seedorf holds of",
        (energies._values_of, "or form.only_basic_data", "or True"),
        only="adds_reactive",
    ),
    _mutant(
        "reactive energy is always told",
        "FMT-02",
        "EW Seedorf holds of",
        (energies._values_of, "or form.only_basic_data", "or False"),
        only="leaves_it_out",
    ),
    _mutant(
        "the feed leaves out the first two hours of the day",
        "FMT-03",
        "that value is what the meter",
        (
            energies._DayOf.energy,
            "self.day, [span],",
            "self.day, [(span[0] + timedelta(hours=2), span[1])],",
        ),
        only="under_d__9",
    ),
    _mutant(
        "a message of MSCONS counts its segments without UNT",
        "FMT-04",
        "pydifact reads of it",
        (mscons.message, "len(parts) + 1", "len(parts)"),
        only="read_by_a_parser",
    ),
    _mutant(
        "registers in MSCONS bear a bare date",
        "FMT-04",
        "the file shows",
        (
            mscons.reading_time,
            "*_moment(at, form, where)",
            'f"{days.to_local(at):%Y%m%d}", "102"',
        ),
        only="a_register_as",
    ),
    _mutant(
        "registers in MSCONS 2.4a have local times",
        "FMT-05",
        "the file shows",
        (mscons._moment, "if form.is_utc else days", "if False else days"),
        only="a_register_as_mscons_version[2.4a",
    ),
    _mutant(
        "a column without a value is left out of its line",
        "FMT-06",
        "its line for 00:00 has the form",
        (
            obis_csv._line_of,
            'cells.get(one, "") for one in layout.obis',
            "cells[one] for one in layout.obis if one in cells",
        ),
    ),
    _mutant(
        "a format takes any code",
        "FMT-07",
        "the settings are refused",
        (obis_tables.check_listed, "if obis.normalised not in table:", "if False:"),
        only="is_refused",
    ),
    _mutant(
        "the register of a virtual tariff begins anew each day",
        "AEX-21",
        "when the next day ends, EW Seedorf holds",
        (day_values.tariff_of, "day if is_feed else tariff.since, day", "day, day"),
        only="goes_on_the_next_day",
    ),
    _mutant(
        "a virtual tariff counts the whole day",
        "AEX-21",
        "when the day ends, EW Seedorf holds",
        (
            day_values.tariff_of,
            "list(tariff.spans(",
            "[days.day_bounds(day)] or list(tariff.spans(",
        ),
        only="tariff_n_stands",
    ),
    _mutant(
        "a virtual tariff stands under the code of what was measured",
        "AEX-21",
        "when the day ends, EW Seedorf holds",
        (obis_tables.virtual_code, 'f"1-5:', 'f"1-1:'),
        only="tariff_n_stands",
    ),
    _mutant(
        "every format takes virtual tariffs",
        "AEX-21",
        "the settings are refused",
        (
            forms_of_files.takes_virtual_tariffs,
            "isinstance(form, ReadingsCsv | ReadingsXml)",
            "True",
        ),
        only="refuses_virtual_tariffs",
    ),
)

MUTANTS = (
    *ENERGIES,
    *STATUS,
    *DAYS,
    *REVISIONS,
    *ACTIVATION,
    *SOURCES,
    *COLLECTING,
    *FIELD_FAULTS,
    *EXPLAINED,
    *FILES,
    *FORMATS,
    *DELIVERING,
    *CARDS,
    *CHARGERS,
    *CENTRAL_SYSTEMS,
    *ASKING,
    *MODELS,
)


class Bite:
    """Selects the scenarios of mutants in a pytest of its own, and keeps what failed."""

    def __init__(self, mutants: Iterable[Mutant]) -> None:
        self._mutants = tuple(mutants)
        self.failed: list[tuple[Step, Exception]] = []
        self.reports: list[pytest.TestReport] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave in what a mutant is to be seen by."""
        items[:] = [item for item in items if any(one.is_about(item) for one in self._mutants)]

    def pytest_bdd_step_error(self, step: Step, exception: Exception) -> None:
        """Keep the sentence that did not hold, and what was raised."""
        self.failed.append((step, exception))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how each phase of each scenario ended."""
        self.reports.append(report)

    def ended(self, *outcomes: str) -> list[str]:
        """Give the phases that ended so."""
        return [
            f"{report.when} of {report.nodeid}: {report.longreprtext}"
            for report in self.reports
            if report.outcome in outcomes
        ]


def _features_about(mutant: Mutant) -> list[str]:
    """Give the features that can hold the mutant's scenarios: the fewer, the faster."""
    mine = [
        one for one in load_scenarios(BUNDLED_FEATURES) if mutant.requirement in one.requirements
    ]
    named = [one for one in mine if mutant.only in f"test_{make_python_name(one.name)}_"]
    # Where only an example is named, its scenario is not known by its name.
    return [one.path for one in named or mine]


def _run(pytester: pytest.Pytester, mutants: Iterable[Mutant]) -> Bite:
    """Run the scenarios that are about some mutants, up to the first that fails."""
    mutants = tuple(mutants)
    folder = str(BUNDLED_FEATURES)
    files = tuple(dict.fromkeys(file for mutant in mutants for file in _features_about(mutant)))
    pytester.makepyfile(
        test_features="from pytest_bdd import scenarios\n"
        f"scenarios(*{files!r}, features_base_dir={folder!r})\n"
    )
    # Other tests may have brought the sentences in already, and then pytest cannot look into them.
    pytester.makeini(
        "[pytest]\nfilterwarnings =\n    error\n    ignore::pytest.PytestAssertRewriteWarning\n"
    )
    bite = Bite(mutants)
    # A failure is told without a look into its source, which takes long and nobody reads.
    run_within(pytester, "-x", "--tb=native", plugins=[bite])
    return bite


def _table() -> str:
    """Give the table of the page: each bug, the requirement that finds it, and the sentence."""
    rows = "".join(f"| {one.bug} | {one.requirement} | … {one.sentence} … |\n" for one in MUTANTS)
    return "| the bug | found by | at the sentence |\n| --- | --- | --- |\n" + rows


def _first_of_each() -> Iterable[Any]:
    """Give all bugs; CI has time for one of each requirement, `tox -e bite` for all of them."""
    seen: set[str] = set()
    for mutant in MUTANTS:
        marks = [pytest.mark.slow] if mutant.requirement in seen else []
        seen.add(mutant.requirement)
        yield pytest.param(mutant, id=mutant.bug, marks=marks)


@pytest.mark.parametrize("mutant", [*_first_of_each()])
def test_a_bug_fails_the_scenarios_of_its_requirement(
    mutant: Mutant, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario fails, at the sentence that is about the bug, and the bench stays whole."""
    mutant.put_in_force(monkeypatch)

    bite = _run(pytester, [mutant])

    assert bite.failed, f"it survived {len(bite.reports) // 3} scenarios of {mutant.requirement}"
    step, exception = bite.failed[0]
    assert "then" == step.type, f"{step.name}: {exception!r}"
    assert isinstance(exception, AssertionError), f"{step.name}: {exception!r}"
    assert mutant.sentence in step.name, f"{step.name}: {exception}"
    assert 1 == len(bite.ended("failed")), bite.ended("failed")


@pytest.mark.parametrize("case", ["TC_073_CSMS", "TC_085_CSMS", "TC_086_CSMS", "TC_087_CSMS"])
def test_a_case_of_security_fails_where_anybody_is_let_in(
    case: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it covered, a backend that asks for no password and speaks in the clear would fail."""
    monkeypatch.setitem(cast("dict[str, object]", NOT_YET_COVERED), CENTRAL_SYSTEM, {})

    bite = _run(pytester, [_case("it lets anybody in", case)])

    step, exception = bite.failed[0]
    assert "no line came up that was dialled so" == step.name
    assert isinstance(exception, Disagreement), repr(exception)
    assert 1 == len(bite.ended("failed")), bite.ended("failed")


@pytest.mark.slow
def test_without_a_bug_the_same_scenarios_pass(pytester: pytest.Pytester) -> None:
    """What fails above fails because of the bug: each of these scenarios passes without."""
    bite = _run(pytester, MUTANTS)

    assert [] == bite.ended("failed")
    assert len(bite.ended("passed")) > 3 * 40


def test_the_page_of_the_bugs_is_up_to_date() -> None:
    """The table of docs/explanation/verdicts.md is the list above."""
    page = PAGE.read_text(encoding="utf-8")

    assert _table() in page, f"put this into {PAGE.name}:\n{_table()}"


def test_every_requirement_of_the_backend_has_a_bug() -> None:
    """What judges the backend is known to bite, each requirement by a bug of its own."""
    ids = {id for scenario in load_scenarios(BUNDLED_FEATURES) for id in scenario.requirements}

    assert set() == {id for id in ids if id.startswith(JUDGED)} - {
        one.requirement for one in MUTANTS
    }
