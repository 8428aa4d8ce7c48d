"""Sentences about what the side under test has said, which is judged by its frames alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from pytest_bdd import parsers, then

from harness.bench import Bench
from harness.central_rules import list_after
from harness.errors import Disagreement, NothingArrived
from harness.fields import look_up, meets, read_conditions
from harness.frames import calls, instant_of
from harness.recording import LINE_WIRE
from harness.said import Message, differs, gaps_s, named, read_rows, span
from harness.steps import records, show
from harness.steps.compliance import tool_of
from harness.steps.operating import period
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT

Table = list[list[str]]

REGISTER = "Energy.Active.Import.Register"
PHASES = frozenset({"L1", "L2", "L3"})


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
    if (why := differs(said, rows, tool.word)) is not None:
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
    tool, conditions = tool_of(bench), read_conditions(fields)
    found = [
        message
        for message in tool.said()
        if message.name == name and meets(message.payload, conditions, tool.word)
    ]
    bench.decide(message.crossing for message in found)
    if found:
        raise Disagreement(f"{len(found)} {name} crossed the wire: {found[0].crossing.text}")


@then("it has asked for the card as its AuthorizeRemoteTxRequests says")
def has_asked_as_configured(bench: Bench) -> None:
    """Look for Authorize.req, which must be there exactly where the key is true."""
    tool = tool_of(bench)
    wants = _configured(tool.all_said(tool.under_test), "AuthorizeRemoteTxRequests") == "true"
    asked = [message for message in tool.said() if message.name == "Authorize.req"]
    bench.decide(message.crossing for message in asked)
    if bool(asked) != wants:
        raise Disagreement(
            f"AuthorizeRemoteTxRequests is {str(wants).lower()}, and {len(asked)} Authorize.req "
            "crossed the wire"
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
    """Compare each key's accessibility with the table: R, RW, or either."""
    tool = tool_of(bench)
    access: dict[str, str] = {}
    for message in tool.said():
        if message.name == "GetConfiguration.conf":
            bench.decide([message.crossing])
            for entry in message.payload.get("configurationKey", []):
                access[entry["key"]] = "R" if entry["readonly"] else "RW"
    for row in records(datatable, "key", "access"):
        found = access.get(row["key"], "not there")
        if found not in row["access"].split(" or "):
            raise Disagreement(f"{row['key']} is {found}, not {row['access']}")


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
    """Compare times, in the order of sending, and measurands of all values of a context."""
    tool = tool_of(bench)
    wanted = set(_configured(tool.all_said(tool.under_test), key).split(",")) - {""}
    values = _values(bench, context)
    times = [at for at, _ in values]
    if len(times) < 3:
        raise NothingArrived(f"{len(times)} values of {context} came, not 3 or more")
    if gaps_s(times) != {float(seconds)}:
        told = ", ".join(f"{gap:g} s" for gap in sorted(gaps_s(times)))
        raise Disagreement(f"the times of {context} are {told} apart, not {seconds} s")
    for at, measurands in values:
        if missing := (wanted or {REGISTER}) - measurands:
            raise Disagreement(f"{at:%H:%M:%S}: {show(missing)} is missing")


@then(
    parsers.re(
        r"the times of its meter values of (?P<context>Sample\.\w+) lie on the grid of"
        r" (?P<seconds>\d+) s"
    )
)
def values_on_grid(bench: Bench, context: str, seconds: str) -> None:
    """Compare each time with a grid that begins at midnight, exactly."""
    for at, _ in _values(bench, context):
        since_midnight = timedelta(
            hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
        )
        if since_midnight % timedelta(seconds=int(seconds)):
            raise Disagreement(f"{at:%H:%M:%S.%f} is not on the grid of {seconds} s")


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
    less. Whenever a current is told, those of all three phases are.
    """
    tool = tool_of(bench)
    told = _currents(bench)
    for row in records(datatable, "from", "to", "A"):
        start, end = (tool.happened_at + span(row[name]) for name in ("from", "to"))
        limit = Decimal(row["A"])
        within = [(at, currents) for at, currents in told if start < at <= end]
        if not within:
            raise NothingArrived(f"no current was told between {row['from']} and {row['to']}")
        for at, currents in within:
            if (why := is_not_drawn(currents, limit)) is not None:
                raise Disagreement(f"{at:%H:%M:%S}: {why}")


def is_not_drawn(currents: Mapping[str, Decimal], limit: Decimal) -> str | None:
    """Give why currents, by phase, are not those of a car on three phases under a limit."""
    of_phase = {phase.removesuffix("-N"): current for phase, current in currents.items()}
    if missing := PHASES - set(of_phase):
        return f"no current was told of {show(missing)}"
    for phase in sorted(PHASES):
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
