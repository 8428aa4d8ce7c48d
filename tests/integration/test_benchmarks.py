"""The benchmarks of the wire run, check what they measure, and say what they could not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="they read what a process used from Linux' /proc"
)


def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark; whether it reaches its target on this machine is not looked at."""
    # Nor is its coverage measured: it would take twice as long, and time itself.
    inherited = {key: one for key, one in os.environ.items() if not key.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "" == done.stderr
    assert done.returncode in (0, 1)
    return done


def test_ingest_without_node(tmp_path: Path) -> None:
    """All that was confirmed is in the store, and a server that is missing is named."""
    done = run("ocpp_ingest.py", "--runs", "1", "--seconds", "0.3", PATH=str(tmp_path))

    (ours,) = re.findall(r"^isebench backend .* ms +([\d,]+)$", done.stdout, re.MULTILINE)
    assert int(ours.replace(",", "")) >= 500
    assert re.search(r"^ocpp \+ websockets .* nothing$", done.stdout, re.MULTILINE)
    assert "not measured: node/npm missing" in done.stdout
    reached = float(re.findall(r"reached: ([\d.]+) times that", done.stdout)[0])
    assert (reached >= 1) == (done.returncode == 0)


def test_idle_connections() -> None:
    """Both servers are measured, each with the same connections."""
    done = run("idle_connections.py", "--connections", "60")

    assert 0 == done.returncode
    assert 2 == len(re.findall(r"MB \( *-?[\d.]+ KiB each\)", done.stdout))


@pytest.mark.parametrize(("mix", "points"), [("sessions", 4), ("values", 1)])
def test_export_rows(mix: str, points: int) -> None:
    """Files are made from registers of each mix, and memory and growth are told."""
    few = ("--points", str(points), "--days", "2", "--runs", "1")
    done = run("export_rows.py", *few, "--mix", mix)

    assert re.search(r"^isebench, registers to bytes +[\d.]+ M rows/s", done.stdout, re.MULTILINE)
    assert 1 == len(re.findall(r"^memory, .. days: peak \d+ MB", done.stdout, re.MULTILINE))
    assert min(points, 2) == len(re.findall(r"µs a point", done.stdout))


@pytest.mark.parametrize("is_here", [True, False])
def test_deliveries(tmp_path: Path, is_here: bool) -> None:
    """Each road is measured beside a peer; where servers or peers are missing, that is said."""
    few = ("--small", "20", "--large", "2000000", "--runs", "1")
    done = run("deliveries.py", *few, **({} if is_here else {"PATH": str(tmp_path)}))

    if "not measured" in done.stdout:
        assert 0 == done.returncode
        return
    assert is_here
    ftps = ("FTPS to vsftpd", "FTPS to ProFTPD")
    for road, peer in (("SFTP to OpenSSH", "OpenSSH sftp"), *((one, "lftp") for one in ftps)):
        assert 2 == len(re.findall(rf"^{road}, .* times as fast as {peer}", done.stdout, re.M))
    for road in ftps:
        assert 1 == len(re.findall(rf"^{road}, 20 files: lftp over 4 lines", done.stdout, re.M))
    assert ("missed" in done.stdout) == (1 == done.returncode)


def test_gateway_modbus() -> None:
    """Both servers are read by the same client, or it is told what is missing."""
    done = run("gateway_modbus.py", "--runs", "1", "--seconds", "0.1")

    if "not measured: libmodbus" in done.stdout:
        pytest.skip("libmodbus is missing; .ci/run installs it with mbpoll")
    found = re.findall(r"(\d+) registers +([\d,]+) reads a second, pymodbus", done.stdout)
    assert ["2", "91"] == [registers for registers, _ in found]
    assert all(int(reads.replace(",", "")) > 100 for _, reads in found)


def test_many_gateways() -> None:
    """What one gateway of some costs is held against what one of a few costs."""
    done = run("many_gateways.py", "--few", "1", "--many", "3")

    assert 2 == len(re.findall(r"^3 gateways: .* times that of each of 1", done.stdout, re.M))
    assert ("missed" in done.stdout) == (1 == done.returncode)
