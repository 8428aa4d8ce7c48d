"""The published format of recordings, held against real ones."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench import DEFAULT_DAY, Bench
from harness.local_time import instant
from harness.recording import header_line, read_recording, recording_text, write_recording
from harness.steps.gateway import is_read_in_every_way, reads_over_ir
from simulators.wiretap import Crossing

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/reference/recording.schema.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/reference/recording-format.md").read_text(encoding="utf-8")
EARLIEST = datetime(1000, 1, 1)  # noqa: DTZ001 - hypothesis puts the zone to it
NAMES = re.compile(r"^(\w+_)?WIRE$")


def validator(part: str) -> jsonschema_rs.Draft202012Validator:
    """Give what holds a line against a part of the schema."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/$defs/{part}", "$defs": SCHEMA["$defs"]}, validate_formats=True
    )


HEADER, CROSSING = validator("header"), validator("crossing")


def breaches(text: str) -> list[str]:
    """Give what of a recording the schema does not allow."""
    head, *lines = text.splitlines()
    found = [error.message for error in HEADER.iter_errors(json.loads(head))]
    for line in lines:
        found += [f"{error.message}: {line}" for error in CROSSING.iter_errors(json.loads(line))]
    return found


def wires_in_code() -> set[str]:
    """Give the names of all wires that something is noted of, read from the code."""
    found = set()
    for room in ("simulators", "harness"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    names = [one.id for one in node.targets if isinstance(one, ast.Name)]
                    if any(NAMES.match(name) for name in names):
                        found.add(str(node.value.value))
    return found


def test_each_wire_of_the_code_is_on_the_page() -> None:
    """A wire that is noted and not told of is found; and the page names none that there is not."""
    told = set(re.findall(r"^\| ((?:`[\w.+-]+`(?:, )?)+) \|", PAGE, re.MULTILINE))
    listed = {name for cell in told for name in re.findall(r"`([^`]+)`", cell)}
    keys = {"format", "version", "seed", "start", "origin", "at", "wire", "from", "to", "text"}
    # These are no constants: what the drop's wires are, what people do, what stands behind a wire.
    spoken = {"sftp", "ftp", "ftps", "hand", "ocpp1.6+hex"}

    assert wires_in_code() | spoken == listed - keys


def lived(folder: Path, declare: Callable[[Bench], None], until: str) -> Path:
    """Live a part of a day on a bench, and give what was recorded."""
    bench, path = Bench(1, folder), folder / "day.jsonl"
    try:
        declare(bench)
        bench.advance_to(bench.at(until))
        write_recording(path, bench.tap.crossings, seed=1, start=bench.start)
    finally:
        bench.close()
    return path


def wires(path: Path) -> set[str]:
    """Give the wires of a recording."""
    return {one.wire for one in read_recording(path).crossings}


def test_a_charger_and_a_recorder(tmp_path: Path) -> None:
    """What the bench notes of a charger, and what a recorder writes between, is as told."""

    def declare(bench: Bench) -> None:
        bench.declare_station("Dorfplatz")
        times = (instant(DEFAULT_DAY, time) for time in ("0:20", "1:10"))
        bench.plan_session("Dorfplatz", "Anna", *times)
        bench.plan_outage("Dorfplatz", *(instant(DEFAULT_DAY, time) for time in ("0:30", "0:40")))
        bench.recorder_file = tmp_path / "between.jsonl"

    path = lived(tmp_path, declare, "0:40 of the next day")
    assert [] == breaches(path.read_text(encoding="ascii"))
    assert [] == breaches((tmp_path / "between.jsonl").read_text(encoding="ascii"))
    assert {"ocpp1.6", "line", "hand", "sftp"} == wires(path)
    assert {"ocpp1.6", "line"} <= wires(tmp_path / "between.jsonl")


def test_a_gateway_in_all_ways(tmp_path: Path) -> None:
    """Modbus, REST, MQTT and the push are noted both ways, as told."""

    def declare(bench: Bench) -> None:
        reads_over_ir(bench, "Keller", "Haus")
        is_read_in_every_way(bench, "Keller")

    path = lived(tmp_path, declare, "1:20")
    assert [] == breaches(path.read_text(encoding="ascii"))
    crossings = read_recording(path).crossings
    assert {"modbus", "rest", "mqtt", "sg-push"} == wires(path)
    for wire in ("modbus", "rest", "sg-push"):
        ends = {(one.sender, one.receiver) for one in crossings if one.wire == wire}
        assert ends == {(other, one) for one, other in ends}, f"{wire} is noted one way only"


@given(
    st.lists(
        st.builds(
            Crossing,
            at=st.datetimes(timezones=st.just(UTC), min_value=EARLIEST),
            wire=st.sampled_from(["ocpp1.6", "rest", "mqtt", "http", "sg-push"]),
            sender=st.text(max_size=9),
            receiver=st.text(max_size=9),
            text=st.text(st.characters()),
        ),
        max_size=5,
    ),
    st.none() | st.integers(),
    st.none() | st.dictionaries(st.just("by"), st.text(), min_size=1),
)
def test_any_recording(
    crossings: list[Crossing], seed: int | None, origin: dict[str, str] | None
) -> None:
    """Whatever crossed, the lines are as told."""
    text = recording_text(
        crossings, seed=seed, start=datetime(2025, 6, 3, tzinfo=UTC), origin=origin
    )

    assert [] == breaches(text)
    assert crossings == list(read_recording(text).crossings)
    assert (origin or {}) == read_recording(text).origin


@pytest.mark.parametrize(
    "line",
    [
        {"wire": "modbus", "text": "xyz"},
        {"wire": "ocpp1.6+hex", "text": "abc"},
        {"wire": "line", "text": "sideways"},
        {"wire": "hand", "text": "plug in"},
        {"at": "2025-06-03T00:00:00Z"},
        {"text": None},
        {"more": 1},
    ],
)
def test_the_schema_can_fail(line: dict[str, object]) -> None:
    """A line that is otherwise is found."""
    sound = {
        "at": "2025-06-03T00:00:00.000000Z",
        "wire": "ocpp1.6",
        "from": "A",
        "to": "backend",
        "text": "x",
    }
    text = header_line(1, datetime(2025, 6, 3, tzinfo=UTC))

    assert [] == breaches(text + json.dumps(sound))
    assert 1 <= len(breaches(text + json.dumps(sound | line)))


def test_the_examples_of_the_page_are_recordings() -> None:
    """What the page shows is read, and is as the schema says."""
    (example,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert [] == breaches(example)
    assert 2 == len(read_recording(example).crossings)
