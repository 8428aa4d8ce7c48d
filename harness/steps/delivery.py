"""Sentences about files on their way to the utility's server."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pytest_bdd import given, parsers, then, when

from backend import Settings
from backend.ports import Destination
from harness.bench import EXPORT_AT, NOT_YET_LISTENING, UTILITY, Bench
from harness.console import Console
from harness.errors import Disagreement, NothingArrived, UsageError
from harness.local_time import ZURICH, read_day
from harness.steps import must_be_done
from harness.toml_text import to_toml
from harness.utility import DROP_WIRES, SECURITY


@when("the connection to EW Seedorf is tested")
def connection_is_tested(bench: Bench) -> None:
    """Have the backend try all that a delivery needs, a minute after the day has begun."""
    bench.advance_to(bench.at("0:01"))
    bench.tested = bench.run(bench.backend.test_connection(UTILITY, UTILITY))


@then("each step of the test is done")
def each_step_is_done(bench: Bench, datatable: list[list[str]]) -> None:
    """Compare the steps, and what is said of them, with a table."""
    bench.decide_drop()
    assert [(one.name, one.is_done) for one in bench.tested] == [
        (step, True) for step, _ in datatable[1:]
    ]
    for (_, words), one in zip(datatable[1:], bench.tested, strict=True):
        assert words in one.words


@then(parsers.parse('the test fails at "{step}", saying "{words}"'))
def the_test_fails_at(bench: Bench, step: str, words: str) -> None:
    """Compare the first step that is not done, and its sentence; none is tried behind it."""
    bench.decide_drop()
    names = [one.name for one in bench.tested]
    place = names.index(step)
    assert [True] * place + [False] + [None] * (len(names) - place - 1) == [
        one.is_done for one in bench.tested
    ]
    assert words in bench.tested[place].words


@then(parsers.re(r"(?P<count>\d+) files? arrives? at EW Seedorf"))
def files_arrive(bench: Bench, count: str) -> None:
    """Count the files that lie, or lay, at the utility under final names."""
    files = bench.utility.arrived()
    bench.decide_drop()
    bench.decide_files([file.name for file in files])
    if len(files) != int(count):
        names = ", ".join(file.name for file in files) or "none"
        raise NothingArrived(f"{len(files)} files arrived, not {count}: {names}")


@then(parsers.parse('a file "{name}" arrives at EW Seedorf'))
def a_file_arrives(bench: Bench, name: str) -> None:
    """Compare the name of the file that arrived."""
    bench.decide_drop()
    bench.decide_files([name])
    assert [file.name for file in bench.utility.arrived()] == [name]


@then(parsers.parse('the operator finds for "{text}" the receipts'))
def operator_finds_receipts(bench: Bench, text: str, datatable: list[list[str]]) -> None:
    """Search over the API, and compare what is found with a table, newest first."""
    found = _receipts(bench, f"text={quote(text)}")
    assert [tuple(row) for row in datatable[1:]] == [
        (
            one["name"],
            str(one["rows"]),
            _shown(one["first"]),
            _shown(one["last"]),
            str(one["tries"]),
        )
        for one in found
    ]
    for one in found:
        assert one["server"].startswith("sftp://127.0.0.1:")
        assert one["arrived"] >= one["created"]


@then(parsers.parse('the operator finds no receipt for "{text}"'))
def operator_finds_no_receipt(bench: Bench, text: str) -> None:
    """Search over the API for what is not there."""
    assert [] == _receipts(bench, f"text={quote(text)}")


@then(parsers.parse("of {day} the operator finds {count:d} receipts"))
def operator_finds_receipts_of(bench: Bench, day: str, count: int) -> None:
    """Search over the API by the day that the files tell of."""
    assert count == len(_receipts(bench, f"day={read_day(day).isoformat()}"))


@then("what the operator downloads is what arrived, by size, hash and content")
def operator_downloads(bench: Bench) -> None:
    """Fetch each file from the page, and compare it with what lies at the utility."""
    bench.decide_drop()
    files = {file.name: file.content for file in bench.utility.arrived()}
    found = _receipts(bench, "")
    assert files, "nothing arrived"
    assert {one["name"]: (one["size"], one["sha256"]) for one in found} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()
    }
    console = Console(bench.backend.web_address, bench.tap)
    for name, content in files.items():
        # Line ends are told apart by the bytes alone, which HTTP leaves as they are.
        assert content.decode() == bench.run(console.read_page(f"/files/{quote(name)}"))


def _receipts(bench: Bench, query: str) -> list[dict[str, Any]]:
    console = Console(bench.backend.web_address, bench.tap)
    found: list[dict[str, Any]] = json.loads(bench.run(console.read_api(f"/api/receipts?{query}")))
    return found


def _shown(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(ZURICH):%-d.%-m. %H:%M}"


@given(parsers.parse("the account's server speaks {wire}"))
def server_speaks(bench: Bench, wire: str) -> None:
    """Choose the wire: SFTP, FTP, FTPS, or implicit FTPS."""
    if wire not in ("SFTP", *SECURITY):
        raise UsageError(f"no server speaks {wire!r}; there are SFTP, {', '.join(SECURITY)}")
    must_be_done(bench, wire)
    bench.drop_server = replace(bench.drop_server, wire=wire)


@given(parsers.re(r"the account's server knows(?P<no> no)? EPSV"))
def server_knows_epsv(bench: Bench, no: str | None) -> None:
    """Have EPSV answered, or refused as an unknown command."""
    bench.drop_server = replace(bench.drop_server, knows_epsv=no is None)


@given(parsers.parse("the account's server says that its address is {address}"))
def server_says_address(bench: Bench, address: str) -> None:
    """Have PASV name an address that cannot be reached, as behind address translation."""
    bench.drop_server = replace(bench.drop_server, told_address=address)


@given(parsers.parse("the destination of EW Seedorf says {key} = {value}"))
def destination_says(bench: Bench, key: str, value: str) -> None:
    """Set a key of the destination as TOML has it; ``nothing`` leaves it out."""
    try:
        said = None if value == "nothing" else tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{value!r} is no value of TOML: {error}") from error
    known = {**bench.drop_server.settings, key: said}
    bench.drop_server = replace(bench.drop_server, settings=known)


@given("the destination of EW Seedorf names who signed the certificate")
def destination_names_issuer(bench: Bench) -> None:
    """Give a file with the certificate, instead of pinning it."""
    bench.drop_server = replace(bench.drop_server, is_issuer_named=True)


@when(parsers.parse('the settings name a destination of kind "{kind}" at "{host}"'))
def a_destination(bench: Bench, kind: str, host: str) -> None:
    """Have the settings of a destination read, and nothing delivered."""
    bench.must_be_bundled("how settings are read")
    told = {"account": UTILITY, "name": UTILITY, "kind": kind, "host": host, "user": "u"}
    known = {"host_key": NOT_YET_LISTENING["host_key"]} if kind == "sftp" else {}
    text = to_toml(
        {"account": [{"name": UTILITY}], "destination": [{**told, "secret": "s", **known}]}
    )
    bench.destination = Settings.from_toml(text, {}).destinations[0].destination


@then(parsers.parse('its files go to port {port:d} of "{name}"'))
def files_go_to(bench: Bench, port: int, name: str) -> None:
    """Compare host and port as the backend has understood them."""
    read = _destination(bench)
    assert (read.host, read.port) == (name, port)


@then(parsers.parse("its encryption begins {begin}"))
def encryption_begins(bench: Bench, begin: str) -> None:
    """Compare when the line is encrypted."""
    read = _destination(bench)
    at_once = read.kind == "sftp" or read.is_implicit
    asked_for = read.kind == "ftps" and not read.is_implicit
    assert begin == (
        "with the first byte" if at_once else "when it is asked for" if asked_for else "never"
    )


@then(parsers.parse("it came over {wire}, into the folder of the account"))
def came_over(bench: Bench, wire: str) -> None:
    """Compare the server's own record of what was done over which wire, and where."""
    bench.decide_drop()
    file = bench.utility.first()
    assert file.path == f"{bench.utility.folder}/{file.name}"
    carried = {c.wire for c in bench.tap.crossings if c.wire in DROP_WIRES and file.name in c.text}
    assert carried == {wire.split()[-1].lower()}


