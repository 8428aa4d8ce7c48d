"""Sentences about the charger's own page and the people who use it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_bdd import given, parsers, then

from harness.bench import Bench
from harness.errors import Disagreement, NothingArrived, UsageError
from harness.frames import REGISTER, Sample, calls_of, samples
from harness.local_time import ZURICH
from harness.steps import records
from simulators.wiretap import Crossing

if TYPE_CHECKING:
    from simulators.charger_inch.web_io import WebPage

Table = list[list[str]]

WIRE = "http"
HOME = "home"
"""What a scenario calls the backend of its bench."""

PATHS = {
    "plug in": "verbs/plug_in",
    "show the card": "verbs/show_card",
    "unplug": "verbs/unplug",
    "cut the line": "verbs/cut_line",
    "restore the line": "verbs/restore_line",
    "cut the power": "verbs/cut_power",
    "restore the power": "verbs/restore_power",
    "set the key": "configuration",
    "set up": "settings",
}


@given(parsers.parse('the backend also admits a charger "{name}"'))
def also_admits(bench: Bench, name: str) -> None:
    """Let the backend know an identity under which nothing stands on the bench."""
    bench.declare_station(name, ise=False).is_elsewhere = True


@given(parsers.parse('{person} does on the page of "{name}"'))
def does_on_the_page(bench: Bench, person: str, name: str, datatable: Table) -> None:
    """Let a person use the charger's page at local times of the day."""
    bench.station(name)
    for row in records(datatable, "time", "what", "with"):
        if row["what"] not in PATHS:
            raise UsageError(f"nobody can {row['what']} on the page; use one of {', '.join(PATHS)}")
        _plan(bench, person, name, row)


def _plan(bench: Bench, person: str, name: str, row: dict[str, str]) -> None:
    fields = _fields(row["with"])
    if row["what"] == "show the card":
        fields["uid"] = bench.card_of(person).uid.hex()

    async def use(bench: Bench) -> None:
        page = await _page_of(bench, name)
        if fields.get("backend") == HOME:
            fields["backend"] = bench.backend.address
        await _ask(bench, page, person, name, "POST", PATHS[row["what"]], fields)

    bench.plan(bench.at(row["time"]), use)


def _fields(text: str) -> dict[str, Any]:
    """Read ``name=value name=value``; a key of the configuration keeps its value as text."""
    pairs = [part.partition("=") for part in text.split()]
    if len(pairs) == 1 and pairs[0][0][:1].isupper():
        return {"key": pairs[0][0], "value": pairs[0][2]}
    plain: dict[str, Any] = {"true": True, "false": False}
    return {
        name: plain.get(value, int(value) if value.isdigit() else value) for name, _, value in pairs
    }


@given(parsers.parse('{person} looks at the page of "{name}" at {time}'))
def looks_at_the_page(bench: Bench, person: str, name: str, time: str) -> None:
    """Let a person see what the charger's page shows at a local time of the day."""
    bench.station(name)

    async def look(bench: Bench) -> None:
        page = await _page_of(bench, name)
        await _ask(bench, page, person, name, "GET", "state", None)

    bench.plan(bench.at(time), look)


async def _page_of(bench: Bench, name: str) -> WebPage:
    # Loaded only by scenarios that have a page.
    from simulators.charger_inch.web_io import WebPage

    if name not in bench.pages:
        page = WebPage(bench.charger(name), bench.clock)
        await page.start()
        bench.pages[name] = page
    return bench.pages[name]


async def _ask(
    bench: Bench, page: WebPage, person: str, name: str, method: str, path: str, fields: Any
) -> None:
    """Ask for something as a browser would, and note what crossed."""
    import aiohttp

    text = "" if fields is None else f" {json.dumps(fields)}"
    bench.tap.note(WIRE, person, name, f"{method} /{path}{text}")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, page.address + path, json=fields) as answer,
    ):
        told = await answer.json()
    # What it set off on other wires comes first, so that one order of crossings exists.
    await bench.clock.settle()
    bench.tap.note(WIRE, name, person, f"{answer.status} {_noted(told)}".rstrip())


def _noted(told: Any) -> str:
    """Give what of an answer is evidence: a refusal, or what was looked at, but no free ports."""
    if "error" in told:
        return str(told["error"])
    if "state" in told:
        return ""
    line = {key: one for key, one in told["line"].items() if key not in ("endpoint", "url")}
    return json.dumps(told | {"line": line})


