"""Bugs of a backend: what it makes of what chargers, meters and gateways say."""

from __future__ import annotations

from bites.mutant import mutant

from backend.adapters import (
    card_energies,
    cards,
    energies,
    gateways,
    known,
    ledger,
    ocpp_answers,
    records,
    store,
)
from backend.core import (
    card_energy,
    cross_check,
    explain,
    meter_difference,
    quantities,
    registers,
    sg_counters,
    sg_profile,
    sg_push,
    sg_registers,
    timestamps,
)
from backend.core.declaration import Declaration
from backend.settings import Settings
from backend.web import api

COLLECTING = (
    mutant(
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
    mutant(
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
    mutant(
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
    mutant(
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
    mutant(
        "a register without unit is read as kWh",
        "COL-02",
        "EW Seedorf holds for",
        (quantities._default_unit, "_UNITS[message.profile.default_energy_unit]", "_UNITS['kWh']"),
        only="no unit",
    ),
    mutant(
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
    mutant(
        "a start that comes again begins another transaction",
        "COL-02",
        "were answered alike",
        (
            records.keep_start,
            "decide_start(_sessions_meant(connection, station_id, report), report)",
            "decide_start((), report)",
        ),
        only="a_start_that_comes_again",
    ),
    mutant(
        "what was measured is committed after it was confirmed",
        "COL-02",
        "EW Seedorf holds every quarter hour",
        (
            store.Store.add,
            "await self._put(_Write(await self._place(), keep=keep, item=item))",
            "late, self._late = getattr(self, '_late', None), (keep, item)\n"
            "    if late is not None:\n"
            "        self._put(_Write(await self._place(), keep=late[0], item=late[1]))",
        ),
        only="what_was_confirmed",
        alone=True,
    ),
)

FIELD_FAULTS = (
    mutant(
        "a time ahead of its reception is believed",
        "COL-03",
        "EW Seedorf holds for",
        (timestamps.read_instant, "if instant - message.received > _AHEAD:", "if False:"),
        (timestamps.plain_instant, " and instant - received <= _AHEAD", ""),
        only="test_f54_",
    ),
    mutant(
        "the second hour at the end of summer time is read as the first",
        "COL-03",
        "labelled 02:15 are",
        (timestamps._instant_of_naive, "fold=1", "fold=0"),
        only="test_f63_",
    ),
    mutant(
        "a register that contradicts the power is billed",
        "COL-03",
        "EW Seedorf holds for",
        (cross_check.contradicted, "in contradictions(register, powers)", "in ()"),
        only="test_f24_the_register",
    ),
    mutant(
        "a register that sticks counts where another message tells its course",
        "COL-03",
        "EW Seedorf holds for",
        (registers._is_above, "return alike", "return False"),
        only="test_f48_",
    ),
    mutant(
        "what a start shows where the register begins anew is set aside",
        "COL-03",
        "EW Seedorf holds for",
        (registers._begins_after, "start.context != BEGIN", "True"),
        only="test_f32_",
    ),
)

MODELS = (
    mutant(
        "an energy without unit is in Wh, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (quantities._default_unit, "_UNITS[message.profile.default_energy_unit]", "_UNITS['Wh']"),
        only="default_energy_unit",
    ),
    mutant(
        "a clock-aligned value bears the instant of sampling, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (registers._on_grid, 'profile.aligned_stamp == "start"', "False"),
        only="aligned_stamp",
    ),
    mutant(
        "a time without zone is UTC, whatever the model",
        "COL-04",
        "EW Seedorf holds for",
        (timestamps._instant_of_naive, "message.profile.zone_of_naive_times", "'UTC'"),
        only="zone_of_naive_times",
    ),
    mutant(
        "local lists hold cards as they are printed, whatever the model",
        "COL-04",
        "was asked SendLocalList",
        (cards._as_sent, 'if not card.as_printed or order == "big":', "if True:"),
        only="uid_is_sent",
    ),
    mutant(
        "the questionnaire says yes to every message",
        "COL-04",
        "it answers",
        (Declaration.supports, "return transport in one.transports", "return True"),
        only="questionnaire_of_the_inch",
    ),
)

SOURCES = (
    mutant(
        "a group of stations holds none",
        "ISE-09",
        "tells of",
        (Settings._stations_of, "wanted.update(group.stations)", "pass"),
        only="a_station_group",
    ),
    mutant(
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
    mutant(
        "a card has what it took at one charger only",
        "ISE-21",
        "counted in its sessions",
        (card_energies.CardEnergies._divide, "in self._stations:", "in self._stations[:1]:"),
        only="wherever",
    ),
    mutant(
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
    mutant(
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
    mutant(
        "the meter in front of a charger never counts",
        "COL-07",
        'holds what "Keller" counted',
        (energies.what_counts, "if in_front.counts == METER_IN_FRONT else", "if False else"),
        only="the_meter_counts",
    ),
    mutant(
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
    mutant(
        "one of the two limits is enough for a warning",
        "COL-07",
        "warns of nothing",
        (meter_difference.Comparison.is_beyond, "limit.kwh and", "limit.kwh or"),
        only="nearly_nothing",
    ),
    mutant(
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

EXPLAINED = (
    mutant(
        "exported energy is taken for imported",
        "COL-05",
        "EW Seedorf holds for",
        (sg_counters.meter_value, '("import", IMPORT)', '("export", IMPORT)'),
        only="come_over_way[REST",
    ),
    mutant(
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
    mutant(
        "the words of a counter are read in the wrong order",
        "COL-05",
        "EW Seedorf holds for",
        (sg_registers._scaled, '">HH", high, low', '">HH", low, high'),
        only="come_over_way[Modbus",
    ),
    mutant(
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
    mutant(
        "a load profile is believed whatever its clock",
        "COL-06",
        "EW Seedorf holds for",
        (gateways.Gaps._fill, "check(ends, profile, self._gateway.where(meter))", "pass"),
        only="by_a_wrong_clock",
    ),
    mutant(
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
    mutant(
        "energy is counted from the old meter to the new one",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course.go_on, "course.steps[0].rule = Rule.EXCHANGE", "pass"),
        only="shows_more",
    ),
    mutant(
        "what the old meter showed at its end is not counted",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course.state, "self._state_end(_stated(ends.at, ends.old_end_wh))", "()"),
        only="loses_nothing",
    ),
    mutant(
        "a register that starts again by design begins anew, whatever the model",
        "COL-08",
        "EW Seedorf holds for",
        (registers._Course._begin_anew, "self._profile.rollovers_wh", "()"),
        only="begins_again",
    ),
    mutant(
        "an explanation names no reading that was set aside",
        "COL-08",
        "explains",
        (explain._part_of, "for each in register.discarded", "for each in ()"),
        only="a_spike",
    ),
    mutant(
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
    mutant(
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
    mutant(
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
