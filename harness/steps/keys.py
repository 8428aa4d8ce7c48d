"""Sentences about configuration keys, and what each of them changes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from pytest_bdd import given, parsers, then

from backend.errors import DeviceError
from harness.bench import Bench
from harness.central import Error
from harness.errors import Disagreement, NothingArrived
from harness.frames import Call, calls, calls_of
from harness.steps import records
from simulators.charger_inch import Card, id_tag_of

Table = list[list[str]]

STRANGER = Card(bytes.fromhex("DEADBEEF"), "a stranger")
"""A card that no backend knows."""


# ---------------------------------------------------------------------- what the backend does


@given(parsers.re(r'the backend has set (?P<key>\w+) of "(?P<name>[^"]+)" to "(?P<value>[^"]*)"$'))
def backend_has_set(bench: Bench, key: str, name: str, value: str) -> None:
    """Let the backend set a key a second after the boot, as its settings say."""
    bench.station(name).configuration[key] = value


@given(
    parsers.re(
        r'the backend sets (?P<key>\w+) of "(?P<name>[^"]+)" to "(?P<value>[^"]*)"'
        r" at (?P<time>\S+)"
    )
)
def backend_sets(bench: Bench, key: str, name: str, value: str, time: str) -> None:
    """Let the backend send a ChangeConfiguration at a local time."""
    bench.station(name)

    async def change(bench: Bench) -> None:
        await bench.backend.change_configuration(name, key, value)

    bench.plan(bench.at(time), change)


@given(parsers.parse('the backend reads {key} of "{name}" at {time}'))
def backend_reads(bench: Bench, key: str, name: str, time: str) -> None:
    """Let the backend send a GetConfiguration at a local time."""
    _plan_reading(bench, name, time, [key])


@given(parsers.parse('the backend asks "{name}" for {count:d} keys at {time}'))
def backend_reads_many(bench: Bench, name: str, count: int, time: str) -> None:
    """Let the backend send a GetConfiguration for so many keys, whether they exist or not."""
    _plan_reading(bench, name, time, [f"Key{place}" for place in range(count)])


def _plan_reading(bench: Bench, name: str, time: str, keys: list[str]) -> None:
    bench.station(name)

    async def read(bench: Bench) -> None:
        # A refusal is what some of these sentences look for.
        with contextlib.suppress(DeviceError):
            await bench.backend.get_configuration(name, keys)

    bench.plan(bench.at(time), read)


@given(parsers.parse('the backend starts a session of {person} at "{name}" at {time}'))
def backend_starts(bench: Bench, person: str, name: str, time: str) -> None:
    """Let the backend send a RemoteStartTransaction at a local time."""
    bench.station(name)
    id_tag = id_tag_of(bench.card_of(person))

    async def start(bench: Bench) -> None:
        await bench.backend.remote_start(name, id_tag)

    bench.plan(bench.at(time), start)


@given(parsers.parse("a central system that refuses {action} {count:d} times"))
def central_system_refuses(bench: Bench, action: str, count: int) -> None:
    """Put a central system on strings in the backend's place; no healthy one does this."""
    bench.declare_central()

    async def prepare(bench: Bench) -> None:
        for _ in range(count):
            bench.central.answer_next(action, Error("InternalError", "told to refuse"))

    bench.plan(bench.at("0:00"), prepare)


@given(
    parsers.parse(
        '"{name}" is set to send a transaction message {attempts:d} times, {seconds:d} seconds '
        "apart"
    )
)
def is_set_to_repeat(bench: Bench, name: str, attempts: int, seconds: int) -> None:
    """Set the two keys of retries at the charger itself, at the beginning of the day."""
    bench.station(name)

    async def configure(bench: Bench) -> None:
        charger = bench.charger(name)
        await charger.configure("TransactionMessageAttempts", str(attempts))
        await charger.configure("TransactionMessageRetryInterval", str(seconds))

    bench.plan(bench.at("0:01"), configure)


# ---------------------------------------------------------------------- what people do


@given(parsers.parse('{person} plugs in at "{name}" at {time}'))
def plugs_in(bench: Bench, person: str, name: str, time: str) -> None:
    """Plug a car in at a local time."""
    bench.station(name)

    async def plug(bench: Bench) -> None:
        await bench.charger(name).plug_in(person=person)

    bench.plan(bench.at(time), plug)


@given(parsers.parse('{person} unplugs at "{name}" at {time}'))
def unplugs(bench: Bench, person: str, name: str, time: str) -> None:
    """Take the cable out at a local time, as far as it is let go."""
    bench.station(name)

    async def unplug(bench: Bench) -> None:
        await bench.charger(name).unplug(person=person)

    bench.plan(bench.at(time), unplug)


@given(parsers.parse('{person} shows the card at "{name}" at {time}'))
def shows_card(bench: Bench, person: str, name: str, time: str) -> None:
    """Hold a person's card to the reader at a local time; a stranger's is known to nobody."""
    bench.station(name)
    card = STRANGER if person == STRANGER.holder else bench.card_of(person)

    async def show(bench: Bench) -> None:
        await bench.charger(name).show_card(card)

    bench.plan(bench.at(time), show)


# ---------------------------------------------------------------------- what is answered