@when("the operator stops the delivery")
def operator_stops(bench: Bench) -> None:
    """Hold the oldest file that has not arrived."""
    held = bench.run(bench.backend.hold_delivery(bench.task))
    assert held is not None, "no file waits to be delivered"
    assert (held.state, held.cause) == ("held", "operator")


@when("the operator lets the delivery go on")
def operator_lets_go_on(bench: Bench) -> None:
    """Release it, and let a second pass."""
    bench.run(bench.backend.release_delivery(bench.task))
    bench.advance_to(bench.clock.now() + timedelta(seconds=1))


@then(parsers.parse("EW Seedorf was tried at {times}"))
def was_tried_at(bench: Bench, times: str) -> None:
    """Compare the local times of all logins that the server has seen."""
    bench.decide_drop()
    seen = [event.at for event in bench.utility.events if event.action == "login"]
    assert ", ".join(f"{at.astimezone(ZURICH):%H:%M}" for at in seen) == times


@then(parsers.parse("of {count:d} files that wait only the first was tried"))
def only_the_first_was_tried(bench: Bench, count: int) -> None:
    """Compare how often each file was tried, by the backend's own account."""
    tries = [one.tries for one in bench.run(bench.backend.deliveries())]
    assert len(tries) == count
    assert tries[0] > 1
    assert tries[1:] == [0] * (count - 1)


