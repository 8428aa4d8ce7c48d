"""`report.json`, and reports that are read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest

from harness.catalogue import Case, Requirement
from harness.errors import UsageError
from harness.fault_cells import CellResult, all_cells
from harness.outcomes import JudgedCell, Outcome, Place, Report, Run, Step, Verdict
from harness.recording import write_recording
from harness.report_folder import COLUMNS, csv_matrix, write_report
from harness.report_json import SCHEMA, load_report, read_report
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
FRAMES = tuple(
    Crossing(START + timedelta(minutes=i), "ocpp1.6", "WB", "backend", f'[2,"{i}","X",{{}}]')
    for i in range(5)
)
ROWS = (
    Requirement("ABC-01", "must", "card", "Energy is counted."),
    Requirement("ABC-02", "should", "", "Files arrive."),
)
CASES = (Case("TC_001_CS", "charge-point", "Cold Boot", ("socket",)),)


def whole() -> Verdict:
    """Give a verdict with all that there can be."""
    cell = next(cell for cell in all_cells() if not cell.cannot)
    return Verdict(
        requirements=("ABC-01",),
        feature="Lamps",
        scenario="On [a = \u202eü]",
        outcome=Outcome.FAILED,
        seed=7,
        steps=(Step("Given", "a lamp", Outcome.PASSED), Step("Then", "it is", Outcome.FAILED)),
        evidence=FRAMES,
        deciding=(FRAMES[1], FRAMES[4]),
        files=(("a.csv", "x;1\n"), ("a.csv", "x;2\n")),
        message="=why\nnot",
        duration_s=0.25,
        simulated=(START, START + timedelta(hours=1)),
        where="lamps.feature:3",
        recording="recordings/on.jsonl",
        cases=("TC_001_CS",),
        faults=("F01",),
        cells=(CellResult(cell, told=["line"], expected=3, found={"a": 3}, shown={3, 1}),),
        judged=(JudgedCell("a.csv", Place(1, 2), "1", "2"),),
        deciding_files=("a.csv",),
        test="test_on",
        slug="on",
        number=1,
    )


def report(*verdicts: Verdict, **run: object) -> Report:
    """Give a report of a run of seed 7."""
    told = Run("Lindenbackend", seed=7, versions=(("isebench", "1"),), asked=len(verdicts))
    return Report(replace(told, **run), ROWS, CASES, verdicts)  # type: ignore[arg-type]


def written(folder: Path, made: Report) -> Path:
    """Write a report with the evidence of the verdict above."""
    (folder / "recordings").mkdir(parents=True)
    (folder / "delivered" / "on").mkdir(parents=True)
    write_recording(folder / "recordings" / "on.jsonl", FRAMES, seed=7, start=START)
    (folder / "delivered" / "on" / "a.csv").write_text("x;1\n")
    (folder / "delivered" / "on" / "a.csv.2").write_text("x;2\n")
    write_report(folder, made)
    return folder


class TestForm:
    """What it holds."""

    def test_is_as_its_schema_has_it(self, tmp_path: Path) -> None:
        """The schema is a schema, and allows nothing that is not told."""
        folder = written(tmp_path / "r", report(whole()))
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        told = json.loads((folder / "report.json").read_text(encoding="utf-8"))

        jsonschema_rs.Draft202012Validator(schema).validate(told)

        assert "failed" == told["outcome"]
        assert [["ABC-01", "failed", [1]], ["ABC-02", "not asked", []]] == [
            [row["id"], row["outcome"], row["scenarios"]] for row in told["requirements"]
        ]
        assert [("TC_001_CS", 1, "failed")] == [
            (case["id"], case["scenario"], case["outcome"]) for case in told["cases"]
        ]
        (one,) = told["scenarios"]
        assert [2, 5] == one["recording"]["deciding"]
        assert ["delivered/on/a.csv", "delivered/on/a.csv.2"] == [f["path"] for f in one["files"]]
        assert [{"line": 1, "cell": 2, "seen": "1", "expected": "2", "right": False}] == (
            one["files"][0]["judged"]
        )

    def test_is_read_back_whole(self, tmp_path: Path) -> None:
        """What is read gives the same pages again, byte by byte."""
        made = report(whole(), selection="ABC", facts=(("a", "b"),), issued=START)
        folder = written(tmp_path / "r", made)

        assert made == read_report(folder)
        names = ("report.json", "report.html", "matrix.md", "matrix.csv")
        before = [(folder / name).read_bytes() for name in names]
        write_report(folder, read_report(folder))
        assert before == [(folder / name).read_bytes() for name in names]

    def test_without_evidence_is_quick_to_read(self, tmp_path: Path) -> None:
        """Nothing beside it is opened."""
        folder = written(tmp_path / "r", report(whole()))
        (folder / "recordings" / "on.jsonl").unlink()

        (verdict,) = read_report(folder, evidence=False).verdicts

        assert (Outcome.FAILED, ()) == (verdict.outcome, verdict.evidence)

    def test_of_a_scenario_that_left_nothing(self, tmp_path: Path) -> None:
        """No recording, no file, no time."""
        bare = Verdict((), "f", "s", Outcome.NOT_ASKED)
        write_report(tmp_path, report(bare))

        assert (bare,) == read_report(tmp_path).verdicts


class TestRefusal:
    """What cannot be read is told in a sentence."""

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (None, r"report\.json: cannot be read .*; name the folder of a report"),
            ("{", "is no JSON"),
            ("[]", "the whole is not as a report has it"),
            ('{"version": 9}', "has version 9; this isebench reads 1, update it"),
        ],
    )
    def test_of_what_is_no_report(self, tmp_path: Path, text: str | None, told: str) -> None:
        """The file and what is wrong with it."""
        if text is not None:
            (tmp_path / "report.json").write_text(text)

        with pytest.raises(UsageError, match=told):
            load_report(tmp_path)

    def test_of_a_place_that_is_wrong(self, tmp_path: Path) -> None:
        """Where in the file."""
        folder = written(tmp_path / "r", report(whole()))
        told = json.loads((folder / "report.json").read_text())
        told["scenarios"][0]["outcome"] = "fine"
        (folder / "report.json").write_text(json.dumps(told))

        with pytest.raises(UsageError, match="scenarios/0/outcome is not as a report has it"):
            load_report(folder)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda folder: (folder / "delivered/on/a.csv").write_text("y"), "its hash is another"),
            (lambda folder: (folder / "recordings/on.jsonl").unlink(), "the report needs it"),
            (
                lambda folder: (folder / "report.json").write_text(
                    (folder / "report.json").read_text().replace("delivered/on/a.csv", "../../x")
                ),
                "which is not in its folder",
            ),
        ],
    )
    def test_of_evidence_that_is_another(self, tmp_path: Path, change: object, told: str) -> None:
        """What was altered, is gone, or lies elsewhere is not taken for evidence."""
        folder = written(tmp_path / "r", report(whole()))
        change(folder)  # type: ignore[operator]

        with pytest.raises(UsageError, match=told):
            read_report(folder)

    def test_of_a_cell_that_there_is_not(self, tmp_path: Path) -> None:
        """The fault matrix may have been another."""
        folder = written(tmp_path / "r", report(whole()))
        text = (folder / "report.json").read_text().replace('"wire": "SFTP"', '"wire": "pigeon"')
        (folder / "report.json").write_text(text)

        with pytest.raises(UsageError, match="the fault matrix has no cell pigeon"):
            read_report(folder)


def test_the_matrix_as_csv_has_a_row_a_scenario() -> None:
    """Of each requirement; nothing in it is a formula, and one without a scenario is there too."""
    lines = csv_matrix(report(whole())).splitlines()

    assert ",".join(COLUMNS) == lines[0]
    assert (
        "ABC-01,must,failed,Lamps,On [a = <U+202E>ü],failed,'=why,lamps.feature:3,report.html#s1,"
        "recordings/on.jsonl"
    ) == lines[1]
    assert "ABC-02,should,not asked,,,,,,," == lines[2]
