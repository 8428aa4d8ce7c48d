"""Sentences about what the side under test has said, which is judged by its frames alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, takewhile

from pytest_bdd import parsers, then

from harness.bench import Bench
from harness.central_rules import list_after
from harness.charger_rules import REGISTER, Reading, registers
from harness.errors import Disagreement, NothingArrived
from harness.fields import look_up, meets
from harness.frames import calls, instant_of
from harness.said import Message, differs, gaps_s, named, read_message, read_rows, span
from harness.steps import records, show
from harness.steps.compliance import tool_of
from harness.steps.operating import period
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT
from harness.tool import PHASES
from simulators.wiretap import LINE_WIRE

Table = list[list[str]]

VALUES = {
    "a number": re.compile(r"-?\d+"),
    "true or false": re.compile(r"true|false", re.IGNORECASE),
    "a text": re.compile(r".+"),
    "any": re.compile(r".*"),
}
"""What the value of a configuration key can be."""


# ---------------------------------------------------------------------- in which order


@then("the charger has said, in this order")
def charger_has_said(bench: Bench, datatable: Table) -> None:
    """Compare all messages that the table names with its rows; each must obey the standard."""
    _has_said(bench, CHARGE_POINT, datatable)


@then("the central system has said, in this order")
def central_system_has_said(bench: Bench, datatable: Table) -> None:
    """Compare all messages that the table names with its rows; each must obey the standard."""
    _has_said(bench, CENTRAL_SYSTEM, datatable)


def _has_said(bench: Bench, side: str, datatable: Table) -> None:
    tool = tool_of(bench)
    tool.must_be(side)
    rows = read_rows(records(datatable))
    said = named(tool.said(), rows)
    bench.decide(message.crossing for message in said)
    why = differs(said, rows, tool.meant, tool.happened_at, tool.slack)
    if why is not None:
        raise Disagreement(why)


@then(parsers.re(r"the charger has said no (?P<name>[A-Z]\w+\.\w+)"))
@then(parsers.re(r"the central system has said no (?P<name>[A-Z]\w+\.\w+)"))
def has_said_no(bench: Bench, name: str) -> None:
    """Look for a message that must not be there."""
    _has_said_no(bench, name, "")


@then(parsers.re(r"the charger has said no (?P<name>[A-Z]\w+\.\w+) with (?P<fields>.+)"))
def has_said_no_with(bench: Bench, name: str, fields: str) -> None:
    """Look for a message with some fields that must not be there."""
    _has_said_no(bench, name, fields)


def _has_said_no(bench: Bench, name: str, fields: str) -> None:
    tool, conditions = tool_of(bench), read_message(name, fields)
    found = [
        message
        for message in tool.said()
        if message.name == name and meets(message.payload, conditions, tool.meant)
    ]
    bench.decide(message.crossing for message in found)
    if found:
        raise Disagreement(f"{len(found)} {name} crossed the wire: {found[0].crossing.text}")


@then("it has asked for the card as its AuthorizeRemoteTxRequests says")
def has_asked_as_configured(bench: Bench) -> None:
    """
    Look for Authorize.req of the card of each remote start, which is there if the key is true.

    The key is what it was last told to be; before a start is known, the card must have been asked
    for.
    """
    tool = tool_of(bench)
    said = tool.said()
    starts = [one for one in tool.heard() if one.name == "RemoteStartTransaction.req"]
    ends = [start.place for start in starts[1:]] + [len(bench.tap.crossings)]
    if not starts:
        raise NothingArrived("no RemoteStartTransaction.req crossed the wire")
    for start, end in zip(starts, ends, strict=True):
        known = [one for one in tool.all_said(tool.under_test) if one.place < start.place]
        wants = _configured(known, "AuthorizeRemoteTxRequests").lower() == "true"
        after = [one for one in said if start.place < one.place < end]
        bench.decide([start.crossing, *(one.crossing for one in after)])
        _must_ask(after, start.payload["idTag"], wants=wants)


def _must_ask(said: Iterable[Message], id_tag: str, *, wants: bool) -> None:
    until = takewhile(lambda one: one.name != "StartTransaction.req", said)
    asked = [one.payload["idTag"] for one in until if one.name == "Authorize.req"]
    if [one.upper() for one in asked] != ([id_tag.upper()] if wants else []):
        raise Disagreement(
            f"AuthorizeRemoteTxRequests is {str(wants).lower()}, and of the card {id_tag}"
            f" Authorize.req asked for {show(asked) if asked else 'none'}"
        )


def _configured(said: list[Message], key: str) -> str:
    for message in reversed(said):
        if message.name == "GetConfiguration.conf":
            for entry in message.payload.get("configurationKey", []):
                if entry.get("key") == key:
                    return str(entry.get("value", ""))
    raise NothingArrived(f"no GetConfiguration.conf has told {key}; let the operator ask for it")


@then("it is remarked if a message of an unknown vendor was accepted")
def remark_accepted_transfer(bench: Bench) -> None:
    """Leave a remark in the report: the standard allows it, but it is seldom meant."""
    tool = tool_of(bench)
    for message in tool.said():
        if message.name == "DataTransfer.conf" and message.payload.get("status") == "Accepted":
            bench.decide([message.crossing])
            bench.remarks.append("it accepts a DataTransfer of a vendor that it cannot know")


@then("it has sent what it accepted to send")
def has_sent_what_was_triggered(bench: Bench) -> None:
    """Look for the message after each TriggerMessage.conf: there if Accepted, else not."""
    tool = tool_of(bench)
    triggers = [one for one in tool.heard() if one.name == "TriggerMessage.req"]
    answers = [one for one in tool.said() if one.name == "TriggerMessage.conf"]
    if len(triggers) != len(answers):
        raise NothingArrived(f"{len(answers)} of {len(triggers)} TriggerMessage were answered")
    ends = [one.place for one in answers[1:]] + [len(bench.tap.crossings)]
    for trigger, answer, end in zip(triggers, answers, ends, strict=True):
        wanted = f"{trigger.payload['requestedMessage']}.req"
        sent = [one for one in tool.said() if answer.place < one.place < end and one.name == wanted]
        status = answer.payload.get("status")
        bench.decide(one.crossing for one in (trigger, answer, *sent))
        if bool(sent) != (status == "Accepted"):
            raise Disagreement(f"{wanted} was answered with {status}, and {len(sent)} came")


@then("it is remarked if it has not booted after the reset")
def remark_no_boot(bench: Bench) -> None:
    """Leave a remark in the report: a soft reset should restart the software, but need not."""
    names = [message.name for message in tool_of(bench).said()]
    if "BootNotification.req" not in names:
        bench.remarks.append("it accepts a soft reset and does not boot after it")


@then("it has come back over a new line")
def has_come_back(bench: Bench) -> None:
    """Look for a line that went down and came up again."""
    began = tool_of(bench).happened_at
    states = [c for c in bench.tap.crossings if c.wire == LINE_WIRE and c.at >= began]
    bench.decide(states)
    if [c.text for c in states][-2:] != ["down", "up"]:
        raise NothingArrived("the line did not go down and come up again")


# ---------------------------------------------------------------------- configuration


@then("the charger has the configuration keys")
def has_keys(bench: Bench, datatable: Table) -> None:
    """
    Compare each key with the table: its accessibility, R, RW, or either, and what its value is.

    A value is ``a number``, ``true or false``, ``a text`` that is not empty, or ``any``: a list
    that is empty may be left out.
    """
    tool = tool_of(bench)
    access: dict[str, str] = {}
    values: dict[str, str] = {}
    for message in tool.said():
        if message.name == "GetConfiguration.conf":
            bench.decide([message.crossing])
            for entry in message.payload.get("configurationKey", []):
                access[entry["key"]] = "R" if entry["readonly"] else "RW"
                values[entry["key"]] = str(entry.get("value", ""))
    for row in records(datatable, "key", "access", "value"):
        found = access.get(row["key"], "not there")
        if found not in row["access"].split(" or "):
            raise Disagreement(f"{row['key']} is {found}, not {row['access']}")
        if not VALUES[row["value"]].fullmatch(values[row["key"]]):
            raise Disagreement(f'{row["key"]} is "{values[row["key"]]}", not {row["value"]}')


@then("it knows every key that it was asked for")
def knows_every_key(bench: Bench) -> None:
    """Look for unknown keys in all answers, and compare the last with what it was asked."""
    tool = tool_of(bench)
    answers = [message for message in tool.said() if message.name == "GetConfiguration.conf"]
    bench.decide(message.crossing for message in answers)
    for message in answers:
        if message.payload.get("unknownKey"):
            raise Disagreement(f"unknown: {show(message.payload['unknownKey'])}")
    other = [m for m in tool.all_said(tool.other) if m.name == "GetConfiguration.req"]
    told = {entry["key"] for entry in answers[-1].payload["configurationKey"]}
    if missing := set(other[-1].payload["key"]) - told:
        raise Disagreement(f"asked for and not told: {show(missing)}")


@then(parsers.re(r"each (?P<what>transaction|reservation) has an id of its own"))
def ids_are_their_own(bench: Bench, what: str) -> None:
    """See that two ids or more were given; that they differ is looked at in every case."""
    tool = tool_of(bench)
    tool.must_be(CENTRAL_SYSTEM)
    tool.must_obey()
    given = [m for m in tool.all_said(tool.under_test) if m.name == GIVES_ID[what]]
    bench.decide(message.crossing for message in given)
    if len(given) < 2:
        raise NothingArrived(f"{len(given)} {GIVES_ID[what]} crossed the wire, not 2 or more")


GIVES_ID = {"transaction": "StartTransaction.conf", "reservation": "ReserveNow.req"}
"""The messages with which a central system gives ids."""


@then("every entry of the local list has an idTagInfo")
def entries_have_info(bench: Bench) -> None:
    """Look at all entries of the lists that were sent."""
    tool = tool_of(bench)
    lists = [message for message in tool.said() if message.name == "SendLocalList.req"]
    bench.decide(message.crossing for message in lists)
    entries = [entry for m in lists for entry in m.payload.get("localAuthorizationList", [])]
    if not entries:
        raise NothingArrived("no entry of a local list crossed the wire")
    if bare := [entry["idTag"] for entry in entries if "idTagInfo" not in entry]:
        raise Disagreement(f"without idTagInfo: {show(bare)}")


@then("the charger's local list holds")
def local_list_holds(bench: Bench, datatable: Table) -> None:
    """Compare the cards of the lists that the charger has taken, in their order, with a table."""
    tool = tool_of(bench)
    tool.must_be(CENTRAL_SYSTEM)
    tool.must_obey()
    sent = calls(bench.tap.crossings, tool.under_test, tool.other)
    lists = [call for call in sent if call.action == "SendLocalList"]
    bench.decide(crossing for call in lists for crossing in (call.crossing, call.answer))
    held = list_after(lists)
    wanted = {tool.word(row["card"]): row["status"] for row in records(datatable, "card", "status")}
    if held != wanted:
        raise Disagreement(f"it holds {held or 'nothing'}, not {wanted}")


# ---------------------------------------------------------------------- meter values


@then(
    parsers.re(
        r"its meter values of (?P<context>Sample\.\w+) bear times (?P<seconds>\d+) s apart"
        r" and hold every measurand of (?P<key>\w+)"
    )
)
def values_are_apart(bench: Bench, context: str, seconds: str, key: str) -> None:
    """
    Compare times, in the order of sending, and measurands of all values of a context.

    They begin with the first When, or the transaction if it began later, and go on to its end.
    """
    tool = tool_of(bench)
    wanted = set(_configured(tool.all_said(tool.under_test), key).split(",")) - {""}
    values = _values(bench, context)
    times = [at for at, _ in values]
    if len(times) < 3:
        raise NothingArrived(f"{len(times)} values of {context} came, not 3 or more")
    slack = tool.slack
    if any(abs(gap - float(seconds)) > slack.total_seconds() for gap in gaps_s(times)):
        told = ", ".join(f"{gap:g} s" for gap in sorted(gaps_s(times)))
        raise Disagreement(f"the times of {context} are {told} apart, not {seconds} s")
    span_of = timedelta(seconds=float(seconds))
    begin, end = _transaction_span(bench)
    if times[0] - span_of - slack > begin or times[-1] + span_of + slack < end:
        raise NothingArrived(
            f"the first of {context} is of {times[0]:%H:%M:%S}, the last of {times[-1]:%H:%M:%S}"
        )
    for at, measurands in values:
        if missing := (wanted or {REGISTER}) - measurands:
            raise Disagreement(f"{at:%H:%M:%S}: {show(missing)} is missing")


def _transaction_span(bench: Bench) -> tuple[datetime, datetime]:
    """Give since when and until when the last transaction has run, as far as it is judged."""
    tool = tool_of(bench)
    begin, end = tool.happened_at, bench.clock.now()
    for message in tool.all_said(tool.under_test):
        if message.name == "StartTransaction.req":
            begin = max(tool.happened_at, instant_of(message.payload["timestamp"]))
            end = bench.clock.now()
        elif message.name == "StopTransaction.req":
            end = instant_of(message.payload["timestamp"])
    return begin, end


@then(
    parsers.re(
        r"the times of its meter values of (?P<context>Sample\.\w+) lie on the grid of"
        r" (?P<seconds>\d+) s"
    )
)
def values_on_grid(bench: Bench, context: str, seconds: str) -> None:
    """Compare each time with a grid that begins at midnight; in simulated time exactly."""
    grid, slack = timedelta(seconds=int(seconds)), tool_of(bench).slack
    for at, _ in _values(bench, context):
        since_midnight = timedelta(
            hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
        )
        beside = since_midnight % grid
        if min(beside, grid - beside) > slack:
            raise Disagreement(f"{at:%H:%M:%S.%f} is not on the grid of {seconds} s")


@then(parsers.re(r"it has told no meter value of (?P<context>Sample\.\w+)"))
def no_values_of(bench: Bench, context: str) -> None:
    """Look for values of a context that must not be there."""
    if values := _values(bench, context):
        raise Disagreement(f"{len(values)} of {context} came, the first of {values[0][0]:%H:%M:%S}")


@then(parsers.parse("each of its meter values bears {fields}"))
def values_bear(bench: Bench, fields: str) -> None:
    """Compare fields of every MeterValues.req."""
    tool, conditions = tool_of(bench), read_message("MeterValues.req", fields)
    told = [message for message in tool.said() if message.name == "MeterValues.req"]
    bench.decide(message.crossing for message in told)
    if not told:
        raise NothingArrived("no MeterValues.req crossed the wire")
    for message in told:
        if not meets(message.payload, conditions, tool.meant):
            raise Disagreement(f"not with {fields}: {message.crossing.text}")


@then("its register has risen")
def register_has_risen(bench: Bench) -> None:
    """Compare the last reading with the meterStart of the transaction; no value is less."""
    starts = [
        message
        for message in tool_of(bench).all_said(tool_of(bench).under_test)
        if message.name == "StartTransaction.req"
    ]
    told = _readings(bench)
    if not starts or not told:
        raise NothingArrived(f"{len(starts)} transactions began, {len(told)} registers were told")
    if told[-1].wh <= starts[-1].payload["meterStart"]:
        raise Disagreement(f"the register is at {told[-1].wh:f} Wh still")


@then(parsers.re(r"its register stands still after (?P<status>\w+)"))
def register_stands_still(bench: Bench, status: str) -> None:
    """Compare all readings after a status was told: two or more, all the same."""
    told = [
        message.crossing.at
        for message in tool_of(bench).said()
        if message.name == "StatusNotification.req" and message.payload["status"] == status
    ]
    after = [reading for reading in _readings(bench) if told and reading.at > told[-1]]
    if len(after) < 2:
        raise NothingArrived(f"{len(after)} registers were told after {status}, not 2 or more")
    for before, later in pairwise(after):
        if before.wh != later.wh:
            raise Disagreement(f"from {before.at:%H:%M:%S} on {later.wh - before.wh:f} Wh flowed")


def _readings(bench: Bench) -> list[Reading]:
    found: list[Reading] = []
    for message in tool_of(bench).said():
        if message.name == "MeterValues.req":
            bench.decide([message.crossing])
            for entry in message.payload["meterValue"]:
                found += registers(entry)
    return sorted(found, key=lambda reading: reading.at)


@then(parsers.parse("at least {count:d} of them were taken while the line was cut"))
def taken_while_cut(bench: Bench, count: int) -> None:
    """Count the values whose times lie between the cut of the line and its end."""
    tool = tool_of(bench)
    lines = [c for c in bench.tap.crossings if c.wire == LINE_WIRE]
    cut = max(c.at for c in lines if c.text == "down")
    restored = max(c.at for c in lines if c.text == "up")
    bench.decide(lines)
    taken = [
        entry
        for message in tool.said()
        if message.name == "MeterValues.req"
        for entry in message.payload["meterValue"]
        if cut < instant_of(entry["timestamp"]) < restored
    ]
    if len(taken) < count:
        raise NothingArrived(f"{len(taken)} values of the time without a line came, not {count}")


def _values(bench: Bench, context: str) -> list[tuple[datetime, set[str]]]:
    """Give time and measurands of each meter value of a context, in the order of sending."""
    found = []
    for message in tool_of(bench).said():
        if message.name != "MeterValues.req":
            continue
        for entry in message.payload["meterValue"]:
            measurands = {
                sampled.get("measurand", REGISTER)
                for sampled in entry["sampledValue"]
                if sampled.get("context", "Sample.Periodic") == context
            }
            if measurands:
                bench.decide([message.crossing])
                found.append((instant_of(entry["timestamp"]), measurands))
    return found


# ---------------------------------------------------------------------- smart charging


@then("the car has drawn on each phase")
def car_has_drawn(bench: Bench, datatable: Table) -> None:
    """
    Compare the currents that the charger has told with limits, by the time since the first When.

    A car takes what it is given, so a current is no more than its limit and not a whole ampere
    less. Whenever a current is told, those of all its phases are.
    """
    tool = tool_of(bench)
    told = _currents(bench)
    for row in records(datatable, "from", "to", "A"):
        start, end = tool.window(span(row["from"]), span(row["to"]))
        limit = min(Decimal(row["A"]), tool.most_a)
        within = [(at, currents) for at, currents in told if start < at <= end]
        if not within:
            raise NothingArrived(f"no current was told between {row['from']} and {row['to']}")
        for at, currents in within:
            if (why := is_not_drawn(currents, limit, tool.phases)) is not None:
                raise Disagreement(f"{at:%H:%M:%S}: {why}")


def is_not_drawn(
    currents: Mapping[str, Decimal], limit: Decimal, phases: frozenset[str] = PHASES
) -> str | None:
    """Give why currents, by phase, are not those of a car on some phases under a limit."""
    of_phase = {phase.removesuffix("-N"): current for phase, current in currents.items()}
    if missing := phases - set(of_phase):
        return f"no current was told of {show(missing)}"
    for phase in sorted(phases):
        if not limit - 1 < (current := of_phase[phase]) <= limit:
            return f"{current} A were drawn on {phase}, not {limit} A"
    return None


@then(parsers.parse("the composite schedule has the limits {limits}"))
def composite_schedule_has(bench: Bench, limits: str) -> None:
    """Compare the periods of the last GetCompositeSchedule.conf: ``0 s: 9 A, 60 s: 12 A``."""
    answers = [m for m in tool_of(bench).said() if m.name == "GetCompositeSchedule.conf"]
    bench.decide(message.crossing for message in answers)
    if not answers:
        raise NothingArrived("no GetCompositeSchedule.conf crossed the wire")
    periods = look_up(answers[-1].payload, "chargingSchedule.chargingSchedulePeriod")
    shown = periods if isinstance(periods, list) else []
    told = [(one["startPeriod"], one["limit"]) for one in shown]
    wanted = [(one["startPeriod"], one["limit"]) for one in map(period, limits.split(", "))]
    if told != wanted:
        raise Disagreement(f"the limits are {told}, not {wanted}")


def _currents(bench: Bench) -> list[tuple[datetime, dict[str, Decimal]]]:
    """Give the currents by phase, of each time of which the charger has told one."""
    found: dict[datetime, dict[str, Decimal]] = {}
    for message in tool_of(bench).said():
        if message.name == "MeterValues.req":
            bench.decide([message.crossing])
            for entry in message.payload["meterValue"]:
                currents = {
                    sampled["phase"]: Decimal(sampled["value"])
                    for sampled in entry["sampledValue"]
                    if sampled.get("measurand") == "Current.Import" and sampled.get("phase")
                }
                if currents:
                    found.setdefault(instant_of(entry["timestamp"]), {}).update(currents)
    return list(found.items())
