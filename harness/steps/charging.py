"""Sentences about chargers and the people who use them."""

from __future__ import annotations

from decimal import Decimal

from pytest_bdd import given, parsers, then

from harness.bench import Bench
from harness.errors import Disagreement
from harness.frames import calls_of, samples
from harness.steps import records
from harness.steps import show as shown
from simulators.charger_inch import Card

Table = list[list[str]]


@given(parsers.parse('the charger "{name}" is in service'))
def in_service(bench: Bench, name: str) -> None:
    """Put an emulated INCH on the bench, activated for IS-E."""
    bench.declare_station(name)


@given(parsers.parse('the charger "{name}" is in service without IS-E'))
def in_service_without_ise(bench: Bench, name: str) -> None:
    """Put an emulated INCH on the bench that is in no task's files."""
    bench.declare_station(name, ise=False)


@given(parsers.parse('the charger "{name}" is in service and reads cards big-endian'))
def in_service_big_endian(bench: Bench, name: str) -> None:
    """Put an emulated INCH on the bench whose reader is set to big-endian."""
    bench.declare_station(name).big_endian_cards = True


@given(parsers.parse("{person}'s card has the UID {uid}"))
def card_has_uid(bench: Bench, person: str, uid: str) -> None:
    """Give a person a card with a UID, written with colons."""
    bench.cards[person] = Card(bytes.fromhex(uid.replace(":", "")), person)


@given(
    parsers.re(
        r'(?P<person>\w+) charges at "(?P<name>[^"]+)" from (?P<start>\S+) to (?P<end>\S+)'
        r" and from (?P<again>\S+) to (?P<last>\S+)$"
    )
)
def charges_twice(
    bench: Bench, person: str, name: str, start: str, end: str, again: str, last: str
) -> None:
    """Charge, as below, two times of a day."""
    charges(bench, person, name, start, end)
    charges(bench, person, name, again, last)


@given(
    parsers.re(
        r'(?P<person>\w+) charges at "(?P<name>[^"]+)" from (?P<start>\S+)'
        r" to (?P<end>\S+( of the next day)?)$"
    )
)
def charges(bench: Bench, person: str, name: str, start: str, end: str) -> None:
    """Plug in and show the card at one local time, stop with the card and unplug at another."""
    bench.plan_session(name, person, bench.at(start), bench.at(end))


@given(parsers.re(r'the line of "(?P<name>[^"]+)" is cut from (?P<start>\S+) to (?P<end>.+)'))
def line_is_cut(bench: Bench, name: str, start: str, end: str) -> None:
    """Cut a charger's line at one local time and restore it at another."""
    bench.plan_outage(name, bench.at(start), bench.at(end))


@given(parsers.re(r'the line of "(?P<name>[^"]+)" is cut from (?P<start>\S+) on$'))
def line_is_cut_from(bench: Bench, name: str, start: str) -> None:
    """Cut a charger's line for the rest of the scenario."""
    bench.plan_outage(name, bench.at(start))


@given(parsers.parse('"{name}" passes on a vendor\'s message at {time}'))
def passes_on_data(bench: Bench, name: str, time: str) -> None:
    """Let a charger send a DataTransfer."""
    bench.station(name)

    async def send(bench: Bench) -> None:
        await bench.chargers[name].transfer_data("Etrel", "ClusterConsumption", "{}")

    bench.plan(bench.at(time), send)


@given(parsers.parse('the backend asks "{name}" at {time} for {first} and {second}'))
def backend_asks(bench: Bench, name: str, time: str, first: str, second: str) -> None:
    """Let the central system trigger two messages."""
    bench.station(name)

    async def trigger(bench: Bench) -> None:
        await bench.backend.trigger(name, first)
        await bench.backend.trigger(name, second)

    bench.plan(bench.at(time), trigger)


