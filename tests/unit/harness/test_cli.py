"""The command line."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from harness import cli
from harness.catalogue import BUNDLED_FEATURES, load_requirements, load_scenarios
from harness.cli import build_parser, main

ROW = '[[requirement]]\nid = "ABC-0{n}"\nlevel = "must"\nsource = ""\ntext = "It shines."\n'
FEATURE = """
Feature: Lamps
  @ABC-01
  Scenario: On
    Then 0 files arrive at EW Seedorf
  @ABC-01 @ABC-02
  Scenario: Off
    Then 0 files arrive at EW Seedorf
"""


@pytest.fixture(name="features")
def _features(tmp_path: Path) -> str:
    """Give a folder of features."""
    rows = "".join(ROW.replace("{n}", str(number)) for number in (1, 2))
    (tmp_path / "requirements.toml").write_text(rows, encoding="utf-8")
    (tmp_path / "lamps.feature").write_text(FEATURE, encoding="utf-8")
    return str(tmp_path)


class TestParser:
    """What the command line understands."""

    def test_has_defaults(self) -> None:
        """Each command runs without options, as its help says."""
        parse = build_parser().parse_args

        assert (1, Path("isebench-demo")) == (lambda o: (o.seed, o.out))(parse(["demo"]))
        assert (Path("isebench-up"), "127.0.0.1", 0, 0, []) == (
            lambda o: (o.out, o.host, o.port, o.sftp_port, o.station)
        )(parse(["up"]))
        assert ([], 1, Path("isebench-report"), None, False) == (
            lambda o: (o.ids, o.seed, o.report, o.features, o.quiet)
        )(parse(["conform"]))
        assert "Europe/Zurich" == parse(["replay", "x"]).zone
        assert ([], None) == (lambda o: (o.ids, o.features))(parse(["list"]))

    @pytest.mark.parametrize("arguments", [[], ["lamp"], ["demo", "--seed", "x"], ["replay"]])
    def test_refuses_the_rest(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        """Wrong usage ends with 2 and the usage."""
        with pytest.raises(SystemExit) as caught:
            main(arguments)

        assert 2 == caught.value.code
        assert "usage: isebench" in capsys.readouterr().err


class TestList:
    """`isebench list`."""

    def test_shows_requirements_with_their_scenarios(
        self, capsys: pytest.CaptureFixture[str], features: str
    ) -> None:
        """Each requirement is followed by its scenarios with their places."""
        assert 0 == main(["list", "--features", features])

        assert [
            "ABC-01 (must) It shines.",
            "    On  (lamps.feature:4)",
            "    Off  (lamps.feature:7)",
            "ABC-02 (must) It shines.",
            "    Off  (lamps.feature:7)",
        ] == capsys.readouterr().out.splitlines()

    def test_shows_what_is_asked(self, capsys: pytest.CaptureFixture[str], features: str) -> None:
        """With ids, or their beginnings, only these are shown."""
        assert 0 == main(["list", "abc-02", "--features", features])

        assert ["ABC-02 (must) It shines.", "    Off  (lamps.feature:7)"] == (
            capsys.readouterr().out.splitlines()
        )

    def test_shows_compliance_cases_by_themselves(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A case stands under its side, whether it is asked for or its requirement is."""
        place = "(charge_point_sessions.feature:"
        assert 0 == main(["list", "TC_003_CS"])
        one = capsys.readouterr().out.splitlines()
        assert 0 == main(["list", "HAR-08"])
        all_of_them = capsys.readouterr().out

        assert "compliance cases, charge-point" == one[0]
        assert one[1].startswith(f"    TC_003_CS Regular Charging Session - Plugin First  {place}")
        assert 2 == len(one)
        assert "and 177 compliance cases, below" in all_of_them
        assert all(name in all_of_them for name in ("TC_003_CS ", "TC_003_CSMS ", "central-system"))

    def test_shows_the_bundled_ones(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without a folder, every requirement and scenario of the project is there."""
        assert 0 == main(["list"])

        said = capsys.readouterr().out
        assert [] == [row.id for row in load_requirements(BUNDLED_FEATURES) if row.id not in said]
        assert [] == [s.name for s in load_scenarios(BUNDLED_FEATURES) if s.name not in said]


class TestErrors:
    """What goes wrong is one sentence."""

    def test_of_usage(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """What does not exist ends with 2 and the command's name before the sentence."""
        assert 2 == main(["conform", "--features", str(tmp_path)])

        assert f"isebench conform: {tmp_path}: no file *.feature stands there\n" == (
            capsys.readouterr().err
        )

    def test_of_replay(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A log that is not there is told likewise."""
        assert 2 == main(["replay", str(tmp_path / "x.log")])

        assert capsys.readouterr().err.startswith("isebench replay: ")

    def test_of_somebody_who_presses_ctrl_c(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An interrupt ends with 130, without a traceback."""

        def interrupted(options: object) -> int:
            raise KeyboardInterrupt

        monkeypatch.setitem(cli._COMMANDS, "list", interrupted)

        assert 130 == main(["list"])
        assert "isebench list: interrupted\n" == capsys.readouterr().err


class TestEnds:
    """How a command ends when something outside it gives way."""

    def run(self, *arguments: str, close_after: int | None = None) -> tuple[int, str, str]:
        """Run the command in a process; close what reads it after so many characters."""
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.read(close_after) if close_after else process.stdout.read()
        process.stdout.close()
        trouble = process.stderr.read()
        process.stderr.close()
        return process.wait(timeout=30), said, trouble

    def test_it_tells_its_version(self) -> None:
        """The version is the distribution's."""
        code, said, _ = self.run("--version")

        assert (0, f"isebench {version('isebench')}\n") == (code, said)

    def test_who_reads_may_have_seen_enough(self) -> None:
        """A closed pipe is no error, and leaves nothing on standard error."""
        code, _, trouble = self.run("list", close_after=10)

        assert (0, "") == (code, trouble)

    def test_a_disk_that_gives_way(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What the machine refuses is one sentence, and a bench that broke."""

        def full(_: object) -> int:
            raise OSError(28, "No space left on device", "out/report.html")

        monkeypatch.setitem(cli._COMMANDS, "list", full)

        assert 3 == main(["list"])
        said = capsys.readouterr().err
        assert "isebench list: out/report.html: No space left on device\n" == said


class TestParts:
    """Which part of a run a process takes."""

    @pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "1/3/5", "x/y", "1/100"])
    def test_that_is_none(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        """It is told what a part looks like."""
        with pytest.raises(SystemExit) as caught:
            main(["conform", "--part", text])

        assert 2 == caught.value.code
        assert "is no part; write 1/3, 2/3 or 3/3" in capsys.readouterr().err

    def test_two_of_two_are_all(self, tmp_path: Path) -> None:
        """Each scenario is in one part, and no scenario in two."""
        found = []
        for part in ("1/2", "2/2"):
            report = tmp_path / part[0]
            options = ["--part", part, "--report", str(report), "--quiet", "FMT-10"]
            assert 0 == main(["conform", *options])
            told = json.loads((report / "cucumber.json").read_text(encoding="utf-8"))
            found += [(one["line"], one["id"]) for each in told for one in each["elements"]]

        assert 6 == len(found) == len(set(found))


class TestRecordings:
    """The commands about recordings: what they refuse, and that they reach what they are about."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["replay", "x", "--pace", "10x"], "--pace goes with --to"),
            (["replay", "x", "--trust", "x"], "--trust goes with --to"),
            (["replay", "x", "--password-file", "x"], "--password-file goes with --to"),
            (["replay", "x", "--record", "x"], "--record goes with --to"),
            (["replay", "x", "y", "--to", "ws://a", "--record", "z"], "--record is one file"),
            (["replay", "x", "--to", "ws://a", "--pace", "fast"], '--pace "fast" is no pace'),
            (
                ["replay", "x", "--to", "ws://a", "--password-file", "none"],
                "--password-file none: no password",
            ),
            (["replay", "none", "--to", "ws://a"], "none: cannot be read"),
            (["minimise"], "name the recording, and with --keeps what it is to show"),
            (["minimise", "x"], "name the recording, and with --keeps what it is to show"),
            (["minimise", "none", "--keeps", "ISE-18 fails"], "none: cannot be read"),
            (["scenario", "none"], "none: cannot be read"),
            (
                ["record", "--listen", "ws://127.0.0.1:0", "--to", "x", "--out", "y"],
                "--to 'x' is no address of a WebSocket",
            ),
        ],
    )
    def test_what_cannot_be(
        self,
        arguments: list[str],
        said: str,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It ends with 2 and a sentence that says what to write."""
        monkeypatch.chdir(tmp_path)

        assert 2 == main(arguments)
        assert f"isebench {arguments[0]}: {said}" in capsys.readouterr().err

    def test_the_rules_are_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What can be judged from a recording alone."""
        assert 0 == main(["minimise", "--list"])
        assert capsys.readouterr().out.startswith("ISE-02  each value with status W")

    def test_a_log_becomes_a_scenario(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """A field log is replayed, and the feature written beside it."""
        log = tmp_path / "charger.log"
        log.write_text(
            "2025-06-03 14:15:01 INFO (MainThread) [ocpp] WB: receive message "
            '[2,"6","Heartbeat",{}]\n'
        )

        assert 0 == main(["scenario", str(log)])
        assert f"feature     {tmp_path / 'charger.feature'}" in capsys.readouterr().out
        assert "| Heartbeat | confirmed | 1     |" in (tmp_path / "charger.feature").read_text()
