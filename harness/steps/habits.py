"""Sentences about what is particular about a charger: its habits and its faults."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from pytest_bdd import given, parsers, then

from harness.bench import Bench
from harness.errors import Disagreement, NothingArrived
from harness.fields import look_up
from harness.frames import Call, calls_of
from harness.local_time import ZURICH
from harness.steps import records
from simulators.charger_inch.registry import all_quirks, quirk_from_text
from simulators.wiretap import Crossing

Table = list[list[str]]

NONE = "(none)"
"""How a table says that a field is not there."""


# ---------------------------------------------------------------------- what is the case


@given(parsers.re(r'"(?P<name>[^"]+)" has the habit "(?P<text>[^"]+)"$'))
def has_habit(bench: Bench, name: str, text: str) -> None:
    """Give a charger a habit or a fault, with settings or without, from the start."""
    bench.station(name).quirks.append(quirk_from_text(text))


@given(
    parsers.re(
        r'"(?P<name>[^"]+)" has the habit "(?P<text>[^"]+)" from (?P<start>\S+) to (?P<end>\S+)'
    )
)
def has_habit_for_a_while(bench: Bench, name: str, text: str, start: str, end: str) -> None:
    """Switch a habit or a fault on at one local time and off at another."""
    quirk = quirk_from_text(text)
    bench.station(name)

    async def begin(bench: Bench) -> None:
        await bench.charger(name).switch_on(quirk)

    async def finish(bench: Bench) -> None:
        await bench.charger(name).switch_off(quirk)

    bench.plan(bench.at(start), begin)
    bench.plan(bench.at(end), finish)


@given(parsers.re(r'"(?P<name>[^"]+)" does not have the habit "(?P<text>[^"]+)"'))
def has_not_habit(bench: Bench, name: str, text: str) -> None:
    """Take a habit away that every INCH has."""
    kind = all_quirks()[quirk_from_text(text).name]
    bench.station(name).without.append(kind.make)


@given(parsers.parse('"{name}" is without power from {start} to {end}'))
def is_without_power(bench: Bench, name: str, start: str, end: str) -> None:
    """Cut a charger's power at one local time and restore it at another."""
    bench.station(name)

    async def cut(bench: Bench) -> None:
        await bench.charger(name).cut_power()

    async def restore(bench: Bench) -> None:
        await bench.charger(name).restore_power()

    bench.plan(bench.at(start), cut)
    bench.plan(bench.at(end), restore)


# ---------------------------------------------------------------------- what is on the wire


@then(parsers.parse('from {start} to {end} "{name}" has sent {action} at {times}'))
def has_sent_at(bench: Bench, start: str, end: str, name: str, action: str, times: str) -> None:
    """Compare the local minutes at which a message was sent in a span that includes both ends."""
    found = _between(bench, name, action, start, end)
    bench.decide(call.crossing for call in found)
    told = [f"{_local(call.crossing.at):%H:%M}" for call in found]
    wanted = [] if times == "no time" else times.split(", ")
    if told != wanted:
        raise Disagreement(f"{name} has sent {action} at {', '.join(told) or 'no time'}")


@then(parsers.parse('the last {action} of "{name}" up to {time} says'))
def last_says(bench: Bench, action: str, name: str, time: str, datatable: Table) -> None:
    """Compare fields of a message; a path of names and places leads to each."""
    found = _between(bench, name, action, "0:00", time)
    if not found:
        raise NothingArrived(f"{name} has sent no {action} up to {time}")
    bench.decide([found[-1].crossing])
    for row in records(datatable, "field", "value"):
        said = shown(look_up(found[-1].payload, row["field"]))
        if said != row["value"]:
            raise Disagreement(f'{name} says {row["field"]} "{said}", not "{row["value"]}"')


@then(parsers.parse('the {action} of "{name}" say in {path}: {values}'))
def say_in(bench: Bench, action: str, name: str, path: str, values: str) -> None:
    """Compare one field of all messages of a kind, in the order of sending."""
    found = [call for call in calls_of(bench.tap.crossings, name) if call.action == action]
    bench.decide(call.crossing for call in found)
    said = [shown(look_up(call.payload, path)) for call in found]
    if said != values.split(", "):
        raise Disagreement(f"{name} says in {path}: {', '.join(said) or 'nothing'}")


@then(parsers.parse('the message ids of "{name}" are {ids} up to {time}'))
def message_ids_are(bench: Bench, name: str, ids: str, time: str) -> None:
    """Compare the ids of a charger's first CALLs, in the order of sending."""
    until = bench.at(time)
    found = [c for c in calls_of(bench.tap.crossings, name) if c.crossing.at <= until]
    bench.decide(call.crossing for call in found)
    said = [call.unique_id for call in found]
    if said != ids.split(", "):
        raise Disagreement(f"{name} has the message ids {', '.join(said)}")


@then(parsers.parse('the StopTransaction of "{name}" names the transaction as the backend did'))
def stop_names_it(bench: Bench, name: str) -> None:
    """Compare the transactionId of each stop with the answer to its start."""
    sent = calls_of(bench.tap.crossings, name)
    starts = [call for call in sent if call.action == "StartTransaction"]
    stops = [call for call in sent if call.action == "StopTransaction"]
    bench.decide(crossing for call in starts for crossing in (call.crossing, call.answer))
    bench.decide(call.crossing for call in stops)
    given_ids = [_answered(call.answer)["transactionId"] for call in starts]
    assert given_ids, f"{name} has started no transaction"
    assert given_ids == [call.payload["transactionId"] for call in stops]


def _answered(answer: Crossing | None) -> dict[str, Any]:
    frame: list[Any] = json.loads(answer.text) if answer is not None else [None]
    if frame[0] != 3:
        raise NothingArrived("a message was not confirmed")
    payload: dict[str, Any] = frame[2]
    return payload


def _between(bench: Bench, name: str, action: str, start: str, end: str) -> list[Call]:
    # A minute that is named is meant with its seconds.
    first, last = bench.at(start), bench.at(end) + timedelta(minutes=1)
    return [
        call
        for call in calls_of(bench.tap.crossings, name)
        if call.action == action and first <= call.crossing.at < last
    ]


def _local(instant: datetime) -> datetime:
    return instant.astimezone(ZURICH)


def shown(value: Any) -> str:
    """Give a field as a table shows it."""
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value)
