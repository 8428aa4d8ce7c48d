"""Sentences about files on their way to the utility's server."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pytest_bdd import given, parsers, then, when

from harness.bench import UTILITY, Bench
from harness.console import Console
from harness.errors import NothingArrived
from harness.local_time import ZURICH, read_day
from harness.steps import must_be_done


@when("the connection to EW Seedorf is tested")
def connection_is_tested(bench: Bench) -> None:
    """Have the backend try all that a delivery needs, a minute after the day has begun."""
    bench.advance_to(bench.at("0:01"))
    bench.tested = bench.run(bench.backend.test_connection(UTILITY, UTILITY))


@then("each step of the test is done")
def each_step_is_done(bench: Bench, datatable: list[list[str]]) -> None:
    """Compare the steps, and what is said of them, with a table."""
    bench.decide_sftp()
    assert [(one.name, one.is_done) for one in bench.tested] == [
        (step, True) for step, _ in datatable[1:]
    ]
    for (_, words), one in zip(datatable[1:], bench.tested, strict=True):
        assert words in one.words


@then(parsers.parse('the test fails at "{step}", saying "{words}"'))
def the_test_fails_at(bench: Bench, step: str, words: str) -> None:
    """Compare the first step that is not done, and its sentence; none is tried behind it."""
    bench.decide_sftp()
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
    bench.decide_sftp()
    bench.decide_files([file.name for file in files])
    if len(files) != int(count):
        names = ", ".join(file.name for file in files) or "none"
        raise NothingArrived(f"{len(files)} files arrived, not {count}: {names}")


@then(parsers.parse('a file "{name}" arrives at EW Seedorf'))
def a_file_arrives(bench: Bench, name: str) -> None:
    """Compare the name of the file that arrived."""
    bench.decide_sftp()
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
    bench.decide_sftp()
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
def server_speaks(wire: str) -> None:
    """Choose the wire; what the system under test declares not to do is not applicable."""
    must_be_done(wire)


@then(parsers.parse("it came over {wire}, into the folder of the account"))
def came_over(bench: Bench, wire: str) -> None:
    """Compare the server's own record of what was done over which wire, and where."""
    bench.decide_sftp()
    file = bench.utility.first()
    assert file.path == f"{bench.utility.folder}/{file.name}"
    assert any(c.wire == wire.lower() and file.name in c.text for c in bench.tap.crossings)


@then("at no moment did the drop folder show an incomplete file under a final name")
def never_incomplete(bench: Bench) -> None:
    """Compare what was visible at each event with the files that arrived in the end."""
    bench.decide_sftp()
    whole = {file.name: len(file.content) for file in bench.utility.arrived()}
    shown = bench.utility.sizes_shown()
    assert shown, "the drop has seen nothing at all"
    assert [(name, size) for name, size in shown if whole.get(name) != size] == []


@then("the drop folder shows no file under a final name")
def shows_no_file(bench: Bench) -> None:
    """Look at the folder as a poller would."""
    bench.decide_sftp()
    assert bench.utility.events, "nobody has tried to deliver"
    assert bench.utility.visible() == []


@then("nothing else lies in the drop folder")
def nothing_else(bench: Bench) -> None:
    """Look for temporary files and strangers."""
    assert bench.utility.leftovers() == []
