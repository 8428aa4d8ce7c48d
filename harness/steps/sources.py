"""Sentences about the sources of a task: groups of stations, folders of meters, cards."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from pytest_bdd import given, parsers, then, when

from harness.bench import UTILITY, Bench
from harness.errors import Disagreement, NothingArrived
from harness.frames import calls_of, counted_kwh, counts, instant_of
from harness.local_time import ZURICH
from harness.sources import card_source
from harness.steps import Wanted, compare_values
from harness.utility import Held
from simulators.charger_inch import id_tag_of


def _names(text: str) -> list[str]:
    return re.findall(r'"([^"]+)"', text)


# ---------------------------------------------------------------------- what is declared


@given("the task sends only when it is asked")
def sends_only_when_asked(bench: Bench) -> None:
    """Let nothing but a person start the task."""
    bench.schedule = "now"


@given(parsers.parse('the task takes the {kind} "{name}"'))
@when(parsers.parse('the task is to take the {kind} "{name}"'))
def task_takes(bench: Bench, kind: str, name: str) -> None:
    """Let the task take a station, a station group, a meter or a folder, beside what it has."""
    bench.sources.take(kind, name)


@given(parsers.parse("the task takes {person}'s card"))
def task_takes_card(bench: Bench, person: str) -> None:
    """Let the task take a person's card, by its number."""
    bench.sources.take("card", id_tag_of(bench.card_of(person)))


@given(parsers.parse('the station group "{group}" holds {stations}'))
def group_holds(bench: Bench, group: str, stations: str) -> None:
    """Make a station group of some chargers."""
    bench.sources.groups[group] = _names(stations)


@given(parsers.parse('"{name}" was added to the station group "{group}"'))
def was_added_to_group(bench: Bench, name: str, group: str) -> None:
    """Add a charger to a group, and let the backend read its settings anew."""
    bench.sources.groups[group].append(name)
    bench.restart_backend()


@given(parsers.parse('the folder "{folder}" holds {meters}'))
def folder_holds(bench: Bench, folder: str, meters: str) -> None:
    """Make a folder of some meters."""
    bench.sources.folders[folder] = _names(meters)


@given(parsers.parse("{person}'s card is a source"))
def card_is_source(bench: Bench, person: str) -> None:
    """Activate a person's card for IS-E, named by its number."""
    bench.sources.cards[person] = card_source(person, bench.card_of(person))


@given(parsers.parse('{person}\'s card is a source by the name "{name}"'))
def card_is_source_by_name(bench: Bench, person: str, name: str) -> None:
    """Activate a person's card for IS-E, with a name of its own."""
    bench.sources.cards[person] = card_source(person, bench.card_of(person), name)


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse("the newest file tells of {names} and of nothing else"))
def newest_file_tells(bench: Bench, names: str) -> None:
    """Compare the metering points of the file that arrived last."""
    files = bench.utility.arrived()
    if not files:
        raise NothingArrived(f"no file arrived at {UTILITY}")
    bench.decide_drop()
    bench.decide_files([files[-1].name])
    wanted = {bench.source(name).metering_code for name in _names(names)}
    told = {line.split(";")[0] for line in files[-1].lines()[1:]}
    if told != wanted:
        raise Disagreement(f"{files[-1].name} tells of {sorted(told)}")


@then(parsers.parse('each interval of "{name}" holds what was counted in its sessions'))
def holds_what_sessions_counted(bench: Bench, name: str) -> None:
    """Compare each energy of a card with the registers of its sessions, at all chargers."""
    held = bench.utility.held(bench.source(name).metering_code or "")
    bench.decide_files([value.file for value in held])
    sessions = _sessions_of(bench, name)
    if not sessions:
        raise NothingArrived(f"no charger has told of a session of {name}")
    if [value.start for value in held] != bench.grid(name)[:-1]:
        raise Disagreement(f"{UTILITY} holds {len(held)} values of {name}, not the day's")
    wanted: list[Wanted] = []
    for value in held:
        expected = sum(
            (
                counted_kwh(counts(bench.tap.crossings, charger), first, last)
                for charger, start, end in sessions
                if (first := max(start, value.start)) < (last := min(end, value.end))
            ),
            Decimal(0),
        )
        wanted.append((value, expected, None))

    def differs(value: Held, energy: Decimal | None, _: str | None) -> str:
        until = value.end.astimezone(ZURICH)
        return (
            f"{name} until {until:%H:%M}: {value.energy_kwh} kWh arrived, "
            f"{energy} kWh were counted in its sessions"
        )

    compare_values(bench, wanted, differs)


def _sessions_of(bench: Bench, name: str) -> list[tuple[str, datetime, datetime]]:
    """Give charger, start and end of each session of a card, as chargers told of them."""
    card = bench.card_of(name.removesuffix("'s card"))
    forms = {id_tag_of(card), id_tag_of(card, big_endian=True)}
    found = []
    for charger in bench.chargers:
        told = calls_of(bench.tap.crossings, charger)
        starts = [
            one
            for one in told
            if one.action == "StartTransaction" and one.payload["idTag"] in forms
        ]
        stops = [one for one in told if one.action == "StopTransaction"]
        for start in starts:
            number = start.answered["transactionId"]
            (stop,) = (one for one in stops if one.payload["transactionId"] == number)
            bench.decide(each.crossing for each in (start, stop))
            first, last = (instant_of(one.payload["timestamp"]) for one in (start, stop))
            found.append((charger, first, last))
    return found


@then(parsers.parse('"{one}" and "{other}" hold together what "{name}" holds'))
def hold_together(bench: Bench, one: str, other: str, name: str) -> None:
    """Compare, interval by interval, two sources with a third."""
    series = []
    for each in (one, other, name):
        held = bench.utility.held(bench.source(each).metering_code or "")
        bench.decide_files([value.file for value in held])
        series.append({value.end: value.energy_kwh for value in held})
    first, second, whole = series
    if not whole or not any(whole.values()):
        raise NothingArrived(f"{UTILITY} holds no energy of {name}")
    cells = {value.end: value for value in held}  # of the whole, which was asked last
    for end, energy in whole.items():
        parts = (first.get(end) or Decimal(0)) + (second.get(end) or Decimal(0))
        if not bench.decide_value(cells[end], parts):
            until = end.astimezone(ZURICH)
            raise Disagreement(
                f"until {until:%H:%M} {one} and {other} hold {parts} kWh, {name} holds {energy}"
            )
