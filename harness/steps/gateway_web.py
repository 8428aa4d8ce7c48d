"""Sentences about what people and programs do with a smart gateway over REST, and at its front."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.errors import Disagreement, UsageError
from harness.frames import WH_PER_KWH
from harness.gateway_visitor import Said, ask, looked_for, read
from harness.gateways import Running
from harness.modbus_master import Reading
from harness.steps import records
from simulators.iskra_sg.openapi import OPERATIONS
from simulators.wiretap import Crossing

Table = list[list[str]]
T = TypeVar("T")

THINGS = {
    "the status": "api",
    "its settings": "api/settings",
    "the Wi-Fi networks": "api/wifi/scan-networks",
    "the devices": "api/devices",
    "the measurements": "api/measurements/0",
    "the measurement": "api/measurement/0",
    "the counters": "api/counters/0",
    "the counter": "api/counter/0",
    "the switches": "api/bicoms",
    "a scan of RS485": "api/rs485/scan-devices",
    "the recorders": "api/recorders",
    "the recorder": "api/recorder/1",
    "the recorder as CSV": "api/recorder/1/csv",
    "the load profile": "api/load_profile/0",
    "the load profile without a slash": "api/load_profile0",
    "a blink of its LED": "api/blink",
    "the automations": "api/automation",
    "the files": "api/files",
    "its page": "",
    "what is seen of it": "bench",
}
"""What can be asked for, and where it is."""
RIGHT_IR_ID = 1
QUARTER = timedelta(minutes=15)
STEP = timedelta(milliseconds=250)
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


# ---------------------------------------------------------------------- how it is


@given(parsers.parse('the gateway "{gateway}" is a {model} with software {software}'))
def is_a_model(bench: Bench, gateway: str, model: str, software: str) -> None:
    """Say which model it is, and what runs on it."""
    told = bench.gateways.declare(gateway).site["gateway"]
    told["model"], told["software"] = model, software


@given(parsers.parse('the clock of "{gateway}" is {seconds:d} s ahead'))
def clock_is_ahead(bench: Bench, gateway: str, seconds: int) -> None:
    """Let its own clock be wrong."""
    bench.gateways.declare(gateway).site["gateway"]["clock_offset_s"] = seconds


@given(parsers.parse('"{gateway}" is set up with'))
def is_set_up_with(bench: Bench, gateway: str, datatable: Table) -> None:
    """Set settings by their names, lists by their places."""
    settings = bench.gateways.declare(gateway).site["settings"]
    for row in records(datatable, "setting", "value"):
        _put(settings, row["setting"].split(), _value(row["value"]))


def _put(part: dict[str, Any], names: list[str], value: object) -> None:
    if len(names) == 1:
        part[names[0]] = value
    elif names[1].isdigit():
        rows = part.setdefault(names[0], [])
        rows += [{} for _ in range(int(names[1]) - len(rows))]
        _put(rows[int(names[1]) - 1], names[2:], value)
    else:
        _put(part.setdefault(names[0], {}), names[1:], value)


def _value(text: str) -> object:
    if text in ("on", "off"):
        return text == "on"
    return int(text) if text.lstrip("-").isdigit() else text


@given(parsers.parse('the sensor of "{gateway}" is at {celsius:g} °C'))
def sensor_is_at(bench: Bench, gateway: str, celsius: float) -> None:
    """Put a Pt1000 at its input."""
    inputs = bench.gateways.declare(gateway).site.setdefault("inputs", {})
    inputs["temperature_cdeg"] = round(celsius * 100)


@given(parsers.parse('what flows behind the meter "{meter}" is counted by pulses, too'))
def counted_by_pulses(bench: Bench, meter: str) -> None:
    """Let a meter with a pulse output stand before the first load of a meter."""
    planned = bench.gateways.of_meter(meter)
    inputs = planned.site.setdefault("inputs", {})
    inputs["pulse_load"] = planned.meters[meter]["loads"][0]


# ---------------------------------------------------------------------- what was done with it


@given(parsers.parse('the switch of "{gateway}" was switched {state} over REST at {time}'))
def was_switched(bench: Bench, gateway: str, state: str, time: str) -> None:
    """Let somebody move the switch at the right IR port."""
    _plan_sent(bench, gateway, time, "api/bicom", {"id": RIGHT_IR_ID, "val": state})


@given(parsers.parse('all that "{gateway}" finds was added over REST at {time}'))
def was_added(bench: Bench, gateway: str, time: str) -> None:
    """Let somebody touch "Add all devices"."""
    _plan_sent(bench, gateway, time, "api/rs485/add-devices", {})


@given(parsers.parse('the file "{name}" was put on "{gateway}" at {time}'))
def was_put_on(bench: Bench, name: str, gateway: str, time: str) -> None:
    """Let somebody upload a certificate."""
    _plan_sent(bench, gateway, time, "api/files", {"name": name, "content": CERTIFICATE})


@given(parsers.parse('the upgrade "{url}" of "{gateway}" was started at {time}'))
def upgrade_was_started(bench: Bench, url: str, gateway: str, time: str) -> None:
    """Let somebody start an upgrade; on the bench nothing is fetched."""
    _plan_sent(bench, gateway, time, "api/upgrade", {"url": url})


@given(parsers.parse('the settings of "{gateway}" were changed at {time}'))
def settings_were_changed(bench: Bench, gateway: str, time: str, datatable: Table) -> None:
    """Let somebody change settings over REST."""
    part: dict[str, Any] = {}
    for row in records(datatable, "setting", "value"):
        _put(part, row["setting"].split(), _value(row["value"]))
    _plan_sent(bench, gateway, time, "api/settings", part)


@given(parsers.parse('the button of "{gateway}" was pressed for its factory reset at {time}'))
def was_reset(bench: Bench, gateway: str, time: str) -> None:
    """Let a person go through the menu: long, twice short, long."""
    begin = bench.at(time)
    for seconds, lasting in ((0, 10), (14, 2), (18, 2), (22, 10)):

        async def press(bench: Bench, lasting: int = lasting) -> None:
            _running(bench, gateway).gateway.press(timedelta(seconds=lasting))

        bench.plan(begin + timedelta(seconds=seconds), press)


def _plan_sent(bench: Bench, gateway: str, time: str, path: str, body: object) -> None:
    async def send(bench: Bench) -> None:
        said = await ask(_running(bench, gateway).web, path, body=body)
        if said.status != 200:
            raise UsageError(f"{gateway} answers {said.status} to {path}: {said.text}")

    bench.plan(bench.at(time), send)


def _running(bench: Bench, gateway: str) -> Running:
    return bench.gateways.running[gateway]


# ---------------------------------------------------------------------- what somebody does


@when(
    parsers.parse('somebody asks "{gateway}" for {thing} at {time}'), target_fixture="gateway_said"
)
def asks_for(bench: Bench, gateway: str, thing: str, time: str) -> Said:
    """Ask for one of the things that it tells."""
    bench.advance_to(bench.at(time))
    return _noted(bench, "rest", ask(_running(bench, gateway).web, _where(thing)))


@when(parsers.parse('somebody asks "{gateway}" at {time} for'), target_fixture="all_said")
def asks_for_all(bench: Bench, gateway: str, time: str, datatable: Table) -> dict[str, Said]:
    """Ask for several of the things that it tells, and keep the answers by their paths."""
    bench.advance_to(bench.at(time))
    web = _running(bench, gateway).web
    paths = [_where(row["thing"]) for row in records(datatable, "thing")]
    return {path: _noted(bench, "rest", ask(web, path)) for path in paths}


@when(
    parsers.parse('{user} logs in at "{gateway}" with {password} for {thing} at {time}'),
    target_fixture="gateway_said",
)
def logs_in(bench: Bench, user: str, gateway: str, password: str, thing: str, time: str) -> Said:
    """Ask for it with the cookie that clients send."""
    bench.advance_to(bench.at(time))
    web = _running(bench, gateway).web
    return _noted(bench, "rest", ask(web, _where(thing), login=f"{user}:{password}"))


@when(
    parsers.parse('somebody sends "{gateway}" at {time} to {path}'), target_fixture="gateway_said"
)
def sends(bench: Bench, gateway: str, time: str, path: str, docstring: str) -> Said:
    """Send it JSON."""
    bench.advance_to(bench.at(time))
    web = _running(bench, gateway).web
    return _noted(bench, "rest", ask(web, path.lstrip("/"), body=json.loads(docstring)))


@when(
    parsers.parse('pyiskra reads the meter "{meter}" over REST at {time}'),
    target_fixture="reading",
)
def pyiskra_reads(bench: Bench, meter: str, time: str) -> Reading:
    """Let the public client make the gateway and read one of its meters."""
    bench.advance_to(bench.at(time))
    planned = bench.gateways.of_meter(meter)
    web = _running(bench, planned.name).web
    return _noted(bench, "rest", read(web, planned.meters[meter]["serial"]))


@when(
    parsers.parse('somebody looks for "{gateway}" on the network at {time}'),
    target_fixture="found",
)
def looks_for(bench: Bench, gateway: str, time: str) -> dict[str, Any]:
    """Let the public client scan the network."""
    bench.advance_to(bench.at(time))
    running = _running(bench, gateway)
    return _noted(bench, "udp", looked_for(running.udp.port, running.gateway.name))


@when(
    parsers.parse('a person presses the button of "{gateway}" at {time}'),
    target_fixture="lights",
)
def presses(bench: Bench, gateway: str, time: str, datatable: Table) -> list[Crossing]:
    """Press for so many seconds, one press after the other, and watch the LED for a minute."""
    bench.advance_to(bench.at(time))
    running = _running(bench, gateway).gateway
    seen: list[Crossing] = []

    def watch(lasting: timedelta) -> None:
        until = bench.clock.now() + lasting
        while bench.clock.now() < until:
            bench.advance_to(bench.clock.now() + STEP)
            light = str(running.now.led)
            if not seen or light != seen[-1].text:
                bench.tap.note("light", running.name, "person", light)
                seen.append(bench.tap.crossings[-1])

    for row in records(datatable, "seconds"):
        lasting = timedelta(seconds=int(row["seconds"]))
        running.press(lasting)
        watch(lasting + timedelta(seconds=3))
    watch(timedelta(seconds=60))
    bench.decide(seen)
    return seen


def _where(thing: str) -> str:
    if thing not in THINGS:
        raise UsageError(f'nobody can ask for "{thing}"; write one of {", ".join(THINGS)}')
    return THINGS[thing]


def _noted(bench: Bench, wire: str, work: Coroutine[Any, Any, T]) -> T:
    before = len(bench.tap.crossings)
    done = bench.run(work)
    bench.decide(one for one in bench.tap.crossings[before:] if one.wire == wire)
    return done


# ---------------------------------------------------------------------- what comes back


@then("the answer says")
def answer_says(gateway_said: Said, datatable: Table) -> None:
    """Compare values of the answer, each by its path; rows of a list count from 1."""
    for row in records(datatable, "what", "value"):
        told = _told(gateway_said.body, row["what"])
        if told != row["value"]:
            raise Disagreement(f"{row['what']} is {told!r}, not {row['value']!r}")


def _told(body: Any, path: str) -> str:
    found = body
    for name in path.split():
        try:
            found = found[int(name) - 1] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            raise Disagreement(f"the answer has no {path!r}: {json.dumps(body)[:500]}") from None
    return found if isinstance(found, str) else json.dumps(found)


@then("the answer has the lines")
def answer_has_lines(gateway_said: Said, datatable: Table) -> None:
    """Compare a text with the first lines that are told."""
    lines = [row[0] for row in datatable]

    assert lines == gateway_said.text.split("\r\n")[: len(lines)]


@then(parsers.parse("the answer tells {count:d} quarter hours, {own:d} of them from the meter"))
def tells_quarter_hours(gateway_said: Said, count: int, own: int) -> None:
    """Count the rows of a load profile; each quarter hour must be there once, without a gap."""
    values = gateway_said.body["load_profile"]["values"]
    sources = [one["source"] for one in values]
    if (len(values), sources.count("meter")) != (count, own):
        told = f"{len(values)} quarter hours, {sources.count('meter')} of them from the meter"
        raise Disagreement(f"it tells {told}")
    ends = [datetime.fromisoformat(one["end"]) for one in values]
    steps = {later - earlier for earlier, later in pairwise(ends)}
    # Between what the gateway kept and what the meter has may lie the power failure.
    if not steps <= {QUARTER, 2 * QUARTER} or len(set(ends)) != len(ends):
        raise Disagreement(f"between quarter hours lie {', '.join(map(str, sorted(steps)))}")


@then(parsers.parse('they sum to {energy} kWh, which the counter of "{meter}" shows'))
def sum_to_the_counter(bench: Bench, gateway_said: Said, energy: str, meter: str) -> None:
    """Compare the sum of a load profile with a figure and with what REST tells of the counter."""
    told = sum(one["import"][0] for one in gateway_said.body["load_profile"]["values"])
    running = _running(bench, bench.gateways.of_meter(meter).name)
    body = _noted(bench, "rest", ask(running.web, THINGS["the counters"])).body
    counter = body["counters"]["non_resettable"][0]["value"]
    if not told == counter == Decimal(energy) * WH_PER_KWH:
        raise Disagreement(f"the load profile sums to {told} Wh, the counter shows {counter} Wh")


@then("each answer is as the API describes it")
def answers_are_described(all_said: dict[str, Said]) -> None:
    """Hold each against the schema that the gateway itself publishes for its path."""
    import jsonschema_rs

    for path, said in all_said.items():
        (operation,) = [
            one
            for one in OPERATIONS
            if one.method == "get" and f"/{path}" in [_numbered(one.path, n) for n in (0, 1)]
        ]
        assert (path, 200) == (path, said.status)
        assert operation.answer is not None
        try:
            jsonschema_rs.validate(operation.answer, said.body)
        except jsonschema_rs.ValidationError as error:
            where = "/".join(map(str, error.instance_path))
            raise Disagreement(f"/{path}, {where}: {error.message}") from error


def _numbered(path: str, number: int) -> str:
    return path.replace("{id}", str(number))


@then(parsers.parse("it is refused with {status:d}: {sentence}"))
def is_refused(gateway_said: Said, status: int, sentence: str) -> None:
    """Compare the status and the sentence."""
    body = gateway_said.body
    told = body.get("error") if isinstance(body, dict) else gateway_said.text

    assert (status, sentence) == (gateway_said.status, told)


@then("it is found with")
def is_found_with(found: dict[str, Any], datatable: Table) -> None:
    """Compare what the public client read of the reply."""
    rows = records(datatable, "what", "value")

    assert {row["what"]: row["value"] for row in rows} == {
        row["what"]: str(found.get(row["what"])) for row in rows
    }


@then("it is not found")
def is_not_found(found: dict[str, Any]) -> None:
    """Look that the scan found nothing."""
    assert {} == found


@then("its page has the sections")
def page_has(gateway_said: Said, datatable: Table) -> None:
    """Look for the links of the page's menu, in their order."""
    names = [row[0] for row in datatable]
    shown = [name for name in names if f'">{name}</a>' in gateway_said.text]

    assert names == shown
    places = [gateway_said.text.index(f'">{name}</a>') for name in names]
    assert sorted(places) == places


@then("the LED shows")
def led_shows(lights: list[Crossing], datatable: Table) -> None:
    """Compare the lights that followed one another."""
    assert [", ".join(row) if row[1] else row[0] for row in datatable[1:]] == [
        one.text for one in lights
    ]
