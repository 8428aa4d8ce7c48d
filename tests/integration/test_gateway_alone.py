"""A gateway alone, as a process: ``isebench gateway`` and ``python -m simulators``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from harness.recording import read_recording
from simulators.__main__ import main
from simulators.iskra_sg.alone_io import example_site
from simulators.iskra_sg.site import Site

FREE = ("--web-port", "0", "--modbus-port", "0", "--udp-port", "0")
PAGE = re.compile(r"page +(http://\S+/)")
Process = asyncio.subprocess.Process


@contextlib.asynccontextmanager
async def running(*command: str) -> AsyncIterator[tuple[Process, str]]:
    """Start a command, give what it prints at first, and end it, if it has not ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(30):
            while "Ctrl-C" not in said:
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        yield process, said
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def test_a_site_is_served_until_it_is_stopped(tmp_path: Path) -> None:
    """The example answers at the addresses that are printed, and what crosses is recorded."""
    record = tmp_path / "gateway.jsonl"

    async def run() -> tuple[str, str, int | None]:
        options = (*FREE, "--record", str(record), "--fault", "absent-device:address=35")
        async with running("harness", "gateway", *options) as (process, said):
            found = PAGE.search(said)
            assert found, said
            async with aiohttp.ClientSession() as session:
                async with session.get(found[1] + "api/devices") as answer:
                    devices = (await answer.json())["devices"]
                async with session.get(found[1]) as answer:
                    page = await answer.text()
            process.send_signal(signal.SIGINT)
            await process.wait()
        assert ["WM3M4C", "IR Bicom", "Not Detected", "BI432"] == [
            one["model"] for one in devices[:4]
        ]
        return said, page, process.returncode

    said, page, code = asyncio.run(run())
    assert 0 == code
    assert "faults     absent-device" in said
    assert re.search(r"Modbus TCP 127\.0\.0\.1:\d+, address 34", said)
    assert "<title>" in page
    crossings = read_recording(record).crossings
    assert "GET /api/devices" in [one.text for one in crossings]
    assert {"fault": "absent-device", "on": True, "address": 35} in [
        json.loads(one.text) for one in crossings if one.wire == "hand"
    ]


def test_a_site_of_ones_own(tmp_path: Path) -> None:
    """``python -m simulators`` serves a site file, with what its settings switch off left out."""
    site = tmp_path / "site.toml"
    site.write_text(
        '[gateway]\nserial = "IS000777"\n'
        "[settings.features]\nmodbus_tcp = false\nudp_discovery = false\n"
    )

    async def run() -> str:
        async with running("simulators", "iskra_sg", str(site), *FREE) as (process, said):
            process.send_signal(signal.SIGTERM)
            assert 0 == await process.wait()
        return said

    said = asyncio.run(run())
    assert "gateway    SG-E1 IS000777" in said
    assert 2 == said.count("switched off")
    assert "devices    none" in said


def test_what_is_refused_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no site, a fault that is none, and a port in use end with 2."""
    site = tmp_path / "site.toml"
    site.write_text("[gateway]\nmodel = 'SG-X'\n")
    assert 2 == main(["iskra_sg", str(site), *FREE])
    assert "a gateway is one of SG-E1, SG-W1, SG-W1A" in capsys.readouterr().err

    assert 2 == main(["iskra_sg", "--fault", "no-such"])
    assert "fault 'no-such': there are absent-device" in capsys.readouterr().err

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert 2 == main(["iskra_sg", *FREE[2:], "--web-port", str(taken.getsockname()[1])])
    assert "choose another port" in capsys.readouterr().err


def test_the_example_is_what_the_guide_shows() -> None:
    """The site of the how-to is the built-in one."""
    guide = Path(__file__).resolve().parents[2] / "docs/how-to/run-a-gateway.md"

    assert example_site().read_text("utf-8") in guide.read_text("utf-8")
    assert 5 == len(Site.from_file(example_site()).devices)