@then(
    parsers.re(
        r'at (?P<time>\S+) "(?P<name>[^"]+)" shows (?P<key>\w+) as (?P<access>read only|read-write)'
        r' with the value "(?P<value>[^"]*)"'
    )
)
def shows_key(bench: Bench, time: str, name: str, key: str, access: str, value: str) -> None:
    """Compare access and value in the answer to a GetConfiguration."""
    answer = _answer_to(bench, name, "GetConfiguration", time)
    entries = {entry["key"]: entry for entry in answer[2]["configurationKey"]}
    if key not in entries:
        raise NothingArrived(f"{name} does not show {key}")
    said = "read only" if entries[key]["readonly"] else "read-write"
    if (said, entries[key].get("value")) != (access, value):
        raise Disagreement(f'{name} shows {key} as {said} with "{entries[key].get("value")}"')


@then(parsers.parse('at {time} "{name}" answers the change of {key} with {status}'))
def answers_change(bench: Bench, time: str, name: str, key: str, status: str) -> None:
    """Compare the answer to a ChangeConfiguration."""
    answer = _answer_to(bench, name, "ChangeConfiguration", time)
    if answer[2].get("status") != status:
        raise Disagreement(f"{name} answers the change of {key} with {answer[2]}")


@then(parsers.parse('at {time} "{name}" answers GetConfiguration with the error {code}'))
def answers_with_error(bench: Bench, time: str, name: str, code: str) -> None:
    """Compare the error code of a refusal."""
    answer = _answer_to(bench, name, "GetConfiguration", time)
    assert answer[0] == 4, f"{name} answers {answer[2]}"
    assert answer[2] == code


@then(parsers.parse('at {time} "{name}" says that it does not know {count:d} keys'))
def does_not_know(bench: Bench, time: str, name: str, count: int) -> None:
    """Count the unknown keys in the answer to a GetConfiguration."""
    answer = _answer_to(bench, name, "GetConfiguration", time)
    assert answer[0] == 3, f"{name} answers {answer[2]}"
    assert len(answer[2]["unknownKey"]) == count


def _answer_to(bench: Bench, name: str, action: str, time: str) -> list[Any]:
    at = bench.at(time)
    asked = [
        call
        for call in calls(bench.tap.crossings, "backend", name)
        if call.action == action and call.crossing.at == at
    ]
    bench.decide(crossing for call in asked for crossing in (call.crossing, call.answer))
    if len(asked) != 1 or asked[0].answer is None:
        raise NothingArrived(f"{name} was not asked {action} at {time}, or did not answer")
    frame: list[Any] = json.loads(asked[0].answer.text)
    return frame


# ---------------------------------------------------------------------- what a key changes


@then(parsers.parse('"{name}" has told the statuses {statuses}'))
def has_told_statuses(bench: Bench, name: str, statuses: str) -> None:
    """Compare what was told of connector 1, in order."""
    found = [
        call for call in _said(bench, name, "StatusNotification") if call.payload["connectorId"]
    ]
    told = [call.payload["status"] for call in found]
    if told != statuses.split(", "):
        raise Disagreement(f"{name} has told the statuses {', '.join(told)}")


@then(parsers.parse('the last StopTransaction of "{name}" gives the reason {reason}'))
def gives_reason(bench: Bench, name: str, reason: str) -> None:
    """Compare the reason of the last stop."""
    stops = _said(bench, name, "StopTransaction")
    if not stops:
        raise NothingArrived(f"{name} has sent no StopTransaction")
    assert stops[-1].payload["reason"] == reason, f"the reason is {stops[-1].payload['reason']}"


@then(parsers.parse('the energy of the last session at "{name}" was {least:d} to {most:d} Wh'))
def energy_was(bench: Bench, name: str, least: int, most: int) -> None:
    """Compare meterStop less meterStart of the last session with two limits."""
    starts, stops = (_said(bench, name, f"{each}Transaction") for each in ("Start", "Stop"))
    if not stops:
        raise NothingArrived(f"{name} has sent no StopTransaction")
    energy_wh = stops[-1].payload["meterStop"] - starts[-1].payload["meterStart"]
    assert least <= energy_wh <= most, f"it was {energy_wh} Wh"


@then(parsers.parse('the transactionData of "{name}" holds'))
def transaction_data_holds(bench: Bench, name: str, datatable: Table) -> None:
    """Compare contexts, measurands and how often each stands in the last StopTransaction."""
    stops = _said(bench, name, "StopTransaction")
    counted: dict[tuple[str, str], int] = {}
    for entry in stops[-1].payload.get("transactionData", []) if stops else []:
        for sample in entry["sampledValue"]:
            place = (sample["context"], sample["measurand"])
            counted[place] = counted.get(place, 0) + 1
    wanted = {
        (row["context"], row["measurand"]): int(row["times"])
        for row in records(datatable, "context", "measurand", "times")
    }
    assert counted == wanted, f"it holds {counted}"


@then(parsers.parse('the transactionData of "{name}" has at most {most:d} entries with both ends'))
def transaction_data_is_limited(bench: Bench, name: str, most: int) -> None:
    """Count the entries of the last StopTransaction, and look at the first and the last."""
    stops = _said(bench, name, "StopTransaction")
    data = stops[-1].payload["transactionData"]
    ends = [data[place]["sampledValue"][0]["context"] for place in (0, -1)]
    assert ends == ["Transaction.Begin", "Transaction.End"]
    assert most // 2 < len(data) <= most, f"it has {len(data)} entries"


def _said(bench: Bench, name: str, action: str) -> list[Call]:
    found = [call for call in calls_of(bench.tap.crossings, name) if call.action == action]
    bench.decide(call.crossing for call in found)
    return found
