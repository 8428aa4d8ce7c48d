"""``isebench up`` in real time, with a charger of one's own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from harness.puppet import Puppet
from harness.recording import read_recording
from simulators.clock import RealClock
from simulators.wiretap import Wiretap

ADDRESS = re.compile(r"ws://127\.0\.0\.1:\d+/ocpp")


def start(out: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "harness", "up", "--out", str(out), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def addresses(process: subprocess.Popen[str]) -> str:
    """Read what it prints until it says how to stop it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError("".join(lines) + (process.stderr.read() if process.stderr else ""))


def test_a_charger_of_ones_own_may_connect(tmp_path: Path) -> None:
    """It prints its addresses, admits the charger, records it, and delivers when it is stopped."""
    process = start(tmp_path / "site", "--station", "WB/7", "--card", "04A1B2C3")
    try:
        told = addresses(process)
        match = ADDRESS.search(told)
        assert match is not None

        async def report() -> list[object]:
            clock = RealClock()
            puppet = Puppet("WB/7", clock, Wiretap(clock))
            await puppet.connect(match[0])
            answers = [
                await puppet.call("Authorize", {"idTag": id_tag})
                for id_tag in ("FA2AFD77", "04A1B2C3", "unknown")
            ]
            await puppet.close()
            return [answer[2] for answer in answers]

        answers = asyncio.run(report())
        unplug_at_the_page_of("Dorfplatz", told)
    finally:
        process.send_signal(signal.SIGINT)
        said, trouble = process.communicate(timeout=30)

    statuses = ["Accepted", "Accepted", "Invalid"]
    assert [{"idTagInfo": {"status": status}} for status in statuses] == answers
    assert f"{match[0]}/WB%2F7 waits for your charger" in told
    assert 0 == process.returncode, trouble
    assert re.search(r"^\d\d:\d\d:\d\d        WB/7 is connected$", said, re.MULTILINE)
    assert re.search(r"WB/7 is no longer connected$", said, re.MULTILINE)
    (path,) = (tmp_path / "site").glob("recording-*.jsonl")
    crossings = read_recording(path).crossings
    assert "ETREL" in "".join(crossing.text for crossing in crossings)
    told_of = [one for one in crossings if "WB/7" in (one.sender, one.receiver)]
    assert ["up", "down"] == [one.text for one in told_of if one.wire == "line"]
    mine = [one.text for one in told_of if one.wire != "line"]
    assert 8 == len(mine)  # a Heartbeat and three Authorize, each with its answer
    assert "04A1B2C3" in mine[4]
    assert_delivered(said)


def unplug_at_the_page_of(name: str, told: str) -> None:
    """Use the page of an emulated charger, whose address was printed."""
    match = re.search(rf"(http://\S+/) is the page of {name}", told)
    assert match is not None, told
    request = Request(f"{match[1]}verbs/unplug", b"{}", {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        state = json.load(answer)["state"]
    assert (name, None) == (state["charger"]["identity"], state["transaction"])


def assert_delivered(said: str) -> None:
    """Compare what it says of the delivery: what has ended, and where the file lies."""
    if "nothing is delivered" in said:  # the first quarter hour after midnight
        assert "no interval has ended yet" in said
        return
    assert "WB/7            0.000 kWh up to " in said
    assert "F: no energy is known; so is each quarter hour that had begun" in said
    (line,) = (line for line in said.splitlines() if line.startswith("EW Seedorf has "))
    assert Path(line.removeprefix("EW Seedorf has ")).is_file()


@pytest.mark.parametrize("identity", ["Dorfplatz", "Bahnhof"])
def test_an_identity_that_is_taken(tmp_path: Path, identity: str) -> None:
    """Its own chargers' identities cannot be given away; the sentence says so."""
    process = start(tmp_path, "--station", identity)
    _, trouble = process.communicate(timeout=30)

    assert 2 == process.returncode
    assert f'the identity "{identity}" is taken' in trouble


def test_a_port_in_use(tmp_path: Path) -> None:
    """A port that somebody else listens on gives one sentence, not a traceback."""

    async def occupied() -> tuple[int, str]:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "harness", "up", "--out", str(tmp_path / "x")),
            *("--port", str(port)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, trouble = await asyncio.wait_for(process.communicate(), 30)
        server.close()
        return process.returncode or 0, trouble.decode()

    code, trouble = asyncio.run(occupied())

    assert 2 == code
    assert "Traceback" not in trouble
    assert 1 == len(trouble.strip().splitlines())