@then(parsers.parse('"{name}" has said of itself'))
def has_said_of_itself(bench: Bench, name: str, datatable: Table) -> None:
    """Compare fields of the BootNotification."""
    boots = [
        call for call in calls_of(bench.tap.crossings, name) if call.action == "BootNotification"
    ]
    bench.decide([call.crossing for call in boots])
    assert len(boots) == 1, f"{name} has sent {len(boots)} BootNotifications, not one"
    for row in records(datatable, "field", "value"):
        said = boots[0].payload.get(row["field"])
        if said != row["value"]:
            raise Disagreement(f'{name} says {row["field"]} "{said}", not "{row["value"]}"')


@then("it has reported the status of connectors 0 and 1 and of no other")
def has_reported_status(bench: Bench) -> None:
    """Compare the connectors of all StatusNotifications on the wire."""
    statuses = [
        call
        for name in bench.chargers
        for call in calls_of(bench.tap.crossings, name)
        if call.action == "StatusNotification"
    ]
    bench.decide([call.crossing for call in statuses])
    assert {call.payload["connectorId"] for call in statuses} == {0, 1}


@then(parsers.parse('the power of "{name}" never exceeded {most:g} kW and reached {least:g} kW'))
def power_was(bench: Bench, name: str, most: float, least: float) -> None:
    """Compare every Power.Active.Import on the wire with two limits."""
    powers = [
        sample
        for sample in samples(bench.tap.crossings, name)
        if sample.measurand == "Power.Active.Import" and not sample.phase
    ]
    bench.decide([sample.crossing for sample in powers])
    assert powers, f"{name} has sent no Power.Active.Import"
    assert max(Decimal(sample.value) for sample in powers) <= Decimal(str(most))
    assert max(Decimal(sample.value) for sample in powers) >= Decimal(str(least))


@then(parsers.parse('"{name}" has sent each of'))
def has_sent_each(bench: Bench, name: str, datatable: Table) -> None:
    """Look for each message among the charger's CALLs."""
    sent = {call.action: call.crossing for call in calls_of(bench.tap.crossings, name)}
    wanted = {row["message"] for row in records(datatable, "message")}
    bench.decide([crossing for action, crossing in sent.items() if action in wanted])
    assert not wanted - sent.keys(), f"{name} has never sent {shown(wanted - sent.keys())}"
    bench.wanted = wanted


@then(parsers.parse('"{name}" has sent no other message'))
def has_sent_no_other(bench: Bench, name: str) -> None:
    """Look for messages beside those of the sentence before."""
    others = [c for c in calls_of(bench.tap.crossings, name) if c.action not in bench.wanted]
    bench.decide([call.crossing for call in others])
    assert not others, f"{name} has also sent {shown({call.action for call in others})}"


@then(parsers.parse('"{name}" has sent no {action}'))
def has_sent_no(bench: Bench, name: str, action: str) -> None:
    """Look for a message that must not be there."""
    found = [call for call in calls_of(bench.tap.crossings, name) if call.action == action]
    bench.decide([call.crossing for call in found])
    assert not found, f"{name} has sent {len(found)} {action}"


@then(parsers.parse('"{name}" has authorised the idTag {id_tag}'))
def has_authorised(bench: Bench, name: str, id_tag: str) -> None:
    """Compare the idTags of Authorize and StartTransaction on the wire."""
    found = [
        call
        for call in calls_of(bench.tap.crossings, name)
        if call.action in ("Authorize", "StartTransaction")
    ]
    bench.decide([call.crossing for call in found])
    assert {call.action for call in found} == {"Authorize", "StartTransaction"}
    assert {call.payload["idTag"] for call in found} == {id_tag}


@then("EW Seedorf's backend accepted it")
def backend_accepted(bench: Bench) -> None:
    """Compare the answers to every Authorize and StartTransaction."""
    answers = [
        call.answer
        for name in bench.chargers
        for call in calls_of(bench.tap.crossings, name)
        if call.action in ("Authorize", "StartTransaction")
    ]
    bench.decide([answer for answer in answers if answer is not None])
    assert answers, "no card was shown"
    assert all(answer is not None and '"Accepted"' in answer.text for answer in answers)
