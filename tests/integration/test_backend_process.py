"""The backend as a program: what it prints, how it ends, what it says of wrong settings."""

from __future__ import annotations

import json
import select
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "backend"]
SETTINGS = """
[backend]
port = 0
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It prints its address as JSON, serves, and ends with 0 when told; the line is kept ended."""
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS)
    with subprocess.Popen(
        [*COMMAND, "--verbose", str(settings)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 20)[0]
        address = json.loads(process.stdout.readline())["ocpp"]
        with connect(f"{address}/WB-1", subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as line:
            line.send('[2,"1","Authorize",{"idTag":"SECRETCARD"}]')
            assert [3, "1", {"idTagInfo": {"status": "Invalid"}}] == json.loads(line.recv())
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)

    assert 0 == process.returncode, errors
    assert "one connection does all writes" in errors
    assert "SECRETCARD" not in errors
    assert "Traceback" not in errors
    # The closed store has put everything into the one file.
    names = sorted(path.name for path in tmp_path.iterdir())
    assert ["isebench.sqlite", "isebench.sqlite-lock", "settings.toml"] == names
    with closing(sqlite3.connect(tmp_path / "isebench.sqlite")) as connection:
        rows = connection.execute("SELECT disconnected_at IS NULL, ended_by FROM connection")
        assert [(0, "closed by the backend: 1001")] == rows.fetchall()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SETTINGS.replace("port", "prot"), "[backend], key 'prot': is not a key of this table"),
        (SETTINGS.replace("port = 0", 'port = 0\ndatabase = "no/x.sqlite"'), "cannot be opened"),
        (SETTINGS.replace("port = 0", 'host = "192.0.2.1"'), "cannot be listened on"),
    ],
)
def test_wrong_settings_end_it(tmp_path: Path, text: str, told: str) -> None:
    """Settings that cannot be used end it with 2 and one line that says what to do."""
    settings = tmp_path / "settings.toml"
    settings.write_text(text)

    ended = subprocess.run(
        [*COMMAND, str(settings)], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )

    assert 2 == ended.returncode
    assert told in ended.stderr
    assert 1 == len(ended.stderr.splitlines())
    assert "" == ended.stdout
