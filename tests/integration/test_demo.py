"""``isebench demo``: a day is lived, delivered, shown, and the same with the same seed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.ports import Arrival, Destination
from harness import demo
from harness.bench import Bench
from harness.cli import main
from harness.demo import CHARGERS
from harness.recording import read_recording

LIMIT_S = 100


def run(out: Path, seed: int, hash_seed: int) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "harness", "demo", "--seed", str(seed), "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def left(out: Path) -> dict[str, bytes]:
    """Give what was delivered and recorded, by name."""
    paths = [*(out / "delivered").iterdir(), out / "recording.jsonl"]
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module", name="lived")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Run it once, and give what it said and where its files lie."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = run(out, seed=3, hash_seed=1)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout, out


class TestDay:
    """A day as it is."""

    def test_is_shown_as_a_table(self, lived: tuple[str, Path]) -> None:
        """Each charger has a row in which meter and delivery are equal, and every interval."""
        said, _ = lived

        for name in CHARGERS:
            row = re.search(
                rf"^{name} +2 +(\d+\.\d{{3}}) +(\d+\.\d{{3}}) +(\d+) +(\d+) +(\d+)  equal$",
                said,
                re.MULTILINE,
            )
            assert row is not None, said
            assert row[1] == row[2]
            assert 96 == sum(int(count) for count in row.groups()[2:])
        assert "Bahnhof was offline from 09:30 to 12:30." in said

    def test_tells_where_its_files_lie(self, lived: tuple[str, Path]) -> None:
        """Every path that it names is there; the report and the recording can be read."""
        said, out = lived

        paths = [Path(path) for path in re.findall(r"^\w[\w ]+  (\S*/\S+)$", said, re.MULTILINE)]

        assert [out / name for name in demo.WRITTEN] == paths
        assert 1 == len(list((out / "delivered").iterdir()))
        assert 3 == read_recording(out / "recording.jsonl").seed
        page = (out / "report.html").read_text(encoding="utf-8")
        assert "ISE-18" in page
        assert all(name in page for name in CHARGERS)

    def test_its_intervals_can_be_explained(
        self, lived: tuple[str, Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The database and its settings lie there, too."""
        _, out = lived

        settings = ["--settings", str(out / "settings.toml")]
        assert 0 == main(["explain", "Bahnhof", "2025-06-03 11:15", *settings])

        assert "The charger was offline from 09:30 to 12:30." in capsys.readouterr().out

    def test_is_the_same_with_the_same_seed(self, lived: tuple[str, Path]) -> None:
        """Run again over itself, in another process, it leaves the same bytes."""
        said, out = lived
        before = left(out)

        again = run(out, seed=3, hash_seed=2)

        assert said == again.stdout
        assert before == left(out)


class LyingDrop:
    """A way to the utility that claims success and does nothing."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Claim that ``content`` has arrived."""
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Have nothing to give back."""


class LyingBench(Bench):
    """A bench whose backend says it has delivered and has not."""

    def __init__(self, seed: int, folder: Path) -> None:
        super().__init__(seed, folder)
        self.drop = LyingDrop()


class TestHonesty:
    """It believes what arrived, not what was said."""

    def test_a_file_that_never_arrives(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every charger is DIFFERENT, the exit code is 1, and the report shows a failure."""
        monkeypatch.setattr(demo, "Bench", LyingBench)

        code = main(["demo", "--out", str(tmp_path / "out")])

        said = capsys.readouterr().out
        assert 1 == code
        assert len(CHARGERS) == said.count("DIFFERENT")
        assert "equal" not in said
        assert [] == list((tmp_path / "out" / "delivered").iterdir())
        page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert "delivered and counted differ at Dorfplatz, Bahnhof" in page

    def test_a_folder_that_is_somebody_elses(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is refused before anything is lived, and nothing in it is touched."""
        (tmp_path / "report.html").touch()

        assert 2 == main(["demo", "--out", str(tmp_path)])

        assert ["report.html"] == [path.name for path in tmp_path.iterdir()]
        assert "isebench demo: " in capsys.readouterr().err
