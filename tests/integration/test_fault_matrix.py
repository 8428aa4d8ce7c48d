"""The engine of the fault matrix: what it says of a backend that is wrong, and of a wrong table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.adapters import upload
from backend.ports import Arrival
from harness.bench import Bench
from harness.fault_cells import Cell, CellResult
from harness.fault_matrix import Matrix
from harness.utility import DropServer

SHORT = Cell("FTP", "uploading", "STOR", "short", "short-write:kept_bytes=5", "incomplete")
SLOW = Cell("FTP", "uploading", "STOR", "slow", "slow-answer:action=open,delay_ms=1", "none")
NEVER = Cell("FTP", "renaming", "SIZE", "cut", "cut-at-command:action=stat,nth=9", "none")
FROZEN = Cell("FTP", "renaming", "SIZE", "freeze", "no-answer:action=stat,nth=9", "none")


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench with a charger and a utility that speaks FTP."""
    bench = Bench(1, tmp_path)
    bench.drop_server = DropServer(wire="FTP")
    bench.declare_station("Dorfplatz")
    yield bench
    bench.close()


def run(bench: Bench, *cells: Cell) -> list[CellResult]:
    """Try cells."""
    return Matrix(bench).run(cells)


def test_cells_that_end_right(bench: Bench) -> None:
    """A file that is told as incomplete arrives in the end, and a slow server takes it at once."""
    short, slow = run(bench, SHORT, SLOW)

    assert ("", ["incomplete", "incomplete"]) == (short.trouble, short.told)
    assert ("", []) == (slow.trouble, slow.told)


def test_a_fault_that_never_bites(bench: Bench) -> None:
    """A step that no delivery comes to is found, whether it is cut or frozen."""
    assert ["the fault never bit"] * 2 == [one.trouble for one in run(bench, NEVER, FROZEN)]


def test_a_backend_that_does_not_look(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short file under a final name is found, and the next cell is tried in a clean folder."""

    async def check(self: upload.Upload, name: str) -> None:
        pass

    async def rename(self: upload.Upload) -> Arrival:
        await self.session.rename(self.temporary, self.name)
        return Arrival(self.name, None, already_there=False)

    monkeypatch.setattr(upload.Upload, "_check", check)
    monkeypatch.setattr(upload.Upload, "_rename", rename)

    short, slow = run(bench, SHORT, SLOW)

    assert "(5 bytes); seen under its final name with 5 bytes; told as none" in short.trouble
    assert "" == slow.trouble


def test_a_file_that_never_arrives(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells behind it are not tried, and say so."""
    remove = upload.Upload._remove_leftover
    seen: list[str] = []

    async def remove_once(self: upload.Upload) -> None:
        if self.name not in seen and len(seen) > 1:
            raise upload.Denied("no", "here", "ask")
        seen.append(self.name)
        await remove(self)

    monkeypatch.setattr(upload.Upload, "_remove_leftover", remove_once)

    first, second, third = run(bench, SLOW, SLOW, SLOW)

    assert "" == first.trouble
    assert "not one right file" in second.trouble
    assert "not tried: the file of an earlier cell never arrived" == third.trouble
