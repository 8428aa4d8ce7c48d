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


EXPORTING = """
[backend]
port = 0
[[account]]
name = "Stadtwerke"
ise = true
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[station.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00001"
[[format]]
account = "Stadtwerke"
name = "Lastgang"
[[destination]]
account = "Stadtwerke"
name = "Drop"
host = "127.0.0.1"
port = 1
user = "isebench"
secret = "of no use"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2hJ4s0Qb0V2rZQZ3k1v7Yk9s0oZl2c1w9Xq8m3T5dE"
[[task]]
account = "Stadtwerke"
name = "Jetzt"
format = "Lastgang"
destination = "Drop"
schedule = "now"
"""


class TestExportOnce:
    """``--export TASK`` exports a period and ends."""

    def run(self, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Run it on settings with a task for which nobody listens."""
        settings = folder / "settings.toml"
        settings.write_text(EXPORTING)
        return subprocess.run(
            [*COMMAND, str(settings), *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def test_a_file_that_cannot_be_delivered_waits(self, tmp_path: Path) -> None:
        """It is made and kept, the trouble is told in a sentence, and the exit code is 1."""
        ended = self.run(tmp_path, "--export", "Jetzt", "--from", "2025-06-03")

        assert 1 == ended.returncode, ended.stderr
        (line,) = ended.stdout.splitlines()
        assert line.startswith("ISE_Jetzt_20250603_20250603_")
        assert "  waiting: " in line
        assert "127.0.0.1" in line

    def test_a_task_that_is_none(self, tmp_path: Path) -> None:
        """The tasks that there are are named."""
        ended = self.run(tmp_path, "--export", "Gestern")

        assert 2 == ended.returncode
        assert "task 'Gestern': is no task; name one of the settings: 'Jetzt'" in ended.stderr

    def test_a_day_that_is_none(self, tmp_path: Path) -> None:
        """The form of a day is told."""
        ended = self.run(tmp_path, "--export", "Jetzt", "--from", "yesterday")

        assert 2 == ended.returncode
        assert "'yesterday' is no day; write one like 2025-06-03" in ended.stderr