@given(parsers.parse('another file stands at EW Seedorf under the name of that of "{name}"'))
def another_file_stands(bench: Bench, name: str) -> None:
    """Take the name that the file of the day of a charger will have, before the day begins."""
    code = bench.station(name).metering_code
    made = bench.at(EXPORT_AT, bench.day + timedelta(days=1))
    day = f"{bench.day:%Y%m%d}"
    bench.go()
    taken = f"ISE_{bench.task}_{day}_{day}_{made:%Y%m%d%H%M%S}_1_{code}.csv"
    bench.utility.put(taken, b"somebody else's")


@then(
    parsers.parse(
        'of each charger but "{name}" the file of the day has arrived, and none of the next day'
    )
)
def all_but_one_have_arrived(bench: Bench, name: str) -> None:
    """Compare the names that files have got with the chargers; a backend's word is not asked."""
    bench.decide_drop()
    events = bench.utility.events
    renamed = [one.to or "" for one in events if (one.action, one.answer) == ("rename", "ok")]
    given = sorted(path.rpartition("/")[2] for path in renamed)
    of_the_day = [one for one in given if one.split("_")[2] == f"{bench.day:%Y%m%d}"]
    others = {
        code
        for one, station in bench.stations.items()
        if one != name
        if (code := station.metering_code)
    }
    if others != {one.rpartition("_")[2].removesuffix(".csv") for one in of_the_day}:
        raise Disagreement(f"the file of the day has arrived of {of_the_day}, not of {others}")
    if given != of_the_day:
        raise Disagreement(f"none of the next day should have arrived, but there are {given}")


@then(parsers.parse('the delivery waits because of "{cause}", saying "{words}"'))
def delivery_waits(bench: Bench, cause: str, words: str) -> None:
    """Compare the cause that the task's status shows, and its sentence."""
    _compare_status(bench, "waiting", cause, words)


@then(parsers.parse('the task has stopped because of "{cause}", saying "{words}"'))
def task_has_stopped(bench: Bench, cause: str, words: str) -> None:
    """The same, where nothing is tried again by itself."""
    _compare_status(bench, "stopped", cause, words)


def _destination(bench: Bench) -> Destination:
    if bench.destination is None:
        raise UsageError("no destination was named before")
    return bench.destination


def _compare_status(bench: Bench, state: str, cause: str, words: str) -> None:
    bench.decide_drop()
    views = bench.run(bench.backend.deliveries())
    if not views:
        raise Disagreement("the backend has nothing to deliver")
    first = views[0]
    if (first.state, first.cause) != (state, cause) or words not in (first.error or ""):
        raise Disagreement(
            f"{first.name} is {first.state} because of {first.cause!r}: {first.error}"
        )


@then(parsers.parse("at {time} the drop folder showed a file of {size:d} bytes"))
def showed_a_file_of(bench: Bench, time: str, size: int) -> None:
    """Ask the drop what stood under a final name at a local time of the next day."""
    bench.decide_drop()
    assert [size] == list(
        bench.utility.shown_at(bench.at(time, bench.day + timedelta(days=1))).values()
    )


@then(parsers.parse("at {time} the drop folder showed the whole file"))
def showed_the_whole_file(bench: Bench, time: str) -> None:
    """The same, compared with what arrived in the end."""
    bench.decide_drop()
    whole = {file.name: len(file.content) for file in bench.utility.arrived()}
    assert whole == bench.utility.shown_at(bench.at(time, bench.day + timedelta(days=1)))


@then("the drop has recorded of the delivery")
def has_recorded(bench: Bench, datatable: list[list[str]]) -> None:
    """Compare what the drop has recorded, command after command; those repeated at once, once."""
    bench.decide_drop()
    size = len(bench.utility.first().content)
    told = [
        (one.action, one.answer, {None: "", size: "all"}.get(one.size_bytes, "some"))
        for one in bench.utility.events
        if one.action != "move"  # by the utility's own importer, when all is over
    ]
    assert [tuple(row) for row in datatable[1:]] == [one for one, _ in itertools.groupby(told)]


@then("at no moment did the drop folder show an incomplete file under a final name")
def never_incomplete(bench: Bench) -> None:
    """Compare what was visible at each event with the files that arrived in the end."""
    bench.decide_drop()
    whole = {file.name: len(file.content) for file in bench.utility.arrived()}
    shown = bench.utility.sizes_shown()
    assert shown, "the drop has seen nothing at all"
    assert [(name, size) for name, size in shown if whole.get(name) != size] == []


@then("the drop folder shows no file under a final name")
def shows_no_file(bench: Bench) -> None:
    """Look at the folder as a poller would."""
    bench.decide_drop()
    assert bench.utility.events, "nobody has tried to deliver"
    assert bench.utility.visible() == []


@then("nothing else lies in the drop folder")
def nothing_else(bench: Bench) -> None:
    """Look for temporary files and strangers."""
    assert bench.utility.leftovers() == []