def _answer_at(bench: Bench, name: str, time: str) -> Crossing:
    at = bench.at(time)
    for crossing in bench.tap.crossings:
        if (crossing.wire, crossing.sender, crossing.at) == (WIRE, name, at):
            bench.decide([crossing])
            return crossing
    raise NothingArrived(f'nobody has used the page of "{name}" at {time}')


@then(parsers.parse('the page of "{name}" showed at {time}'))
def page_showed(bench: Bench, name: str, time: str, datatable: Table) -> None:
    """Compare what the page answered with what it was to show."""
    state = _state_at(bench, name, time)
    for row in records(datatable, "what", "value"):
        shown = state
        for part in row["what"].split():
            shown = shown[part]
        if str(shown) != row["value"]:
            raise Disagreement(f"the page shows {row['what']} {shown}, not {row['value']}")


@then(parsers.parse('the page showed at {time} the energy that "{name}" told the backend'))
def page_showed_energy(bench: Bench, name: str, time: str) -> None:
    """
    Compare the meter on the page with the register on the wire, to the last digit.

    What it shows of the session that runs is compared with what was counted since its start.
    """
    told = [
        sample
        for sample in samples(bench.tap.crossings, name)
        if (sample.at, sample.measurand) == (bench.at(time), REGISTER)
    ]
    if not told:
        raise NothingArrived(f"{name} has told the backend no register of {time}")
    bench.decide([told[0].crossing])
    state = _state_at(bench, name, time)
    shown = state["values"]["energy_kwh"]
    if Decimal(shown) != Decimal(told[0].value) or Decimal(shown) == 0:
        raise Disagreement(f"the page shows {shown} kWh, and {told[0].value} was told")
    _compare_session(bench, name, told[0], state["transaction"])


def _compare_session(bench: Bench, name: str, told: Sample, shown: Any) -> None:
    begun = [
        one
        for one in calls_of(bench.tap.crossings, name)
        if one.action == "StartTransaction" and one.crossing.at <= told.at
    ]
    if not begun or shown is None:
        raise NothingArrived(f"{name} has told of no session, or its page shows none")
    bench.decide([begun[-1].crossing, told.crossing])
    counted_kwh = Decimal(told.value) - Decimal(begun[-1].payload["meterStart"]) / 1000
    # Both ends of a session are told in whole Wh, and the page shows what will be billed.
    if abs(Decimal(shown["energy_kwh"]) - counted_kwh) > Decimal("0.001"):
        why = f"{counted_kwh} kWh were counted since it began"
        raise Disagreement(f"the page shows {shown['energy_kwh']} kWh of the session, and {why}")


def _state_at(bench: Bench, name: str, time: str) -> Any:
    return json.loads(_answer_at(bench, name, time).text.partition(" ")[2])


@then(parsers.parse('the page of "{name}" refused at {time} with "{sentence}"'))
def page_refused(bench: Bench, name: str, time: str, sentence: str) -> None:
    """Compare the refusal that the page answered."""
    said = _answer_at(bench, name, time).text
    status, _, told = said.partition(" ")
    if status not in ("400", "409") or sentence not in told:
        raise Disagreement(f"the page answered: {said}")


@then(parsers.parse('"{name}" has told the backend'))
def has_told_the_backend(bench: Bench, name: str, datatable: Table) -> None:
    """Look for each CALL with its field, in its minute of local time."""
    told = calls_of(bench.tap.crossings, name)
    for row in records(datatable, "time", "message", "field", "value"):
        found = [
            call
            for call in told
            if (call.action, _minute(call.crossing.at)) == (row["message"], row["time"])
            and str(call.payload.get(row["field"])) == row["value"]
        ]
        bench.decide(call.crossing for call in found)
        if not found:
            at = [
                f"{_minute(c.crossing.at)} {c.payload}" for c in told if c.action == row["message"]
            ]
            raise Disagreement(f"{name} has told no such {row['message']}; told: {at}")


@then(parsers.parse('"{name}" has told the backend nothing from {start} to {end}'))
def has_told_nothing(bench: Bench, name: str, start: str, end: str) -> None:
    """Look for CALLs between two local times, and for one after them."""
    sent = calls_of(bench.tap.crossings, name)
    between = [c.crossing for c in sent if bench.at(start) <= c.crossing.at < bench.at(end)]
    bench.decide(between)
    assert any(call.crossing.at >= bench.at(end) for call in sent), f"{name} is silent since {end}"
    assert not between, f"{name} has sent {len(between)} CALLs from {start} to {end}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(ZURICH):%H:%M}"
