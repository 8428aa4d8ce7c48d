"""The command that tries the faults: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bites import bite
from bites.copies import IN_COPIES
from bites.trial import PROPERTY

PAGE = bite.ROOT / "docs" / "reference" / "bites.md"
COMMAND = (sys.executable, str(Path(bite.__file__)))
NODE = f"{bite.TESTS}::{bite.FAULTS}"
WORDS = "a session ends with Finishing, and without a StopTransaction"
FINISHING = ("-k", "Finishing and StopTransaction")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def _found(words: str, verdict: str, **more: object) -> dict[str, Any]:
    about = {"words": words, "side": "charger", "requirement": "HAR-08", "where": "a.feature:1"}
    return about | {"verdict": verdict, "trouble": "", "seconds": 0.5} | more


def _report(words: str, *properties: tuple[str, object]) -> pytest.TestReport:
    where = (bite.TESTS, 1, bite.FAULTS)
    report = pytest.TestReport(f"{NODE}[{words}]", where, {}, "passed", None, "call")
    report.user_properties = [*properties]
    return report


def test_a_fault_is_tried_told_and_written_down(tmp_path: Path) -> None:
    """A run of one fault ends with 0, and its file says which sentence caught it."""
    path = tmp_path / "bites.json"

    done = _run(*FINISHING, "--report", str(path))

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "charger: 1 / 1 caught" in done.stdout
    told = json.loads(path.read_text(encoding="utf-8"))
    (fault,) = told["faults"]
    assert ({"charger": 1}, {"charger": 1}, False) == (
        told["seeded"],
        told["caught"],
        told["whole"],
    )
    assert WORDS == fault["words"]
    assert "TC_012_CS Remote Stop Charging Session" == fault["scenario"]
    assert "the charger has said, in this order" == fault["sentence"]
    assert "StopTransaction.req" in fault["said"]
    page = PAGE.read_text(encoding="utf-8")
    assert [] == [name for name in (*told, *fault) if f"`{name}`" not in page]


@pytest.mark.slow
def test_what_was_caught_is_not_tried_again(tmp_path: Path) -> None:
    """With --resume the same file is there, and nothing was run."""
    path = tmp_path / "bites.json"
    _run(*FINISHING, "--report", str(path))
    before = path.read_text(encoding="utf-8")

    done = _run(*FINISHING, "--report", str(path), "--resume")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert before == path.read_text(encoding="utf-8")
    assert "1/1" not in done.stdout


@pytest.mark.slow
def test_a_run_can_be_interrupted(tmp_path: Path) -> None:
    """It ends with 130, and what was found until then is written down."""
    path = tmp_path / "bites.json"
    command = [*COMMAND, "--report", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if " caught " in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()

    assert 130 == process.returncode, rest
    assert "--resume goes on from here" in rest
    told = json.loads(path.read_text(encoding="utf-8"))
    assert not told["whole"]
    assert told["faults"]


def test_words_that_no_fault_has_are_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Nothing that was run is no success."""
    told = bite.Told(tmp_path / "bites.json", "", [])

    assert bite.NOTHING_RUN == told.conclude(bite.NOTHING_RUN)
    assert "no fault has these words" in capsys.readouterr().out


def test_a_report_in_no_folder_is_wrong_usage(capsys: pytest.CaptureFixture) -> None:
    """It is told before anything is tried."""
    with pytest.raises(SystemExit) as ended:
        bite.main(["--report", "/nowhere/bites.json"])

    assert bite.USAGE == ended.value.code
    assert "--report /nowhere/bites.json: there is no such folder" in capsys.readouterr().err


def test_a_survivor_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """What was not caught is told with its reason, and is counted."""
    path = tmp_path / "bites.json"
    told = bite.Told(path, "", [])

    told.pytest_runtest_logreport(_report("one", (PROPERTY, _found("one", "caught"))))
    survived = _found("two", "survived", trouble="it survived 3 scenarios")
    told.pytest_runtest_logreport(_report("two", (PROPERTY, survived)))
    told.pytest_runtest_logreport(_report("three"))

    assert bite.SURVIVED == told.conclude(bite.SURVIVED)
    out = capsys.readouterr().out
    assert "charger: 1 / 2 caught" in out
    assert "broken: 0 / 1 caught" in out
    assert "survived: two\n  it survived 3 scenarios" in out
    assert "broken: three" in out
    assert 3 == len(json.loads(path.read_text(encoding="utf-8"))["faults"])


def test_only_what_the_same_code_caught_is_known(tmp_path: Path) -> None:
    """A file of other code, of another form, or none at all, is passed over."""
    path = tmp_path / "bites.json"
    told = bite.Told(path, "this code", [])
    for words, verdict in (("one", "caught"), ("two", "survived")):
        told.pytest_runtest_logreport(_report(words, (PROPERTY, _found(words, verdict))))

    assert ["one"] == [one["words"] for one in bite._known(path, "this code")]
    assert [] == bite._known(path, "other code")
    assert [] == bite._known(tmp_path / "nothing.json", "this code")
    path.write_text("[]")
    assert [] == bite._known(path, "this code")


def test_a_change_of_a_feature_is_other_code(tmp_path: Path) -> None:
    """The fingerprint follows what a verdict depends on, and not what lies beside it."""
    (tmp_path / "features").mkdir()
    (tmp_path / "docs").mkdir()
    feature = tmp_path / "features" / "a.feature"
    feature.write_text("Feature: one")
    before = bite.fingerprint(tmp_path)

    (tmp_path / "docs" / "a.md").write_text("a page")
    assert before == bite.fingerprint(tmp_path)
    feature.write_text("Feature: two")
    assert before != bite.fingerprint(tmp_path)


def test_the_command_and_the_tests_mean_the_same() -> None:
    """The command runs alone and has its own names for what both must know."""
    assert (PROPERTY, IN_COPIES) == (bite.PROPERTY, bite.IN_COPIES)
